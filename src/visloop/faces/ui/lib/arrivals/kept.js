// @ts-check
/** That files were on their way when a tab ended: remembered in this browser, so that a person is told how to go on. */

/** @typedef {{dataset: string, total: number, finished: number, first: string, says: Record<string, unknown>, time: number}} CutOff */
/** @typedef {import("../sending/outbox.js").Shelf} Shelf */

const PREFIX = "visloop.upload.";

/** @param {Shelf} shelf @param {CutOff} note */
export function keep(shelf, note) {
  try {
    shelf.setItem(PREFIX + note.dataset, JSON.stringify(note));
  } catch {
    // a full shelf: then nobody is reminded
  }
}

/** @param {Shelf} shelf @param {string} dataset */
export const forget = (shelf, dataset) => shelf.removeItem(PREFIX + dataset);

/** What was cut off, newest first. @param {Shelf} shelf @returns {CutOff[]} */
export function cutOff(shelf) {
  const keys = Array.from({ length: shelf.length }, (_, k) => shelf.key(k) ?? "");
  const found = keys
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => {
      try {
        return /** @type {CutOff} */ (JSON.parse(shelf.getItem(key) ?? ""));
      } catch {
        return null;
      }
    });
  return found.filter((each) => each !== null).sort((a, b) => b.time - a.time);
}
