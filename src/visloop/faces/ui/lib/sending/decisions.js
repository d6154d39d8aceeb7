// @ts-check
/** The queue as a person sees it: what waits, what was decided here, how it stands with the server. */
import { useLayoutEffect, useState } from "../dom.js";
import { asError, call } from "../api.js";
import { Outbox } from "./outbox.js";
import { useAnswer } from "../use.js";

/** @typedef {import("../../api.d.ts").ShownTask} Task */
/** @typedef {"mine" | "to-review" | "disputed"} View */
/** @typedef {{verb: "label.accept" | "label.reject" | "label.undo", ask: {task: string, label?: string | null, of?: string, seconds?: number}} | {verb: "label.back", ask: {task: string, comment: string}}} Decision */
/** @typedef {import("./outbox.js").State<Decision>} Sent */
/** @typedef {{task: Task, said: string}} Decided */

const AHEAD = 60;

/** @type {Outbox<Decision>} */
export const outbox = new Outbox(
  async (entry) => {
    try {
      if (entry.verb === "label.back") await call(entry.verb, { ...entry.ask, key: entry.id });
      else await call(entry.verb, { ...entry.ask, key: entry.id });
    } catch (caught) {
      throw asError(caught);
    }
  },
  localStorage,
  "visloop.decision.",
);

addEventListener("beforeunload", (event) => {
  if (outbox.state.waiting.length) event.preventDefault();
});
addEventListener("online", () => outbox.run());

/** @returns {Sent} */
export function useOutbox() {
  const [state, setState] = useState(outbox.state);
  useLayoutEffect(() => outbox.subscribe(() => setState(outbox.state)), []);
  return state;
}

/** Tasks of a view: as the server says, less what was decided here, and what was taken back first. @param {View} view */
export function useTasks(view) {
  const { data, error, reload } = useAnswer("label.queue", { view, limit: AHEAD });
  const status = useAnswer("label.status", {});
  const [decided, setDecided] = useState(/** @type {Decided[]} */ ([]));
  const [returned, setReturned] = useState(/** @type {Task[]} */ ([]));
  const away = new Set([
    ...decided.map((each) => each.task.id),
    ...outbox.state.waiting.filter((each) => each.verb !== "label.undo").map((each) => each.ask.task),
  ]);
  const known = data?.rows ?? [];
  const back = returned.filter((each) => !away.has(each.id));
  const rows = [...back, ...known.filter((each) => !away.has(each.id) && !back.some((other) => other.id === each.id))];
  const more = known.length === AHEAD && view === "mine" ? status.data : null;
  const total = more ? more.rows.reduce((sum, each) => sum + each.waiting, 0) : known.length;
  return {
    ready: data !== null,
    error,
    reload,
    rows,
    decided,
    waiting: Math.max(rows.length, total - known.filter((each) => away.has(each.id)).length),
    decide: (/** @type {Task} */ task, /** @type {string} */ said) =>
      setDecided((before) => [...before, { task, said }]),
    takeBack: (/** @type {Task} */ task) => {
      setDecided((before) => before.filter((each) => each.task.id !== task.id));
      setReturned((before) => [task, ...before.filter((each) => each.id !== task.id)]);
    },
  };
}
