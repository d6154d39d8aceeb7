// @ts-check
/** Small plots of the queue: where a figure lies with how much doubt, and how much was done on which day. */
import { div, p, span } from "../../lib/dom.js";
import { badge } from "../../lib/parts.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Figure} Figure */

/** @typedef {import("../../api.d.ts").Work} Work */

/** Who is right less often on pictures whose labels are known is marked. */
export const BOUND = 0.8;
const DAYS = 14;
const DAY_MS = 86_400_000;
const at = (/** @type {number} */ share) => `${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%`;

/** `0.71 (0.52 – 0.88)`; a dash where it is not defined. @param {Figure} figure */
export const inDoubt = ({ value, low, high }) =>
  value === null
    ? "–"
    : `${value.toFixed(2)}${low === null || high === null ? "" : ` (${low.toFixed(2)} – ${high.toFixed(2)})`}`;

/**
 * A figure between 0 and 1 with its interval as a whisker; `bound` is where it should be above.
 * @param {Figure} figure
 * @param {number} [bound]
 */
export const whisker = ({ value, low, high }, bound) =>
  value === null
    ? null
    : div(
        { class: "whisker-plot", "aria-hidden": "true" },
        low === null || high === null
          ? null
          : span({ class: "range", style: `left:${at(low)};width:${at(Math.min(1, high) - Math.max(0, low))}` }),
        bound === undefined ? null : span({ class: "bound", style: `left:${at(bound)}`, title: "the bound" }),
        span({ class: "point", style: `left:${at(value)}` }),
      );

/**
 * The last fortnight that has anything, a bar a day. Days are UTC, as the server counts them.
 * @param {{day: string, answers: number}[]} days
 */
export function lately(days) {
  const last = days.at(-1);
  if (!last) return [];
  const end = Date.parse(last.day);
  const by = new Map(days.map((each) => [each.day, each.answers]));
  return Array.from({ length: DAYS }, (_, k) => {
    const day = new Date(end - (DAYS - 1 - k) * DAY_MS).toISOString().slice(0, 10);
    return { day, answers: by.get(day) ?? 0 };
  });
}

/** @param {{days: {day: string, answers: number}[], large?: boolean}} properties */
export function Days({ days, large = false }) {
  const shown = lately(days);
  const most = Math.max(1, ...shown.map((each) => each.answers));
  if (!shown.length) return span({ class: "muted" }, "–");
  const words = shown.filter((each) => each.answers).map((each) => `${each.day}: ${each.answers}`);
  return div(
    { class: large ? "days large" : "days" },
    div(
      {
        class: "columns-of",
        role: "img",
        "aria-label": `labelled on ${count(words.length, "day")}: ${words.join(", ")}`,
      },
      ...shown.map(({ day, answers }) =>
        div(
          { title: `${day}: ${answers}`, class: answers ? "" : "none", style: `--high:${at(answers / most)}` },
          answers && large ? span(answers) : null,
        ),
      ),
    ),
    large ? p({ class: "muted small" }, `${shown[0].day} – ${shown[DAYS - 1].day}, at most ${most} a day (UTC)`) : null,
  );
}

/** @param {Work} each */
export const perHour = ({ per_hour }) => (per_hour === null ? "–" : Math.round(per_hour).toLocaleString("en"));

/** @param {Work} each */
export const controls = ({ controls: n, right, accuracy, below }) =>
  n
    ? div(
        { class: "controls" },
        span(`${right} of ${n}`),
        whisker(accuracy, BOUND),
        below ? badge(below === "surely" ? "below" : "perhaps below", below === "surely" ? "bad" : "busy") : null,
      )
    : span({ class: "muted" }, "none yet");
