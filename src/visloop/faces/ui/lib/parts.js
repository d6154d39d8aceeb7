// @ts-check
/** Small parts that every view uses. */
import { button, code, div, h2, p, section, span, table, tbody, td, th, thead, time, tr } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A titled panel.
 * @param {string} title
 * @param {...Child} children
 */
export const panel = (title, ...children) =>
  section({ class: "panel" }, title ? h2(title) : null, ...children);

/**
 * What to do when there is nothing yet.
 * @param {string} what
 * @param {string} [command]
 */
export const empty = (what, command) =>
  div({ class: "empty" }, p(what), command ? code(command) : null);

/** @param {any} error */
export const failure = (error) =>
  error ? div({ class: "failure", role: "alert" }, p(error.what ?? String(error)), error.fix ? p({ class: "fix" }, error.fix) : null) : null;

/**
 * A coloured word.
 * @param {string} word
 * @param {"good" | "bad" | "busy" | "plain"} [tone]
 */
export const badge = (word, tone = "plain") => span({ class: `badge ${tone}` }, word);

/** @param {string} state */
export const stateBadge = (state) => badge(state, TONES[state] ?? "plain");

/** @type {Record<string, "good" | "bad" | "busy" | "plain">} */
const TONES = {
  done: "good", live: "good", accepted: "good", approved: "good", pass: "good", champion: "good", closed: "good",
  failed: "bad", refused: "bad", rejected: "bad", fail: "bad", open: "bad", dead: "bad", lost: "bad", alarm: "bad",
  running: "busy", waiting: "busy", labelled: "busy", committed: "busy", trained: "busy", gated: "busy", promoted: "busy", acknowledged: "busy",
};

/**
 * A table whose columns are [title, row → cell, class].
 * @param {any[]} rows
 * @param {Array<[string, (row: any) => Child, string?]>} columns
 * @param {(row: any) => void} [onPick]
 */
export const grid = (rows, columns, onPick) =>
  div({ class: "scroll" },
    table(
      thead(tr(...columns.map(([title, , kind]) => th({ class: kind ?? "", scope: "col" }, title)))),
      tbody(...rows.map((row) =>
        tr({ class: onPick ? "pickable" : "", onClick: onPick ? () => onPick(row) : undefined },
          ...columns.map(([, cell, kind]) => td({ class: kind ?? "" }, cell(row))))))));

/**
 * @param {string | null | undefined} moment RFC 3339
 */
export function when(moment) {
  if (!moment) return "–";
  const date = new Date(moment);
  const seconds = (Date.now() - date.getTime()) / 1000;
  return time({ datetime: moment, title: date.toLocaleString() }, ago(seconds, date));
}

/**
 * @param {number} seconds
 * @param {Date} date
 */
function ago(seconds, date) {
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return date.toLocaleDateString();
}

/** @param {number | null | undefined} value */
export const percent = (value) => (typeof value === "number" ? `${(100 * value).toFixed(1)} %` : "–");

/**
 * @param {string} words
 * @param {() => void} onClick
 * @param {{key?: string, kind?: "primary" | "danger" | "quiet", disabled?: boolean, title?: string}} [more]
 */
export const act = (words, onClick, { key, kind, disabled, title } = {}) =>
  button({ class: kind ?? "", onClick, disabled, title, type: "button" }, words, key ? span({ class: "key" }, key) : null);

/**
 * A colour that a class keeps everywhere.
 * @param {string} name
 */
export function classColour(name) {
  let hash = 2166136261;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return `hsl(${(hash >>> 0) % 360} 65% 45%)`;
}
