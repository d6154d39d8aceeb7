// @ts-check
/** What is known of a sample besides its pixels, in words. Pure. */
import { count } from "./words.js";

/** @typedef {import("../api.d.ts").Sample} Sample */

/**
 * Whether somebody said what the picture shows: three cases that must not be taken for one another.
 * @param {Pick<Sample, "annotations" | "labelled">} sample
 * @returns {"labelled" | "negative" | "not labelled"}
 */
export const stateOf = ({ annotations = [], labelled = true }) =>
  annotations.length ? "labelled" : labelled ? "negative" : "not labelled";

/** @type {Record<string, string>} */
export const STATES = {
  negative: "somebody looked: it holds no object of any class",
  "not labelled": "nobody has said yet what it shows",
};

/**
 * Minutes, seconds and milliseconds into a film.
 * @param {number} seconds
 */
export function clock(seconds) {
  const ms = Math.round(1000 * seconds);
  const [minutes, rest] = [Math.floor(ms / 60000), ms % 60000];
  return `${minutes}:${String(Math.floor(rest / 1000)).padStart(2, "0")}.${String(rest % 1000).padStart(3, "0")}`;
}

/**
 * Which frame of which film.
 * @param {Record<string, any>} metadata
 */
export function frameInWords(metadata) {
  const time = metadata["video.frame_time_s"];
  if (typeof time !== "number") return "";
  const number = metadata["video.frame"];
  const of = metadata["image.source_video"];
  return `${clock(time)}${typeof number === "number" ? `, frame ${number.toLocaleString("en")}` : ""}${of ? ` of ${of}` : ""}`;
}

/**
 * What was taken off the picture on its way in.
 * @param {Record<string, any>} metadata
 * @returns {string[]}
 */
export function privacyInWords(metadata) {
  if (!metadata["privacy.policy"]) return [];
  const blurred = (/** @type {string} */ key, /** @type {string} */ one, /** @type {string} */ many) => {
    const found = metadata[key];
    if (!Array.isArray(found)) return "";
    return found.length ? `${count(found.length, one, many)} blurred` : `no ${one} found`;
  };
  return [
    metadata["privacy.gps"] === "removed" ? "the place was removed" : "",
    blurred("privacy.faces", "face", "faces"),
    blurred("privacy.text", "region of text", "regions of text"),
  ].filter(Boolean);
}

/**
 * A value of a field as people read it.
 * @param {any} value
 * @param {string} type
 */
export function valueInWords(value, type) {
  if (value === null || value === undefined) return "–";
  if (type === "number" && typeof value === "number") return String(Number(value.toPrecision(9)));
  if (type === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
