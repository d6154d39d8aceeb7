// @ts-check
/** The keys of the map, as the help lists them. */

/** @type {Array<[string[], string]>} */
export const MAP_KEYS = [
  [["←", "→", "↑", "↓"], "map: the nearest point in that direction"],
  [["Space"], "map: pick the point, or let it go"],
  [["n"], "map: pick the ten nearest more"],
  [["l", "r"], "map: drag around points, a rectangle"],
  [["Enter"], "map: open the picture"],
  [["+", "-", "0"], "map: closer, farther, the whole map"],
  [["Esc"], "map: let go of what is picked"],
];
