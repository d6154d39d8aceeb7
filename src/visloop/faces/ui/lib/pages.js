// @ts-check
/** The samples or objects of a reference, fetched a page at a time as they come into sight. */
import { useEffect, useMemo, useRef, useState } from "./dom.js";
import { asError, call } from "./api.js";
import { onChange } from "./pulse.js";

/** @typedef {import("../api.d.ts").Sample} Sample */
/** `state` is another word as soon as a sample is another. @typedef {{total: number, classes: string[], splits: Record<string, number>, state: string}} Head */
/** An object and the picture it is on; `around` is the box around it. @typedef {NonNullable<Sample["annotations"]>[number] & {path: string, sample: string, image: string, picture_wh: [number, number], around: [number, number, number, number] | null}} Cut */
/** `state` is another one as soon as `at` may give something else. @template R @typedef {{state: string, head: Head | null, error: import("./api.js").ApiError | null, at: (index: number) => R | undefined, need: (first: number, last: number) => void}} Rows */
/** @typedef {Rows<Sample>} Samples */

const PAGE = 100;

/**
 * @param {string | null} ref for example `line@work:train`
 * @param {string} [text] a question: only those on which it holds
 * @returns {Samples}
 */
export const useSamples = (ref, text = "") => /** @type {Samples} */ (useRows("samples", ref, text));

/**
 * The same of objects: all of them, or those on which a question of objects holds.
 * @param {string} ref
 * @param {string} text
 * @returns {Rows<Cut>}
 */
export const useObjects = (ref, text) => /** @type {Rows<Cut>} */ (useRows("objects", ref, text));

/**
 * @param {"samples" | "objects"} of
 * @param {string | null} ref
 * @param {string} text
 * @returns {Rows<Sample | Cut>}
 */
function useRows(of, ref, text) {
  const [state, redraw] = useState(0);
  const pages = useMemo(() => new Pages(of, ref, text, () => redraw((n) => n + 1)), [of, ref, text]);
  const now = useRef(pages);
  now.current = pages;
  useEffect(() => {
    pages.need(0, 1);
    return onChange(() => now.current.refresh());
  }, [pages]);
  return {
    state: `${ref} ${text} ${state}`,
    head: pages.head,
    error: pages.error,
    at: (index) => pages.at(index),
    need: (first, last) => pages.need(first, last),
  };
}

class Pages {
  /** @param {"samples" | "objects"} of @param {string | null} ref @param {string} text @param {() => void} changed */
  constructor(of, ref, text, changed) {
    this.of = of;
    this.ref = ref;
    this.text = text;
    this.changed = changed;
    this.head = /** @type {Head | null} */ (null);
    this.error = /** @type {import("./api.js").ApiError | null} */ (null);
    this.pages = /** @type {Map<number, Array<Sample | Cut>>} */ (new Map());
    this.asked = /** @type {Set<number>} */ (new Set());
    this.seen = [0, 0];
  }

  /** @param {number} index */
  at(index) {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** @param {number} first @param {number} last one behind the last */
  need(first, last) {
    const [from, to] = [Math.floor(first / PAGE), Math.floor(Math.max(first, last - 1) / PAGE)];
    this.seen = [from, to];
    for (let page = from; page <= to; page++) if (!this.asked.has(page)) this.load(page);
  }

  /** Something happened: what is in sight is asked for again, the rest when it comes into sight. */
  refresh() {
    if (!this.ref?.includes("@work") && !this.error) return;
    this.asked.clear();
    this.error = null;
    this.need(this.seen[0] * PAGE, (this.seen[1] + 1) * PAGE);
  }

  /** @param {number} page */
  async load(page) {
    if (!this.ref) return;
    this.asked.add(page);
    try {
      const { rows, ...head } = await this.fetched(this.ref, { offset: page * PAGE, limit: PAGE });
      this.head = head;
      this.pages.set(page, rows);
      this.error = null;
    } catch (caught) {
      this.asked.delete(page);
      this.error = asError(caught);
    }
    this.changed();
  }

  /** @param {string} ref @param {{offset: number, limit: number}} place @returns {Promise<Head & {rows: Array<Sample | Cut>}>} */
  async fetched(ref, place) {
    const { of, text } = this;
    if (!text && of === "samples") {
      const page = await call("samples", { ref, ...place });
      return { ...page, state: page.state ?? "" };
    }
    const { rows, count, state = "" } = await call("query", { text, of, at: ref, ...place });
    return { rows: /** @type {Array<Sample | Cut>} */ (rows), total: count, classes: [], splits: {}, state };
  }
}
