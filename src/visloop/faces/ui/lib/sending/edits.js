// @ts-check
/** Edits on their way to the server: kept in this browser until it has taken them, sent again while it does not answer. */
import { useLayoutEffect, useState } from "../dom.js";
import { asError, call } from "../api.js";
import { Outbox } from "./outbox.js";
import { shelf } from "./shelf.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("../../views/editor/desk.js").EditAsk} EditAsk */
/** @typedef {{ask: EditAsk}} Deed */
/** @typedef {import("./outbox.js").State<Deed>} Sent */

/** @typedef {(ask: EditAsk, sample: Sample, tracks: import("../../views/editor/film/film.js").Seen[]) => void} Told */

/** @type {Set<Told>} */
const listeners = new Set();

/** @type {Outbox<Deed>} */
export const edits = new Outbox(
  async ({ id, ask }) => {
    try {
      const { sample, tracks } = await call("label.edit", { ...ask, key: id });
      const seen = /** @type {import("../../views/editor/film/film.js").Seen[]} */ (tracks);
      for (const told of [...listeners]) told(ask, /** @type {Sample} */ (sample), seen);
    } catch (caught) {
      throw asError(caught);
    }
  },
  shelf,
  "visloop.edit.",
);

addEventListener("beforeunload", (event) => {
  if (edits.state.waiting.length) event.preventDefault();
});
addEventListener("online", () => edits.run());

/** Called with each sample, and each track that it is about, as the server has them, right before its edit stops waiting. @param {Told} told */
export function onTaken(told) {
  listeners.add(told);
  return () => {
    listeners.delete(told);
  };
}

/**
 * Once no edit for this task waits any more: what was drawn is there before it is handed in.
 * @param {string} task
 * @returns {Promise<boolean>} false: the server refused one, and nobody has settled it
 */
export function drawnFor(task) {
  return new Promise((done) => {
    const look = () => {
      if (edits.state.waiting.some(({ ask }) => ask.task === task)) return;
      stop();
      done(!edits.state.refused.some(({ entry }) => entry.ask.task === task));
    };
    const stop = edits.subscribe(look);
    look();
  });
}

/** @returns {Sent} */
export function useEdits() {
  const [state, setState] = useState(edits.state);
  useLayoutEffect(() => edits.subscribe(() => setState(edits.state)), []);
  return state;
}
