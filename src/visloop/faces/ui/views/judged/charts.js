// @ts-check
/** Reliability and precision over recall as SVG: shares against shares, in a square. */
import { circle, div, g, h3, li, p, path, span, svg, text, ul } from "../../lib/dom.js";
import { figureOf } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Verbs["evaluate"]["answer"]} Answer */

const [SIDE, LEFT, BELOW, ABOVE] = [240, 50, 36, 8];
export const COLOURS = [
  "#0b6bcb",
  "#c2410c",
  "#15803d",
  "#9333ea",
  "#b91c1c",
  "#0f766e",
  "#a16207",
  "#475569",
  "#be185d",
  "#4d7c0f",
];
const x = (/** @type {number} */ share) => (LEFT + share * SIDE).toFixed(1);
const y = (/** @type {number} */ share) => (ABOVE + (1 - share) * SIDE).toFixed(1);
const line = (/** @type {Array<[number, number]>} */ points) =>
  "M" + points.map(([across, up]) => `${x(across)} ${y(up)}`).join("L");

/** @param {{name: string, below: string, beside: string, children?: any}} properties */
const Square = ({ name, below, beside, children }) =>
  svg(
    { class: "square", viewBox: `0 0 ${LEFT + SIDE + 12} ${ABOVE + SIDE + BELOW}`, role: "img", "aria-label": name },
    ...[0, 0.25, 0.5, 0.75, 1].map((tick) =>
      g(
        path({ class: "rule", d: `M${LEFT} ${y(tick)}h${SIDE}M${x(tick)} ${ABOVE}v${SIDE}` }),
        text({ x: x(tick), y: ABOVE + SIDE + 14, "text-anchor": "middle" }, tick),
        text({ x: LEFT - 6, y: Number(y(tick)) + 4, "text-anchor": "end" }, tick),
      ),
    ),
    children,
    text({ x: x(0.5), y: ABOVE + SIDE + 32, "text-anchor": "middle" }, below),
    text({ x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, beside),
  );

/** How often answers are right over how sure the model was. @param {{report: Answer}} properties */
export const Reliability = ({ report }) => {
  const bins = /** @type {any[]} */ (report.calibration);
  const most = Math.max(1, ...bins.map((each) => each.n));
  return div(
    h3("Reliability"),
    Square({
      name: "how often answers are right, over how sure the model was",
      below: "confidence",
      beside: "right",
      children: [
        path({ class: "honest", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
        path({ class: "curve", d: line(bins.map((b) => [b.confidence, b.accuracy])), stroke: COLOURS[0] }),
        ...bins.map((b) =>
          g(
            path({ class: "whisker", d: `M${x(b.confidence)} ${y(b.interval[0])}V${y(b.interval[1])}` }),
            circle({ cx: x(b.confidence), cy: y(b.accuracy), r: 2.5 + (3 * b.n) / most, fill: COLOURS[0] }),
          ),
        ),
      ],
    }),
    p({ class: "muted small" }, `calibration error ${figureOf(report.metrics.calibration_error)}`),
  );
};

/** One line a class, of the ten with most pictures. @param {{report: Answer}} properties */
export const PrecisionRecall = ({ report }) => {
  const curves = /** @type {any[]} */ (report.curves).slice(0, COLOURS.length);
  return div(
    h3("Precision over recall"),
    Square({
      name: "precision over recall",
      below: "recall",
      beside: "precision",
      children: curves.map((each, k) =>
        path({
          class: "curve",
          stroke: COLOURS[k],
          d: line(
            each.recall.map((/** @type {number} */ recall, /** @type {number} */ i) => [recall, each.precision[i]]),
          ),
        }),
      ),
    }),
    ul(
      { class: "curve-names" },
      ...curves.map((each, k) =>
        li(
          span({ class: "dot", style: `background:${COLOURS[k]}` }),
          ` ${each.name} `,
          span({ class: "muted" }, figureOf(each.average)),
        ),
      ),
    ),
  );
};
