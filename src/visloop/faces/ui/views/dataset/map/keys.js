// @ts-check
/** The keys of the map, as the help lists them. */

/** @type {Array<[string[], string]>} */
export const MAP_KEYS = [
  [["←", "→", "↑", "↓"], "the nearest point in that direction"],
  [["Space"], "pick the point, or let it go"],
  [["n"], "pick the ten nearest more"],
  [["l", "r"], "drag around points, a rectangle"],
  [["Enter"], "open the picture"],
  [["+", "-", "0"], "closer, farther, the whole map"],
  [["Esc"], "let go of what is picked"],
];
