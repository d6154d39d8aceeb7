// @ts-check
/** Which picture comes next: by path, among those of the data set on which a question holds. */
import { useEffect } from "../../lib/dom.js";
import { call, large } from "../../lib/api.js";
import { parted, written } from "../../lib/questions.js";
import { useAnswer } from "../../lib/use.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */

/** @param {string} text @param {string} condition @param {string} order */
const also = (text, condition, order) => {
  const [said] = parted(text);
  return `${said ? `(${said}) and ` : ""}${condition} ${order}`;
};

/**
 * @param {string} at `line@work`, or a split of it
 * @param {string} text a question; "" is all
 * @param {string} path
 */
export function useNeighbours(at, text, path) {
  const here = written(path);
  const ask = (/** @type {string} */ condition, /** @type {string} */ order, /** @type {number} */ limit) =>
    path ? { text: also(text, condition, order), at, limit } : null;
  const after = useAnswer("query", ask(`path > ${here}`, "sort by path", 3)).data;
  const before = useAnswer("query", ask(`path < ${here}`, "sort by path desc", 1)).data;
  const next = /** @type {Sample[]} */ (after?.rows ?? []);
  useEffect(() => {
    for (const each of next) new Image().src = large(each);
  }, [next[0]?.path]);
  return {
    ready: Boolean(after && before),
    next: next[0] ?? null,
    previous: /** @type {Sample | null} */ (before?.rows[0] ?? null),
    place: before ? before.count + 1 : 0,
    total: before && after ? before.count + 1 + after.count : 0,
  };
}

/**
 * Where labelling begins: the first picture that nobody has labelled, else the first.
 * @param {string} at
 * @param {string} text
 * @returns {Promise<Sample | null>}
 */
export async function first(at, text) {
  for (const condition of ["labelled = false", 'path > ""']) {
    const { rows } = await call("query", { text: also(text, condition, "sort by path"), at, limit: 1 });
    if (rows.length) return /** @type {Sample} */ (rows[0]);
  }
  return null;
}
