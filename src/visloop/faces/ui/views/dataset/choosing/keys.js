// @ts-check
/** The keys of the grid, as the help lists them. */

/** @type {Array<[string[], string]>} */
export const GRID_KEYS = [
  [["Space", "x"], "choose the picture, or let it go"],
  [["Shift", "→"], "choose all on the way; Shift and a press, too"],
  [["Ctrl", "a"], "choose all that were found"],
  [["Esc"], "let go of what is chosen"],
];
