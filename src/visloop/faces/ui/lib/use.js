// @ts-check
/** State that comes from the server, deeds that go to it, and the keyboard. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./dom.js";
import { ApiError, asError, call, follow } from "./api.js";
import { Deeds } from "./sending/deeds.js";
import { colouring } from "./colours.js";
import { beat, onChange } from "./pulse.js";
import { onTheme, theme } from "./theme.js";

/** @typedef {import("./api.js").Verbs} Verbs */
/** @typedef {import("./api.js").Verb} Verb */

/**
 * Ask a verb now, whenever `ask` or anything on the server changes, and every `everyMs` where given.
 *
 * @template {Verb} V
 * @param {V} verb
 * @param {Verbs[V]["ask"] | null} ask null asks nothing
 * @param {number} [everyMs] for what changes without a fact (answers, windows)
 * @returns {{data: Verbs[V]["answer"] | null, error: ApiError | null, reload: () => void}}
 */
export function useAnswer(verb, ask, everyMs = 0) {
  /** @type {{key: string, data: Verbs[V]["answer"] | null, error: ApiError | null}} */
  const nothing = { key: "", data: null, error: null };
  const [state, setState] = useState(nothing);
  const key = ask === null ? "" : verb + JSON.stringify(ask);
  const load = useRef(() => {});
  useEffect(() => {
    if (ask === null) return undefined;
    let alive = true;
    let asking = false;
    let again = false;
    let seen = "";
    load.current = async () => {
      again = asking;
      if (asking) return;
      asking = true;
      try {
        const data = await call(verb, ask);
        const text = JSON.stringify(data);
        if (alive && text !== seen) setState({ key, data, error: null });
        seen = text;
      } catch (caught) {
        seen = "";
        if (alive)
          setState((before) => ({ key, data: before.key === key ? before.data : null, error: asError(caught) }));
      } finally {
        asking = false;
        if (alive && again) load.current();
      }
    };
    load.current();
    const timer = everyMs ? setInterval(() => document.hidden || load.current(), everyMs) : 0;
    const stop = onChange(() => load.current());
    return () => {
      alive = false;
      clearInterval(timer);
      stop();
    };
  }, [key, everyMs]);
  const { data, error } = state.key === key ? state : nothing;
  return { data, error, reload: () => load.current() };
}

/**
 * What was answered last about a thing, while the next answer is under way.
 *
 * @template T
 * @param {T | null} now
 * @param {string} whose
 * @returns {T | null}
 */
export function useHeld(now, whose) {
  const last = useRef({ whose, now });
  if (now !== null || last.current.whose !== whose) last.current = { whose, now };
  return last.current.now;
}

/** @type {Map<string, Deeds>} what is done in places that have a name, shown or not */
const places = new Map();
const newDeeds = () => new Deeds({ call, follow, after: beat });

/** The deeds of a place, whatever view is shown. @param {string} place */
export function deedsOf(place) {
  const there = places.get(place) ?? newDeeds();
  places.set(place, there);
  return there;
}

addEventListener("beforeunload", (event) => {
  if ([...places.values()].some((each) => each.long)) event.preventDefault();
});

/**
 * Things that a person does here: one at a time, with what is under way and what went wrong.
 *
 * @param {string} [place] its name, where a long deed goes on while one looks elsewhere
 */
export function useDeeds(place = "") {
  const deeds = useMemo(() => (place ? deedsOf(place) : newDeeds()), [place]);
  const [, redraw] = useState(0);
  useLayoutEffect(() => deeds.subscribe(() => redraw((n) => n + 1)), [deeds]);
  const { run, cancel, clear, long } = deeds;
  return { ...deeds.state, run, clear, cancel: long ? cancel : null };
}

/** @type {Set<{current: Record<string, unknown>}>} */
const bound = new Set();

/** Every key that does something just now; the help names them all. */
export const boundKeys = () => [...new Set([...bound].flatMap((each) => Object.keys(each.current)))];

