// @ts-check
/** Edits on their way to the server: kept in this browser until it has taken them, sent again while it does not answer. */
import { useLayoutEffect, useState } from "../../lib/dom.js";
import { asError, call } from "../../lib/api.js";
import { Outbox } from "../../lib/sending/outbox.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./desk.js").EditAsk} EditAsk */
/** @typedef {{ask: EditAsk}} Deed */
/** @typedef {import("../../lib/sending/outbox.js").State<Deed>} Sent */

/** @typedef {(dataset: string, sample: Sample, tracks: import("./film/film.js").Seen[]) => void} Told */

/** @type {Set<Told>} */
const listeners = new Set();

/** @type {Outbox<Deed>} */
export const edits = new Outbox(
  async ({ id, ask }) => {
    try {
      const { sample, tracks } = await call("label.edit", { ...ask, key: id });
      const seen = /** @type {import("./film/film.js").Seen[]} */ (tracks);
      for (const told of [...listeners]) told(ask.dataset, /** @type {Sample} */ (sample), seen);
    } catch (caught) {
      throw asError(caught);
    }
  },
  localStorage,
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

/** @returns {Sent} */
export function useEdits() {
  const [state, setState] = useState(edits.state);
  useLayoutEffect(() => edits.subscribe(() => setState(edits.state)), []);
  return state;
}
