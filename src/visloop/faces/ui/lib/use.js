// @ts-check
/** State that comes from the server, and the keyboard. */
import { useEffect, useRef, useState } from "./dom.js";
import { call } from "./api.js";

/**
 * Ask a verb now, whenever `ask` changes, and every `everyMs` while the tab is visible.
 *
 * @param {string} verb
 * @param {Record<string, any> | null} ask null asks nothing
 * @param {number} [everyMs]
 * @returns {{data: any, error: any, reload: () => void}}
 */
export function useAnswer(verb, ask, everyMs = 0) {
  const [state, setState] = useState({ data: null, error: null });
  const [turn, setTurn] = useState(0);
  const key = verb + JSON.stringify(ask);
  const shown = useRef("");
  useEffect(() => {
    if (ask === null) return undefined;
    let alive = true;
    if (shown.current && shown.current !== key) setState({ data: null, error: null });
    const load = async () => {
      try {
        const data = await call(verb, ask);
        if (alive) setState({ data, error: null });
      } catch (error) {
        if (alive) setState((/** @type {any} */ before) => ({ data: before.data, error }));
      }
      shown.current = key;
    };
    load();
    const timer = everyMs ? setInterval(() => document.hidden || load(), everyMs) : 0;
    return () => {
      alive = false;
      clearInterval(timer);
    };
  }, [key, turn, everyMs]);
  return { ...state, reload: () => setTurn((/** @type {number} */ n) => n + 1) };
}

/**
 * Keys of a view; they rest while somebody types in a field.
 *
 * @param {Record<string, () => void>} bindings key → what to do
 */
export function useKeys(bindings) {
  const now = useRef(bindings);
  now.current = bindings;
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(target.tagName)) return;
      const action = now.current[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", on);
    return () => removeEventListener("keydown", on);
  }, []);
}
