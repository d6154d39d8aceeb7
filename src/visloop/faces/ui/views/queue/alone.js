// @ts-check
/** Which objects of several people nobody else has. Pure. */
import { outlines, runs } from "../../lib/marks.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../versions/changes.js").Drawn} Drawn */

const SAME = 0.5;

/** The box around an object, x1 y1 x2 y2; null where it lies nowhere. @param {Annotation} each @returns {[number, number, number, number] | null} */
export function around(each) {
  const corners = /** @type {Array<[number, number]>} */ (
    each.type === "points"
      ? each.points.filter(([, , seen]) => seen > 0).map(([x, y]) => [x, y])
      : each.type === "mask"
        ? runs(each).flatMap(([x, y, long]) => [
            [x, y],
            [x + 1, y + long],
          ])
        : outlines(each).flat()
  );
  if (!corners.length) return null;
  const [least, most] = [Math.min, Math.max].map((of) =>
    [0, 1].map((k) => corners.reduce((so, at) => of(so, at[k]), corners[0][k])),
  );
  return [least[0], least[1], most[0], most[1]];
}

/** Overlap of the boxes around two objects, 0 … 1. @param {Annotation} one @param {Annotation} other */
export function overlap(one, other) {
  const [a, b] = [around(one), around(other)];
  if (!a || !b) return 0;
  const shared =
    Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const area = (/** @type {number[]} */ [x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
  return shared / (area(a) + area(b) - shared || 1);
}

/**
 * What each person drew, as it is drawn beside the others': `removed` is drawn dashed and bright, of what
 * nobody else has there under this class.
 * @param {ReadonlyArray<readonly Annotation[]>} answers
 * @returns {Drawn[][]}
 */
export const apart = (answers) =>
  answers.map((mine, k) =>
    mine.map((annotation) => {
      const shared = answers.some(
        (theirs, other) =>
          other !== k && theirs.some((each) => each.label === annotation.label && overlap(annotation, each) >= SAME),
      );
      return { annotation, kind: shared ? "" : "relabelled", ghost: false };
    }),
  );
