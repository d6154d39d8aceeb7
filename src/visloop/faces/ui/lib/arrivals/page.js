// @ts-check
/** The one upload of this page, and what was chosen for it, whatever view is shown. */
import { useLayoutEffect, useState } from "../dom.js";
import { push } from "../api.js";
import { beat } from "../pulse.js";
import { Uploads } from "./uploads.js";

/** @typedef {import("./dropped.js").Chosen} Chosen */

export const uploads = new Uploads((dataset, { file, path, says }, onSent, signal) =>
  push(dataset, /** @type {File} */ (file), { path, ...says }, onSent, signal).catch(async (caught) => {
    // A server that stops reading a large body looks like one that is away.
    if (caught.code === "unreachable" && file.size > LARGE_BYTES && (await answers()))
      throw { ...tooLarge(file.size), code: "too_large", passing: false };
    throw caught;
  }),
);

const LARGE_BYTES = 16e6;

async function answers() {
  return fetch("/health/live").then(
    () => true,
    () => false,
  );
}

/** @param {number} size */
const tooLarge = (size) => ({
  what: `The server stopped reading it after a part of its ${Math.round(size / 1e6)} MB.`,
  fix: "Bring it in from a folder of the server's own, at the right, or raise `serve.body_limit_mb` in visloop.yaml.",
});

/** What waits for a person to say go: files, and the settings that they go with. */
export const chosen = {
  /** @type {Chosen[]} */
  files: [],
  hidden: 0,
  name: "",
};

addEventListener("beforeunload", (event) => {
  if (uploads.busy) event.preventDefault();
});

let wasBusy = false;
uploads.subscribe(() => {
  if (wasBusy && !uploads.busy) beat();
  wasBusy = uploads.busy;
});

/** @returns {Uploads} */
export function useUploads() {
  const [, redraw] = useState(0);
  useLayoutEffect(() => uploads.subscribe(() => redraw((n) => n + 1)), []);
  return uploads;
}
