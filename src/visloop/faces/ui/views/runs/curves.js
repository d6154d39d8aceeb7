// @ts-check
/** Curves of one or several runs: a plot a metric, over steps, epochs or time, as smooth as wanted. */
import { a, button, div, h, input, label, span, useState } from "../../lib/dom.js";
import { Chart } from "../../lib/chart.js";
import { choiceField } from "../../lib/forms.js";
import { dot, failure, panel, waiting } from "../../lib/parts.js";
import { address, useAnswer } from "../../lib/use.js";
import { figureOf } from "../../lib/words.js";
import { joined, places, smoothed } from "./reading.js";

/** @typedef {import("./reading.js").Axis} Axis */
/** @typedef {import("./reading.js").Curve} Curve */

const COLOURS = 8;
const SHOWN = 6;
const LIVE_MS = 1500;

/** The token of the colour of the n-th run. @param {number} n */
export const colourOf = (n) => `--run-${(n % COLOURS) + 1}`;

/** A run with the colour of its lines. @param {string} id @param {number} n @param {string} [name] */
export const keyed = (id, n, name = "") =>
  a({ href: address("runs", id), class: "keyed" }, dot(`var(${colourOf(n)})`), name || id);

/**
 * @param {{runs: string[], live: boolean}} properties `live`: one of them is still at work
 */
export function Curves({ runs, live }) {
  const { data, error } = useAnswer("runs.curves", { runs, points: 400 }, live ? LIVE_MS : 0);
  const [axis, setAxis] = useState(/** @type {Axis} */ ("step"));
  const [weight, setWeight] = useState(0);
  const [chosen, setChosen] = useState(/** @type {string[] | null} */ (null));
  if (!data) return panel("Curves", waiting(error));
  const all = /** @type {Curve[]} */ (data.rows).filter((each) => !each.key.startsWith("time."));
  const keys = [...new Set(all.filter((each) => each.steps.length > 1).map((each) => each.key))].sort();
  if (!keys.length) return null;
  const usual = keys.filter((key) => !key.startsWith("step.") && key !== "images_per_s");
  const shown = chosen ?? (usual.length ? usual : keys).slice(0, SHOWN);
  /** @param {string} key */
  const toggle = (key) => setChosen(shown.includes(key) ? shown.filter((each) => each !== key) : [...shown, key]);
  return panel(
    { title: "Curves", aside: live ? span({ class: "muted small" }, "live") : null, class: "curves" },
    failure(error),
    div(
      { class: "curve-tools" },
      div(
        { class: "chips", role: "group", "aria-label": "metrics to draw" },
        ...keys.map((key) =>
          button(
            { type: "button", class: "chip", "aria-pressed": String(shown.includes(key)), onClick: () => toggle(key) },
            key,
          ),
        ),
      ),
      choiceField({
        words: "over",
        value: axis,
        onValue: (value) => setAxis(/** @type {Axis} */ (value)),
        choices: ["step", "epoch", "time"].map((value) => ({ value, words: value })),
      }),
      label(
        { class: "field" },
        span({ class: "field-name" }, `smoothing ${weight.toFixed(2)}`),
        input({
          type: "range",
          min: 0,
          max: 0.98,
          step: 0.02,
          value: weight,
          onInput: (/** @type {any} */ event) => setWeight(Number(event.target.value)),
        }),
      ),
    ),
    div(
      { class: "plots" },
      ...keys
        .filter((key) => shown.includes(key))
        .map((key) => h(Plot, { key: `${key} ${axis}`, name: key, runs, all, axis, weight })),
    ),
  );
}

const UNITS = { step: "step", epoch: "epoch", time: "seconds" };

/** @param {{name: string, runs: string[], all: Curve[], axis: Axis, weight: number}} properties */
function Plot({ name, runs, all, axis, weight }) {
  const mine = runs.flatMap((run, n) => {
    const curve = all.find((each) => each.run === run && each.key === name);
    return curve ? [{ run, n, curve }] : [];
  });
  const lines = mine.map(({ curve }) => ({ x: places(curve, axis, all), y: smoothed(curve.values, weight) }));
  const columns = joined(lines);
  return div(
    { class: "plot" },
    div({ class: "plot-name" }, name),
    h(Chart, {
      title: `${name} of ${mine.length} runs`,
      x: UNITS[axis],
      height: 200,
      spans: true,
      series: mine.map(({ run, n, curve }) => ({
        label: run,
        colour: colourOf(n),
        width: 1.6,
        points: curve.steps.length < 3,
      })),
      columns,
      caption: (at) => captionOf(mine, columns, at, UNITS[axis]),
    }),
  );
}

/** @param {Array<{run: string, n: number}>} mine @param {Array<Array<number | null>>} columns @param {number} at @param {string} unit */
function captionOf(mine, columns, at, unit) {
  const x = columns[0][at];
  if (x === undefined || x === null) return "";
  const told = mine.slice(0, COLOURS).map(({ n }, k) => {
    const value = nearest(columns[k + 1], at);
    return span({ class: "label" }, dot(`var(${colourOf(n)})`), value === null ? "–" : figureOf(value));
  });
  return [span({ class: "muted" }, `${unit} ${figureOf(x)} `), ...told];
}

/** The last value at or before a place. @param {Array<number | null>} column @param {number} at */
function nearest(column, at) {
  for (let k = at; k >= 0; k--) if (column[k] !== null) return column[k];
  return null;
}
