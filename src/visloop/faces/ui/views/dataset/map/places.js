// @ts-check
/** Points in the plane: where they stand on the screen, which are near, which lie inside. Pure. */

/** @typedef {{x: number, y: number, scale: number}} View the map's place in the middle of the screen, and pixels a unit */
/** @typedef {[number, number]} Place */

/**
 * The whole map.
 * @param {number} width
 * @param {number} height
 * @returns {View}
 */
export const whole = (width, height) => ({ x: 0, y: 0, scale: Math.max(1, Math.min(width, height) / 2 - 26) });

/** @param {View} view @param {number} width @param {number} height @param {number} x @param {number} y @returns {Place} */
export const onScreen = (view, width, height, x, y) => [
  width / 2 + (x - view.x) * view.scale,
  height / 2 - (y - view.y) * view.scale,
];

/** @param {View} view @param {number} width @param {number} height @param {number} left @param {number} top @returns {Place} */
export const onMap = (view, width, height, left, top) => [
  view.x + (left - width / 2) / view.scale,
  view.y - (top - height / 2) / view.scale,
];

/**
 * Closer or farther, with one place of the screen kept where it is.
 * @param {View} view @param {number} width @param {number} height @param {number} left @param {number} top @param {number} by
 * @returns {View}
 */
export function zoomed(view, width, height, left, top, by) {
  const [x, y] = onMap(view, width, height, left, top);
  const scale = Math.max(20, Math.min(view.scale * by, 1e5));
  return { x: x - (left - width / 2) / scale, y: y + (top - height / 2) / scale, scale };
}

/**
 * The point nearest to a place, no farther than `reach`; -1: none.
 * @param {Float32Array} points x, y, x, y …; NaN: nowhere
 * @param {number} x @param {number} y @param {number} [reach]
 */
export function nearest(points, x, y, reach = Infinity) {
  let [best, least] = [-1, reach * reach];
  for (let at = 0; at < points.length; at += 2) {
    const [dx, dy] = [points[at] - x, points[at + 1] - y];
    const apart = dx * dx + dy * dy;
    if (apart < least) [best, least] = [at / 2, apart];
  }
  return best;
}

/**
 * The `k` points nearest to one of them, itself among them, the nearest first.
 * @param {Float32Array} points @param {number} index @param {number} k
 */
export function around(points, index, k) {
  const [x, y] = [points[2 * index], points[2 * index + 1]];
  const apart = Float32Array.from({ length: points.length / 2 }, (_, at) =>
    Math.hypot(points[2 * at] - x, points[2 * at + 1] - y),
  );
  const far = apart.slice().sort()[Math.min(k, apart.length) - 1]; // NaN stands last
  const found = [];
  for (let at = 0; at < apart.length; at++)
    if (far === far ? apart[at] <= far : apart[at] === apart[at]) found.push(at);
  return found.sort((one, other) => apart[one] - apart[other] || one - other).slice(0, k);
}

/**
 * The nearest point in a direction, those off the line counted as farther; -1: none.
 * @param {Float32Array} points @param {number} from @param {number} dx @param {number} dy one of them 0, the other 1 or -1
 */
export function towards(points, from, dx, dy) {
  const [x, y] = [points[2 * from], points[2 * from + 1]];
  let [best, least] = [-1, Infinity];
  for (let at = 0; at < points.length; at += 2) {
    const [ax, ay] = [points[at] - x, points[at + 1] - y];
    const ahead = ax * dx + ay * dy;
    const beside = Math.abs(ax * dy) + Math.abs(ay * dx);
    if (ahead <= 0 || beside > ahead) continue;
    const far = ahead + 2 * beside;
    if (far < least) [best, least] = [at / 2, far];
  }
  return best;
}

/**
 * The points inside a line that is closed.
 * @param {Float32Array} points
 * @param {ReadonlyArray<Place>} line in places of the map
 */
export function inside(points, line) {
  const found = [];
  const [xs, ys] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at], points[at + 1]];
    if (!(x >= left && x <= right && y >= low && y <= high)) continue;
    let odd = false;
    for (let one = 0, before = xs.length - 1; one < xs.length; before = one++)
      if (
        ys[one] > y !== ys[before] > y &&
        x < ((xs[before] - xs[one]) * (y - ys[one])) / (ys[before] - ys[one]) + xs[one]
      )
        odd = !odd;
    if (odd) found.push(at / 2);
  }
  return found;
}

/** The corners of a rectangle. @param {Place} one @param {Place} other @returns {Place[]} */
export const rectangle = ([x1, y1], [x2, y2]) => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];

/**
 * Which points are close enough to show their pictures: at most one in each cell of the screen, and
 * none while there would be more points than room.
 * @param {Float32Array} points @param {View} view @param {number} width @param {number} height @param {number} cell px
 * @returns {Array<{index: number, left: number, top: number}>}
 */
export function close(points, view, width, height, cell) {
  const room = (width * height) / (cell * cell);
  /** @type {Map<number, {index: number, left: number, top: number}>} */
  const found = new Map();
  let seen = 0;
  for (let at = 0; at < points.length; at += 2) {
    const left = width / 2 + (points[at] - view.x) * view.scale;
    const top = height / 2 - (points[at + 1] - view.y) * view.scale;
    if (!(left >= 0 && left < width && top >= 0 && top < height)) continue;
    seen += 1;
    if (seen > room) return [];
    const key = Math.floor(left / cell) * 4096 + Math.floor(top / cell);
    if (!found.has(key)) found.set(key, { index: at / 2, left, top });
  }
  return [...found.values()];
}

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

/** The `size` bytes of one of many, in hexadecimal. @param {Uint8Array} bytes @param {number} at @param {number} size */
export const hexAt = (bytes, at, size) =>
  Array.from(bytes.subarray(at * size, (at + 1) * size), (byte) => byte.toString(16).padStart(2, "0")).join("");
