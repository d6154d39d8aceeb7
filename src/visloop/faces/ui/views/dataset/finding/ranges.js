// @ts-check
/** Bars of a histogram as lengths and places, and the range that some of them stand for. Pure. */
import { bytes, figureOf } from "../../../lib/words.js";

/** @typedef {import("../../../lib/questions.js").Range} Range */
/** @typedef {number | string} Place a number, or a moment in RFC 3339 */
/** @typedef {{field: string, type: string, unit: string, whole: boolean, least: Place, most: Place, edges: Place[], counts: number[], everything: number[], below: number, above: number, without: number}} Histogram */

export const HEIGHT = 40;
const GAP = 0.12;
const SECOND = 1000;
const DAY = 86_400 * SECOND;
const UNITS = [
  { ms: DAY, digits: 10 },
  { ms: 60 * SECOND, digits: 16 },
  { ms: SECOND, digits: 19 },
];

/** The outline of bars, each a unit wide; the highest is as high as the picture. @param {number[]} counts */
export function outline(counts) {
  const highest = Math.max(...counts, 1);
  return counts
    .map((n, at) => {
      const top = HEIGHT - (n / highest) * (HEIGHT - 2) - (n ? 2 : 0);
      return n ? `M${at} ${HEIGHT}V${top.toFixed(1)}H${at + 1 - GAP}V${HEIGHT}Z` : "";
    })
    .join("");
}

/** Of times: whether they are told by days, minutes or seconds. @param {Place[]} edges */
function unitOf(edges) {
  const places = edges.map((each) => Date.parse(String(each)));
  return UNITS.find(({ ms }) => places.every((each) => each % ms === 0)) ?? UNITS[2];
}

/** A moment as it is written in a question. @param {number} ms @param {{digits: number}} unit */
const moment = (ms, { digits }) => new Date(ms).toISOString().slice(0, digits);

/**
 * The range that the bars from one to another stand for, both included.
 * @param {Histogram} told
 * @param {number} one
 * @param {number} other
 * @returns {Range}
 */
export function rangeFrom({ type, whole, edges }, one, other) {
  const [low, high] = [edges[Math.min(one, other)], edges[Math.max(one, other) + 1]];
  if (type === "time") {
    const unit = unitOf(edges);
    const [from, to] = [Date.parse(String(low)), Date.parse(String(high))];
    return { from: moment(from, unit), to: moment(to - unit.ms, unit), lower: ">=", upper: "<=" };
  }
  if (whole) return { from: String(low), to: String(Number(high) - 1), lower: ">=", upper: "<=" };
  return { from: String(low), to: String(high), lower: ">=", upper: "<" };
}

/** What a written end means, and where it ends: a day is a span. @param {Histogram} told @param {string} end @returns {[number, number]} */
function span({ type, whole }, end) {
  if (type !== "time") return [Number(end), Number(end) + (whole ? 1 : 0)];
  const moment = Date.parse(/T/i.test(end) && !/(Z|[+-]\d\d:\d\d)$/i.test(end) ? `${end}Z` : end);
  const ms = end.length <= 10 ? DAY : end.replace(/Z$/i, "").length <= 16 ? 60 * SECOND : SECOND;
  return [moment, moment + ms];
}

/**
 * Where a range lies, in bars from the left; null: it has no end, or none that is known here.
 * @param {Histogram} told
 * @param {Range} range
 * @returns {[number, number] | null}
 */
export function placed(told, { from, to, lower, upper }) {
  if (!from && !to) return null;
  const edges = told.edges.map((each) => (told.type === "time" ? Date.parse(String(each)) : Number(each)));
  const [first, last] = [edges[0], edges[edges.length - 1]];
  const at = (/** @type {number} */ value) =>
    Math.max(0, Math.min(1, (value - first) / (last - first))) * told.counts.length;
  const left = from ? at(span(told, from)[lower === ">" ? 1 : 0]) : 0;
  const right = to ? at(span(told, to)[upper === "<" ? 0 : 1]) : told.counts.length;
  return Number.isNaN(left + right) ? null : [left, Math.max(left, right)];
}

/** A value as people read it. @param {Histogram} told @param {Place} value */
export function spoken({ type, unit, edges }, value) {
  if (type === "time") return moment(Date.parse(String(value)), unitOf(edges)).replace("T", " ");
  return unit === "B" ? bytes(Number(value)) : figureOf(Number(value));
}

/** An end of a range as people read it. @param {Histogram} told @param {string} end */
export const endInWords = (told, end) => (told.type === "time" ? end.replace("T", " ") : spoken(told, end));

/** A range as people read it. @param {Histogram} told @param {Range} range */
export function rangeInWords(told, { from, to }) {
  const unit = told.unit && told.unit !== "B" ? ` ${told.unit}` : "";
  const ends = [endInWords(told, from), endInWords(told, to)];
  return (ends[0] === ends[1] ? ends[0] : ends.join(" – ")) + unit;
}
