// @ts-check
/** The one upload of this page, and what was chosen for it, whatever view is shown. */
import { useLayoutEffect, useState } from "../dom.js";
import { beat } from "../pulse.js";
import { forget, keep } from "./kept.js";
import { line } from "./line.js";
import { Uploads } from "./uploads.js";
import { shelf } from "../sending/shelf.js";

/** @typedef {import("./dropped.js").Chosen} Chosen */

export const uploads = new Uploads(line);

/** What waits for a person to say go: files, and the settings that they go with. */
export const chosen = {
  /** @type {Chosen[]} */
  files: [],
  hidden: 0,
  name: "",
};

/** Whatever was begun, should the tab end. */
const begun = {
  first: "",
  /** @type {Record<string, unknown>} */
  says: {},
};

/** @param {string} dataset @param {import("./parcels.js").Wanted[]} wanted @param {Record<string, unknown>} says the form */
export function begin(dataset, wanted, says) {
  begun.first = wanted[0]?.path ?? "";
  begun.says = says;
  uploads.begin(dataset, wanted);
}

addEventListener("beforeunload", (event) => {
  if (uploads.unfinished) event.preventDefault();
});
addEventListener("online", () => uploads.run());

let was = false;
uploads.subscribe(() => {
  const { dataset, batch, unfinished } = uploads;
  if (unfinished) {
    const { total, finished } = batch;
    keep(shelf, { dataset, total, finished, ...begun, time: Date.now() });
  } else if (was) {
    forget(shelf, dataset);
    beat();
  }
  was = unfinished;
});

/** @returns {Uploads} */
export function useUploads() {
  const [, redraw] = useState(0);
  useLayoutEffect(() => uploads.subscribe(() => redraw((n) => n + 1)), []);
  return uploads;
}
