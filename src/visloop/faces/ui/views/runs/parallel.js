// @ts-check
/** Parallel coordinates: a line a run over the axes of what differs; brushes leave some, a figure colours them. */
import {
  a,
  button,
  div,
  fieldset,
  g,
  h,
  h1,
  input,
  legend,
  line,
  path,
  rect,
  span,
  svg,
  text,
  useMemo,
  useRef,
  useState,
} from "../../lib/dom.js";
import { choiceField } from "../../lib/forms.js";
import { act, empty, failure, panel, waiting } from "../../lib/parts.js";
import { address, go, useAnswer, useWidth } from "../../lib/use.js";
import { count, figureOf } from "../../lib/words.js";
import { isCost, isJudged, placed, scales, valueAt, valueOf, within } from "./reading.js";

/** @typedef {import("../../api.d.ts").RunLine} RunLine */
/** @typedef {import("./reading.js").Scale} Scale */
/** @typedef {import("./reading.js").Brushes} Brushes */

const MOST = 1000;
const AXES = 9;
const [TOP, TALL, FOOT, APART] = [44, 300, 34, 128];
const COMPARED = 12;
const CROWD = 150;
const NEAR_END = 0.02;

/** @param {{of: string, where: string}} properties `of`: a search, runs with commas between, or "": all */
export function Parallel({ of, where }) {
  const some = of.includes(",") ? of.split(",") : null;
  const ask = { limit: MOST, where: some ? "" : where, parent: some || !of ? null : of };
  const { data, error } = useAnswer("runs.list", ask, 4000);
  const title = div(
    { class: "title" },
    a({ href: "#/runs", class: "crumb" }, "Runs"),
    some || !of ? null : a({ href: address("runs", of), class: "crumb" }, of),
    h1("Parallel coordinates"),
  );
  if (!data) return div(title, waiting(error));
  const rows = /** @type {RunLine[]} */ (data.rows).filter((row) => !some || some.includes(row.id));
  const newest =
    data.total > MOST && !some ? `the newest ${MOST.toLocaleString("en")} of ${count(data.total, "run")}` : "";
  return div(
    title,
    failure(error),
    newest ? div({ class: "muted small" }, newest) : null,
    h(Coordinates, { rows, metric: "" }),
  );
}

/** @param {{rows: RunLine[], metric: string}} properties */
export function Coordinates({ rows, metric }) {
  const all = useMemo(() => scales(rows), [rows]);
  const [colour, setColour] = useState(metric ? `metrics.${metric}` : "");
  const [chosen, setChosen] = useState(/** @type {string[] | null} */ (null));
  const [brushes, setBrushes] = useState(/** @type {Brushes} */ ({}));
  const [near, setNear] = useState("");
  if (!all.length)
    return panel(
      "",
      empty("Nothing to tell apart", "Parallel coordinates need two runs whose parameters or figures differ."),
    );
  const usual = usualAxes(all, metric);
  const keys = chosen ?? usual;
  const axes = all.filter((each) => keys.includes(each.key));
  const figures = all.filter((each) => each.group === "metrics");
  const colouring =
    all.find((each) => each.key === colour) ??
    figures.find((each) => isJudged(each.name) && !isCost(each.name)) ??
    figures.find((each) => isJudged(each.name)) ??
    figures.at(-1) ??
    all[0];
  const inside = rows.filter((row) => within(row, axes, brushes));
  /** @param {string} key @param {[number, number] | null} brush */
  const brushed = (key, brush) => {
    const { [key]: _, ...others } = brushes;
    setBrushes(brush ? { ...others, [key]: brush } : others);
  };
  return div(
    panel(
      {
        title: `${count(inside.length, "run")}${inside.length < rows.length ? ` of ${rows.length}` : ""}`,
        aside: Object.keys(brushes).length ? act("Clear brushes", () => setBrushes({}), { kind: "quiet" }) : null,
      },
      div(
        { class: "curve-tools" },
        div(
          { class: "chips", role: "group", "aria-label": "axes" },
          ...all.map((each) =>
            button(
              {
                type: "button",
                class: "chip",
                "aria-pressed": String(keys.includes(each.key)),
                onClick: () =>
                  setChosen(keys.includes(each.key) ? keys.filter((k) => k !== each.key) : [...keys, each.key]),
              },
              each.name,
            ),
          ),
        ),
        choiceField({
          words: "colour by",
          value: colouring.key,
          onValue: setColour,
          choices: all.filter((each) => each.numbers).map((each) => ({ value: each.key, words: each.name })),
        }),
        ramp(colouring),
      ),
      h(Drawing, { rows, axes, brushes, brushed, colouring, near }),
      div(
        { class: "limits" },
        ...axes.filter((each) => each.numbers).map((each) => limits(each, brushes[each.key], brushed)),
      ),
    ),
    h(Inside, { rows: inside, colouring, onNear: setNear }),
  );
}

