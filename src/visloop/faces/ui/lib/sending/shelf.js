// @ts-check
/** What this browser keeps for us: for always, and for this tab. Where it keeps nothing, the page works all the same. */

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Shelf */

/** @param {() => Storage} of @returns {Shelf} */
function opened(of) {
  try {
    return of();
  } catch {
    return CLOSED; // somebody forbade it: even to look is an error then
  }
}

/** @type {Shelf} */
const CLOSED = {
  length: 0,
  key: () => null,
  getItem: () => null,
  setItem: () => {
    throw new Error("this browser keeps nothing");
  },
  removeItem: () => {},
};

export const shelf = opened(() => localStorage);
export const tabShelf = opened(() => sessionStorage);

/** Keep a habit; a browser that has no room forgets it. @param {string} key @param {string} value */
export function remember(key, value, on = shelf) {
  try {
    on.setItem(key, value);
  } catch {
    // the next visit begins as the first one did
  }
}
