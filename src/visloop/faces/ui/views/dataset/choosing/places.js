// @ts-check
/** Places in a list, however long: sorted stretches [from, to) that do not touch one another. Pure. */

/** @typedef {ReadonlyArray<readonly [number, number]>} Places */

/** @type {Places} */
export const NOWHERE = [];

/** How many. @param {Places} places */
export const sizeOf = (places) => places.reduce((sum, [from, to]) => sum + to - from, 0);

/** @param {Places} places @param {number} at */
export function has(places, at) {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle][1] <= at) low = middle + 1;
    else high = middle;
  }
  return low < places.length && places[low][0] <= at;
}

/** With a stretch more. @param {Places} places @param {number} from @param {number} to one behind the last @returns {Places} */
export function joined(places, from, to) {
  if (to <= from) return places;
  const apart = places.filter(([start, end]) => end < from || start > to);
  const near = places.filter(([start, end]) => end >= from && start <= to);
  const start = Math.min(from, ...near.map((each) => each[0]));
  const end = Math.max(to, ...near.map((each) => each[1]));
  return [...apart, /** @type {const} */ ([start, end])].sort((a, b) => a[0] - b[0]);
}

/** Without a stretch. @param {Places} places @param {number} from @param {number} to @returns {Places} */
export function without(places, from, to) {
  if (to <= from) return places;
  return places.flatMap(([start, end]) =>
    /** @type {Array<[number, number]>} */ ([
      [start, Math.min(end, from)],
      [Math.max(start, to), end],
    ]).filter(([first, last]) => last > first),
  );
}

/** @param {Places} places @param {number} at */
export const turned = (places, at) => (has(places, at) ? without(places, at, at + 1) : joined(places, at, at + 1));

/** As the server reads them: `0-99,105`. @param {Places} places */
export const written = (places) =>
  places.map(([from, to]) => (to - from > 1 ? `${from}-${to - 1}` : String(from))).join(",");

/** As the server tells them. @param {string} text @returns {Places} */
export const read = (text) =>
  text
    .split(",")
    .filter(Boolean)
    .map((part) => {
      const [from, last] = part.split("-").map(Number);
      return /** @type {const} */ ([from, (last ?? from) + 1]);
    });

/** One after the other. @param {Places} places */
export function* each(places) {
  for (const [from, to] of places) for (let at = from; at < to; at++) yield at;
}