/** The parameters, and the figure that matters; not more axes than fit. @param {Scale[]} all @param {string} metric */
function usualAxes(all, metric) {
  const params = all.filter((each) => each.group === "params");
  const metrics = all.filter((each) => each.group === "metrics");
  const wanted = metrics.filter((each) => each.name === metric || each.name.endsWith(`_${metric}`));
  const told = metric && wanted.length ? wanted : metrics.slice(0, 3);
  return [...params.slice(0, AXES - told.length), ...told].map((each) => each.key);
}

/**
 * @param {{rows: RunLine[], axes: Scale[], brushes: Brushes, brushed: (key: string, brush: [number, number] | null) => void, colouring: Scale, near: string}} properties
 */
function Drawing({ rows, axes, brushes, brushed, colouring, near }) {
  const [ref, width] = useWidth();
  const wide = Math.max(width || 800, axes.length * APART);
  const x = (/** @type {number} */ k) => (axes.length === 1 ? wide / 2 : 64 + (k * (wide - 128)) / (axes.length - 1));
  const y = (/** @type {number} */ place) => TOP + TALL * (1 - place);
  const start = useRef(0);
  const drag = useRef("");
  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const place = 1 - (event.clientY - box.top) / box.height;
    return place < NEAR_END ? 0 : place > 1 - NEAR_END ? 1 : place;
  };
  return div(
    { class: "parallel", ref, tabIndex: 0, role: "region", "aria-label": "the drawing" },
    svg(
      {
        class: rows.length > CROWD ? "crowd" : "",
        width: wide,
        height: TOP + TALL + FOOT,
        role: "img",
        "aria-label": `${rows.length} runs over ${axes.length} axes`,
      },
      ...rows.map((row) => {
        const out = !within(row, axes, brushes);
        return path({
          key: row.id,
          class: `line${out ? " out" : ""}${row.id === near ? " near" : ""}`,
          d: lineOf(row, axes, x, y),
          style: `stroke:${shade(colouring, row)}`,
        });
      }),
      ...axes.map((axis, k) =>
        g(
          { key: axis.key },
          line({ class: "axis", x1: x(k), x2: x(k), y1: TOP, y2: TOP + TALL }),
          text({ class: "name", x: x(k), y: 18, "text-anchor": "middle" }, shorter(axis.name)),
          ...ticks(axis).map(([place, words]) =>
            text({ x: x(k) + 7, y: y(place) + 4, "text-anchor": "start" }, shorter(words)),
          ),
          brushes[axis.key]
            ? rect({
                class: "brush",
                x: x(k) - 9,
                width: 18,
                y: y(brushes[axis.key][1]),
                height: Math.max(2, TALL * (brushes[axis.key][1] - brushes[axis.key][0])),
              })
            : null,
          rect({
            class: "catch",
            x: x(k) - 16,
            width: 32,
            y: TOP,
            height: TALL,
            onPointerDown: (/** @type {any} */ event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              drag.current = axis.key;
              start.current = placeOf(event);
            },
            onPointerMove: (/** @type {any} */ event) => {
              if (drag.current !== axis.key) return;
              const place = placeOf(event);
              brushed(axis.key, [Math.min(start.current, place), Math.max(start.current, place)]);
            },
            onPointerUp: (/** @type {any} */ event) => {
              if (drag.current === axis.key && Math.abs(placeOf(event) - start.current) < 0.01) brushed(axis.key, null);
              drag.current = "";
            },
          }),
        ),
      ),
    ),
  );
}

