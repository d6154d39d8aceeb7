// @ts-check
/** Masks that are painted: strokes of a round brush on a bitmap, and COCO's run lengths of it. Pure. */
import { runs } from "../../lib/marks.js";

/** @typedef {Extract<import("../../lib/marks.js").Annotation, {type: "mask"}>} Mask */
/** @typedef {{x: number, y: number}} Place */
/** @typedef {{width: number, height: number}} Size */

/** A mask's pixels, column by column as its run lengths. @param {Mask | null} mask @param {Size} size @returns {Uint8Array} (width × height) */
export function bitmap(mask, { width, height }) {
  const pixels = new Uint8Array(width * height);
  if (mask) for (const [x, y, long] of runs(mask)) pixels.fill(1, x * height + y, x * height + y + long);
  return pixels;
}

/** Run lengths down the columns, zeros first. @param {Uint8Array} pixels @returns {number[]} */
export function encoded(pixels) {
  const counts = [];
  let [at, value] = [0, 0];
  while (at < pixels.length) {
    let end = pixels.indexOf(1 - value, at);
    if (end < 0) end = pixels.length;
    counts.push(end - at);
    at = end;
    value = 1 - value;
  }
  return counts;
}

/**
 * Every pixel whose centre is nearer than `radius` to the line through the places gets `value`.
 * @param {Uint8Array} pixels
 * @param {Size} size
 * @param {readonly Place[]} places
 * @param {number} radius
 * @param {0 | 1} value
 */
export function stroke(pixels, size, places, radius, value) {
  places.forEach((to, k) => capsule(pixels, size, places[k - 1] ?? to, to, radius, value));
}

/** @param {Uint8Array} pixels @param {Size} size @param {Place} a @param {Place} b @param {number} radius @param {0 | 1} value */
function capsule(pixels, { width, height }, a, b, radius, value) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  const first = Math.max(0, Math.floor(Math.min(a.x, b.x) - radius));
  const last = Math.min(width - 1, Math.ceil(Math.max(a.x, b.x) + radius));
  const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(a.y, b.y) + radius));
  for (let x = first; x <= last; x++) {
    for (let y = top; y <= bottom; y++) {
      const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y];
      const along = square ? Math.max(0, Math.min(1, (px * dx + py * dy) / square)) : 0;
      if (Math.hypot(px - along * dx, py - along * dy) <= radius) pixels[x * height + y] = value;
    }
  }
}

/**
 * The mask after a stroke; null when nothing is left of it.
 * @param {Mask | null} mask
 * @param {{id: string, label: string}} fresh what a new one is called
 * @param {Size} size
 * @param {readonly Place[]} places
 * @param {number} radius px
 * @param {boolean} erase
 * @returns {Mask | null}
 */
export function painted(mask, fresh, size, places, radius, erase) {
  const pixels = bitmap(mask, size);
  stroke(pixels, size, places, radius, erase ? 0 : 1);
  if (!pixels.includes(1)) return null;
  return { ...(mask ?? { type: "mask", ...fresh }), size_hw: [size.height, size.width], counts: encoded(pixels) };
}
