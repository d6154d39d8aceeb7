// @ts-check
/** One picture opened for editing: the server's state of it, what waits, who else is there. */
import { useEffect, useMemo, useRef, useState } from "../../lib/dom.js";
import { asError, call } from "../../lib/api.js";
import { onChange } from "../../lib/pulse.js";
import { Desk } from "./desk.js";
import { edits, onTaken } from "../../lib/sending/edits.js";
import { remember, tabShelf } from "../../lib/sending/shelf.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {{actor: string, tab: string, seconds: number}} Other */

const AGAIN_MS = 10_000;
const KEPT = 200;
const TAB_KEY = "visloop.tab";
export const TAB = tabShelf.getItem(TAB_KEY) ?? Math.random().toString(36).slice(2, 12);
remember(TAB_KEY, TAB, tabShelf); // stays over a reload
/** @type {Map<string, Desk>} the last desks of this tab: undo goes on when one comes back to a picture */
const desks = new Map();

/** @param {string} dataset @param {string} path @param {string} [task] */
const keyOf = (dataset, path, task = "") => `${task}:${dataset}/${path}`;

/** @param {string} dataset @param {Sample} sample @param {string} task */
function deskOf(dataset, sample, task) {
  const key = keyOf(dataset, sample.path, task);
  const desk =
    desks.get(key) ??
    new Desk(
      dataset,
      sample,
      () => edits.state.waiting,
      (ask) => edits.add({ ask }),
      task,
    );
  desks.delete(key);
  desks.set(key, desk); // the last one used stands last
  for (const old of [...desks.keys()].slice(0, -KEPT)) desks.delete(old);
  return desk;
}

onTaken(({ dataset, task }, sample) => desks.get(keyOf(dataset, sample.path, task))?.refreshed(sample));

/**
 * @param {string} dataset
 * @param {string} path
 * @param {Sample | null} early what a list said of it, to be shown until the server has answered
 * @param {string} [task] of the queue that it is drawn for
 */
export function useDesk(dataset, path, early, task = "") {
  const [, redraw] = useState(0);
  const [error, setError] = useState(/** @type {import("../../lib/api.js").ApiError | null} */ (null));
  const [others, setOthers] = useState(/** @type {Other[]} */ ([]));
  const ready = useRef(/** @type {Desk | null} */ (null));
  const started = useMemo(() => (early?.path === path ? deskOf(dataset, early, task) : null), [dataset, path, task]);
  ready.current = started ?? desks.get(keyOf(dataset, path, task)) ?? null;
  useEffect(() => {
    if (!path) return undefined;
    let alive = true;
    setError(null);
    setOthers([]);
    const ask = async () => {
      const quiet = edits.state.waiting.length === 0;
      const before = edits.state.taken;
      try {
        const { sample, others: there } = await call("label.open", { dataset, path, task, tab: TAB });
        if (!alive) return;
        const unmoved = quiet && edits.state.waiting.length === 0 && edits.state.taken === before;
        const desk = deskOf(dataset, /** @type {Sample} */ (sample), task);
        if (unmoved) desk.refreshed(/** @type {Sample} */ (sample)); // else it may be older than what was taken since
        setOthers(/** @type {Other[]} */ (there));
        setError(null);
        redraw((n) => n + 1);
      } catch (caught) {
        const problem = asError(caught);
        if (alive && !problem.passing) setError(problem);
      }
    };
    ask();
    const timer = setInterval(() => document.hidden || ask(), AGAIN_MS);
    const stops = [onChange(ask), edits.subscribe(() => redraw((n) => n + 1))];
    return () => {
      alive = false;
      clearInterval(timer);
      for (const stop of stops) stop();
    };
  }, [dataset, path, task]);
  return { desk: ready.current, error, others, redraw: () => redraw((n) => n + 1) };
}

/** The picture of an edit as the server has it now, edits on their way or not. @param {import("./desk.js").EditAsk} ask */
export async function reread({ dataset, path, task = "" }) {
  const { sample } = await call("label.open", { dataset, path, task });
  const desk = deskOf(dataset, /** @type {Sample} */ (sample), task);
  desk.refreshed(/** @type {Sample} */ (sample));
  return desk;
}