/** @param {RunLine} row @param {Scale[]} axes @param {(k: number) => number} x @param {(place: number) => number} y */
function lineOf(row, axes, x, y) {
  let [d, pen] = ["", "M"];
  axes.forEach((axis, k) => {
    const place = placed(axis, valueOf(row, axis));
    if (place === null) {
      pen = "M";
      return;
    }
    d += `${pen}${x(k).toFixed(1)} ${y(place).toFixed(1)}`;
    pen = "L";
  });
  return d;
}

/** From cold (worst) to warm (best). @param {Scale} scale @param {RunLine} row */
function shade(scale, row) {
  const place = placed(scale, valueOf(row, scale));
  if (place === null) return "var(--edge)";
  const good = scale.group === "metrics" && isCost(scale.name) ? 1 - place : place;
  return `color-mix(in oklab, var(--warm) ${Math.round(100 * good)}%, var(--cold))`;
}

/** What the colours mean. @param {Scale} scale */
function ramp(scale) {
  const ends = [figureOf(scale.low), figureOf(scale.high)];
  if (scale.group === "metrics" && isCost(scale.name)) ends.reverse();
  return span({ class: "ramp" }, ends[0], h("i", { "aria-hidden": "true" }), ends[1]);
}

/** @param {Scale} axis @returns {Array<[number, string]>} */
const ticks = (axis) =>
  axis.numbers
    ? [0, 0.25, 0.5, 0.75, 1].map((place) => [place, figureOf(Number(valueAt(axis, place).toPrecision(3)))])
    : axis.values.slice(0, 16).map((value, k) => [k / Math.max(1, axis.values.length - 1), String(value)]);

/** @param {string} words */
const shorter = (words) => (words.length > 17 ? `${words.slice(0, 16)}…` : words);

/**
 * The same brush by keyboard: from … to.
 * @param {Scale} scale
 * @param {[number, number] | undefined} brush
 * @param {(key: string, brush: [number, number] | null) => void} brushed
 */
function limits(scale, brush, brushed) {
  const [from, to] = brush ?? [0, 1];
  /** @param {number} end @param {string} words */
  const typed = (end, words) => {
    const place = words === "" ? end : placed(scale, Number(words));
    if (place === null || !Number.isFinite(place)) return;
    const next = /** @type {[number, number]} */ (end ? [from, place] : [place, to]);
    brushed(scale.key, next[0] <= 0 && next[1] >= 1 ? null : next);
  };
  /** @param {number} end @param {string} words @param {number} place */
  const field = (end, words, place) =>
    input({
      type: "number",
      step: "any",
      "aria-label": `${scale.name} ${words}`,
      placeholder: String(Number((end ? scale.high : scale.low).toPrecision(4))),
      value: brush ? Number(valueAt(scale, place).toPrecision(4)) : "",
      onChange: (/** @type {any} */ event) => typed(end, event.target.value),
    });
  return fieldset(legend(scale.name), field(0, "from", from), span({ class: "muted" }, "to"), field(1, "to", to));
}

/** @param {{rows: RunLine[], colouring: Scale, onNear: (run: string) => void}} properties */
function Inside({ rows, colouring, onNear }) {
  const sign = colouring.group === "metrics" && isCost(colouring.name) ? 1 : -1;
  const value = (/** @type {RunLine} */ row) => Number(valueOf(row, colouring) ?? -sign * Infinity);
  const best = [...rows].sort((one, other) => sign * (value(one) - value(other))).slice(0, COMPARED);
  if (!best.length) return null;
  return panel(
    {
      title: isJudged(colouring.name) ? `The best by ${colouring.name}` : `By ${colouring.name}`,
      aside:
        best.length > 1
          ? act("Compare these", () => go("runs", "compare", best.map((each) => each.id).join(",")))
          : null,
    },
    div(
      { class: "chips" },
      ...best.map((row) =>
        a(
          {
            key: row.id,
            class: "chip",
            href: address("runs", row.id),
            onMouseEnter: () => onNear(row.id),
            onMouseLeave: () => onNear(""),
            onFocus: () => onNear(row.id),
            onBlur: () => onNear(""),
          },
          `${row.name || row.id}  ${figureOf(/** @type {any} */ (valueOf(row, colouring)))}`,
        ),
      ),
    ),
  );
}
