// @ts-check
/** The places where a person was last, in this browser; newest first. */

/** @typedef {{address: string, words: string}} Place */
/** @typedef {Pick<Storage, "getItem" | "setItem">} Shelf */

const KEY = "visloop.recent";
const KEPT = 12;

/** @param {Shelf} shelf @returns {Place[]} */
export function recent(shelf) {
  try {
    const kept = JSON.parse(shelf.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** @param {Shelf} shelf @param {Place} place */
export function visited(shelf, place) {
  const others = recent(shelf).filter((each) => each.address !== place.address);
  try {
    shelf.setItem(KEY, JSON.stringify([place, ...others].slice(0, KEPT)));
  } catch {
    // a full shelf: then nothing is remembered
  }
}