/** Held down, these go on: they move, they decide nothing. */
const GOES_ON = /^(Arrow\w+|[jk+=-])$/;

/** Keys that mean the same whatever lies on top. */
export const EVERYWHERE = "everywhere";

/** Whether a dialog lies over where the keys belong. @param {{current: HTMLElement | null} | typeof EVERYWHERE | null} home */
function isCovered(home) {
  const top = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!top) return false;
  return home === EVERYWHERE ? top.matches(".palette") : home?.current !== top;
}

/**
 * Keys of a view; they rest while somebody types in a field or a dialog lies over the view, a button keeps Enter, and
 * a key that is held down decides once.
 *
 * @param {Record<string, () => void>} bindings key → what to do
 * @param {{current: HTMLElement | null} | typeof EVERYWHERE | null} [home] the dialog that they are of; or whatever lies on top
 */
export function useKeys(bindings, home = null) {
  const now = useRef(bindings);
  now.current = bindings;
  useLayoutEffect(() => {
    // what is seen can be pressed at once
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const action = now.current[event.key];
      if (event.defaultPrevented) return; // the view's own key
      if (!action || event.ctrlKey || event.metaKey || event.altKey || isCovered(home)) return;
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
      if (event.key === "Enter" && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)) return;
      event.preventDefault();
      if (!event.repeat || GOES_ON.test(event.key)) action();
    };
    bound.add(now);
    addEventListener("keydown", on);
    return () => {
      bound.delete(now);
      removeEventListener("keydown", on);
    };
  }, []);
}

/** The parts of an address: `#/data/line/v1` is `["data", "line", "v1"]`. @param {string} hash @returns {string[]} */
export const partsOf = (hash) =>
  hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((each) => {
      try {
        return decodeURIComponent(each);
      } catch {
        return each; // "100%", typed by hand
      }
    });

/** The parts of the page's address. @returns {string[]} */
export function useAddress() {
  const read = () => partsOf(location.hash);
  const [parts, setParts] = useState(read);
  useLayoutEffect(() => {
    const on = () => setParts((before) => (before.join("/") === read().join("/") ? before : read()));
    addEventListener("hashchange", on);
    on();
    return () => removeEventListener("hashchange", on);
  }, []);
  return parts;
}

/** @param {...(string | number)} parts */
export const address = (...parts) => "#/" + parts.map((each) => encodeURIComponent(each)).join("/");

/** @param {...(string | number)} parts */
export const go = (...parts) => {
  location.hash = address(...parts);
};

/** The classes of a data set and their colours. @param {string | undefined} dataset */
export function useClasses(dataset) {
  const { data, error } = useAnswer("classes.list", dataset ? { dataset, no_counts: true } : null);
  return useMemo(
    () => ({
      names: data?.rows.map((each) => each.name) ?? [],
      colour: colouring(data?.rows ?? []),
      /** What belongs to a class, as its data set says. @param {string | undefined} name */
      definition: (name) => data?.rows.find((each) => each.name === name)?.definition ?? "",
      known: data !== null,
      error,
    }),
    [data, error],
  );
}

const SAID_MS = 5000;

/** A sentence that goes by itself: why a key did nothing. @returns {[string, (words: string) => void]} */
export function usePassing() {
  const [said, setSaid] = useState({ words: "" });
  useEffect(() => {
    if (!said.words) return undefined;
    const timer = setTimeout(() => setSaid({ words: "" }), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return [said.words, (words) => setSaid({ words })];
}

/** @returns {"dark" | "light"} */
export function useTheme() {
  const [now, setNow] = useState(theme());
  useLayoutEffect(() => onTheme(() => setNow(theme())), []);
  return now;
}

/** The width of an element. @returns {[{current: HTMLElement | null}, number]} */
export function useWidth() {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const watched = ref.current;
    if (!watched) return undefined;
    const watch = new ResizeObserver(() => setWidth(watched.clientWidth));
    watch.observe(watched);
    setWidth(watched.clientWidth);
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}
