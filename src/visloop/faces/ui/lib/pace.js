// @ts-check
/** How fast something goes, and how long it will still take. Pure. */
import { bytes } from "./words.js";

const LEAST_MS = 1500;

/** @typedef {{note?: string, doing?: string, unit?: string, done?: number, total?: number | null}} Told */

/**
 * Seconds that are left; null as long as nobody can know.
 * @param {{done: number, total: number | null | undefined, elapsed_ms: number}} measure
 */
export function secondsLeft({ done, total, elapsed_ms }) {
  if (!total || !done || elapsed_ms < LEAST_MS) return null;
  return (Math.max(0, total - done) / done) * (elapsed_ms / 1000);
}

/** @param {number} seconds */
export function leftInWords(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

/**
 * As few digits as a rate is worth.
 * @param {number} perSecond
 */
export const rateInWords = (perSecond) =>
  perSecond >= 10 ? Math.round(perSecond).toLocaleString("en") : String(Number(perSecond.toPrecision(2)));

/**
 * `1,204 of 20,000 pictures, 310 a second, 1 min left`.
 * @param {Told} told
 * @param {number} elapsed_ms since `doing` began
 */
export function paceInWords({ note, doing = "", unit = "", done = 0, total }, elapsed_ms) {
  if (note) return note;
  const far = total
    ? `${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${unit}s`
    : `${done.toLocaleString("en")} ${unit}s`;
  const left = secondsLeft({ done, total, elapsed_ms });
  const rate = elapsed_ms >= LEAST_MS && done ? `${rateInWords((1000 * done) / elapsed_ms)} a second` : "";
  return [`${doing}: ${far}`, rate, left === null ? "" : leftInWords(left)].filter(Boolean).join(", ");
}

/**
 * What a reporter says, in words with rate and time left; a new thing that is done starts a new clock.
 * @param {() => number} [now] ms
 * @returns {(told: Told) => string}
 */
export function paced(now = () => performance.now()) {
  let doing = "";
  let since = now();
  return (told) => {
    if (told.doing && told.doing !== doing) {
      doing = told.doing;
      since = now();
    }
    return paceInWords(told, now() - since);
  };
}

/**
 * `4.1 MB a second`.
 * @param {number} sent bytes
 * @param {number} elapsed_ms
 */
export const speedInWords = (sent, elapsed_ms) =>
  elapsed_ms >= LEAST_MS && sent ? `${bytes((1000 * sent) / elapsed_ms)} a second` : "";
