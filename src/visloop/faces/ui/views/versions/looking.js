// @ts-check
/** How close a picture is looked at, and where. Pure. */

/** @typedef {{z: number, x: number, y: number}} Look how much larger, and which fraction of the picture lies left of and above what is seen */

export const WHOLE = /** @type {Look} */ ({ z: 1, x: 0, y: 0 });
export const CLOSEST = 24;

/** @param {number} value @param {number} most */
const within = (value, most) => Math.max(0, Math.min(most, value));

/**
 * So much closer (or farther); what lies under the pointer stays there.
 * @param {Look} look
 * @param {number} factor
 * @param {number} [atX] where the pointer is, as a fraction of the frame
 * @param {number} [atY]
 * @returns {Look}
 */
export function closer({ z, x, y }, factor, atX = 0.5, atY = 0.5) {
  const next = Math.max(1, Math.min(CLOSEST, z * factor));
  const rest = 1 - 1 / next;
  return { z: next, x: within(x + atX / z - atX / next, rest), y: within(y + atY / z - atY / next, rest) };
}

/**
 * Moved by fractions of the frame.
 * @param {Look} look
 * @param {number} byX
 * @param {number} byY
 * @returns {Look}
 */
export function moved({ z, x, y }, byX, byY) {
  const rest = 1 - 1 / z;
  return { z, x: within(x + byX / z, rest), y: within(y + byY / z, rest) };
}
