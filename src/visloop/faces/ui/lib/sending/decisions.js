// @ts-check
/** The queue as a person sees it: what waits, what was decided here, how it stands with the server. */
import { useLayoutEffect, useState } from "../dom.js";
import { asError, call } from "../api.js";
import { drawnFor } from "./edits.js";
import { Outbox } from "./outbox.js";
import { useAnswer } from "../use.js";
import { shelf } from "./shelf.js";

/** @typedef {import("../../api.d.ts").ShownTask} Task */
/** @typedef {"mine" | "to-review" | "disputed"} View */
/** @typedef {{verb: "label.accept" | "label.reject" | "label.undo", ask: {task: string, label?: string | null, of?: string, nothing?: boolean, seconds?: number}} | {verb: "label.back", ask: {task: string, comment: string}}} Decision */
/** @typedef {import("./outbox.js").State<Decision>} Sent */
/** @typedef {{task: Task, said: string}} Decided */

const AHEAD = 60;
/** How many a view holds for who looks, as `label.status` says it. */
const MANY = /** @type {const} */ ({ mine: "mine", "to-review": "to_review", disputed: "to_decide" });

/** @type {Outbox<Decision>} */
export const outbox = new Outbox(
  async (entry) => {
    if (entry.verb === "label.accept" && !(await drawnFor(entry.ask.task)))
      throw {
        what: "something that you drew on it was not saved.",
        fix: "Show the picture again, draw it anew, and hand it in.",
        passing: false,
      };
    try {
      if (entry.verb === "label.back") await call(entry.verb, { ...entry.ask, key: entry.id });
      else await call(entry.verb, { ...entry.ask, key: entry.id });
    } catch (caught) {
      throw asError(caught);
    }
  },
  shelf,
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

/** What was decided in this window, by view: to be undone, wherever else one has been. @type {Map<View, Decided[]>} */
const kept = new Map();

/**
 * What came of it when the server refused: a decision is none, and its picture waits again; one that was not
 * taken back stands.
 * @param {Decision} refused
 * @returns {View | null} where the picture waits
 */
export function settled(refused) {
  if (refused.verb === "label.undo") return null;
  for (const [view, decided] of kept) {
    const rest = decided.filter((each) => each.task.id !== refused.ask.task);
    if (rest.length === decided.length) continue;
    kept.set(view, rest);
    return view;
  }
  return null;
}

/** Which time it is that somebody is asked: sent back and labelled anew, it is another one. @param {Task} task */
const roundOf = ({ id, mine, answers }) => [id, mine?.given, ...answers.map((each) => each.given)].join();

/** Tasks of a view: as the server says, less what was decided here, and what was taken back first. @param {View} view */
export function useTasks(view) {
  const { data, error, reload } = useAnswer("label.queue", { view, limit: AHEAD });
  const status = useAnswer("label.status", {});
  const [decided, setDecided] = useState(kept.get(view) ?? []);
  const [returned, setReturned] = useState(/** @type {Task[]} */ ([]));
  const gone = new Set(decided.map((each) => roundOf(each.task)));
  const leaving = new Set(
    outbox.state.waiting.filter((each) => each.verb !== "label.undo").map((each) => each.ask.task),
  );
  const isAway = (/** @type {Task} */ each) => leaving.has(each.id) || gone.has(roundOf(each));
  const known = data?.rows ?? [];
  const back = returned.filter((each) => !isAway(each));
  const rows = [...back, ...known.filter((each) => !isAway(each) && !back.some((other) => other.id === each.id))];
  const more = known.length === AHEAD ? (status.data?.rows ?? []) : [];
  const total = more.reduce((sum, each) => sum + each[MANY[view]], 0) || known.length;
  const keep = (/** @type {(before: Decided[]) => Decided[]} */ change) => {
    kept.set(view, change(kept.get(view) ?? []));
    setDecided(kept.get(view) ?? []);
  };
  const takeBack = (/** @type {Task} */ task) => {
    keep((before) => before.filter((each) => each.task.id !== task.id));
    setReturned((before) => [task, ...before.filter((each) => each.id !== task.id)]);
  };
  return {
    ready: data !== null,
    error,
    rows,
    decided,
    waiting: Math.max(rows.length, total - known.filter(isAway).length),
    decide: (/** @type {Task} */ task, /** @type {string} */ said) => keep((before) => [...before, { task, said }]),
    takeBack,
    /** Of what the server refused. @param {Decision} refused @returns {View | null} where its picture waits, if it does */
    settle: (refused) => {
      const found = decided.find((each) => each.task.id === refused.ask.task);
      const where = settled(refused);
      setDecided(kept.get(view) ?? []);
      setReturned((before) => before.filter((each) => each.id !== refused.ask.task));
      if (found && where === view) takeBack(found.task);
      reload();
      return where;
    },
  };
}
