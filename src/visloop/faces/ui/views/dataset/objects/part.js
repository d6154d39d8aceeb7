// @ts-check
/** What is shown of a picture around one of its objects. Pure. */

/** Of the object's longer side, on each side of it; at least so many pixels: what is tiny is known by what it is on. */
const MARGIN = 0.2;
const LEAST_PX = 8;

/**
 * A square around the object as far as the picture reaches, moved rather than cut at its edge; all of the picture for
 * what lies nowhere.
 *
 * @param {{around: readonly number[] | null, picture_wh: readonly number[]}} object
 * @returns {[number, number, number, number]} x1 y1 x2 y2, whole pixels
 */
export function partAround({ around, picture_wh: [width, height] }) {
  if (!around) return [0, 0, width, height];
  const [x1, y1, x2, y2] = around;
  const longer = Math.max(x2 - x1, y2 - y1);
  const side = Math.ceil(longer + 2 * Math.max(LEAST_PX, MARGIN * longer));
  const [left, right] = stretch(x1, x2, side, width);
  const [top, bottom] = stretch(y1, y2, side, height);
  return [left, top, right, bottom];
}

/** @param {number} from @param {number} to @param {number} side @param {number} end */
function stretch(from, to, side, end) {
  const long = Math.min(side, end);
  const start = Math.max(0, Math.min(end - long, Math.round((from + to - long) / 2)));
  return [start, start + long];
}

/** The size of the box around it, in words. @param {readonly number[] | null} around */
export const sizeOf = (around) =>
  around ? `${Math.round(around[2] - around[0])} × ${Math.round(around[3] - around[1])}` : "whole picture";
