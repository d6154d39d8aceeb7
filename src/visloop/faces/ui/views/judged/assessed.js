// @ts-check
/** What was measured of a model beyond its report: figures, curves, tables, pictures behind a verdict. */
import { circle, details, div, g, h, h3, img, li, p, path, span, summary, svg, text, ul } from "../../lib/dom.js";
import { image } from "../../lib/api.js";
import { grid, stateBadge } from "../../lib/parts.js";
import { figureOf, spelt } from "../../lib/words.js";
import { COLOURS } from "./charts.js";
import { Sheet } from "./pictures.js";

/** @typedef {import("../../api.d.ts").Verbs["assess"]["answer"]} Assessed */
/** @typedef {import("../../api.d.ts").Verbs["gate"]["answer"]} Verdict */
/** @typedef {{x: string, y: string, by: string, low: string, high: string, part: string, of: string, log: boolean}} Plot */
/** @typedef {Record<string, any>} Row */

const [WIDE, HIGH, LEFT, ABOVE, BELOW] = [300, 190, 52, 8, 36];
const MOST_ROWS = 200;
const told = (/** @type {any} */ value) =>
  typeof value === "number" ? figureOf(value) : value === null || value === "" ? "–" : String(value);

/** From values to pixels. @param {number[]} values @param {number} start @param {number} end @param {boolean} log @param {boolean} zero */
function axis(values, start, end, log, zero) {
  const positive = values.filter((each) => each > 0);
  const least = log ? Math.min(...positive) : Math.min(...values, ...(zero ? [0] : []));
  const most = Math.max(...values);
  const scale = log ? Math.log10 : (/** @type {number} */ v) => v;
  const width = scale(most) - scale(least) || 1;
  const at = (/** @type {number} */ v) =>
    start + ((scale(log ? Math.max(v, least) : v) - scale(least)) / width) * (end - start);
  const ticks = [0, 1, 2, 3, 4].map((k) =>
    log ? 10 ** (scale(least) + (width * k) / 4) : least + ((most - least) * k) / 4,
  );
  return { at, ticks };
}

/** A column over another, a line for each value of a third. @param {{rows: readonly Row[], plot: Plot}} properties */
function Lines({ rows, plot }) {
  const mine = rows.filter(
    (row) =>
      (!plot.part || String(row[plot.part]) === plot.of) &&
      Number.isFinite(row[plot.x]) &&
      Number.isFinite(row[plot.y]),
  );
  if (!mine.length) return null;
  const ends = [plot.y, plot.low, plot.high].filter(Boolean);
  const values = mine.flatMap((row) => ends.map((key) => row[key]).filter(Number.isFinite));
  const across = axis(
    mine.map((row) => row[plot.x]),
    LEFT,
    LEFT + WIDE,
    plot.log,
    false,
  );
  const up = axis(values, ABOVE + HIGH, ABOVE, plot.log, true);
  const names = [...new Set(mine.map((row) => (plot.by ? String(row[plot.by]) : "")))];
  const drawn = names.map((name, k) => {
    const its = mine.filter((row) => !plot.by || String(row[plot.by]) === name);
    its.sort((one, two) => one[plot.x] - two[plot.x]);
    const points = its.map((row) => [across.at(row[plot.x]), up.at(row[plot.y])]);
    const colour = COLOURS[k % COLOURS.length];
    return g(
      path({ class: "curve", stroke: colour, d: `M${points.map(([x, y]) => `${x} ${y}`).join("L")}` }),
      ...its.map((row, i) =>
        Number.isFinite(row[plot.low]) && Number.isFinite(row[plot.high])
          ? path({ class: "whisker", d: `M${points[i][0]} ${up.at(row[plot.low])}V${up.at(row[plot.high])}` })
          : null,
      ),
      ...points.map(([x, y]) => circle({ cx: x, cy: y, r: 2.6, fill: colour })),
    );
  });
  return div(
    plot.of ? h3(spelt(plot.of)) : null,
    svg(
      {
        class: "square",
        viewBox: `0 0 ${LEFT + WIDE + 12} ${ABOVE + HIGH + BELOW}`,
        role: "img",
        "aria-label": `${spelt(plot.y)} over ${spelt(plot.x)}`,
      },
      ...across.ticks.map((tick) =>
        text({ x: across.at(tick), y: ABOVE + HIGH + 14, "text-anchor": "middle" }, figureOf(tick)),
      ),
      ...up.ticks.map((tick) =>
        g(
          path({ class: "rule", d: `M${LEFT} ${up.at(tick)}h${WIDE}` }),
          text({ x: LEFT - 6, y: up.at(tick) + 4, "text-anchor": "end" }, figureOf(tick)),
        ),
      ),
      ...drawn,
      text({ x: LEFT + WIDE / 2, y: ABOVE + HIGH + 30, "text-anchor": "middle" }, spelt(plot.x)),
    ),
    names.length > 1
      ? ul(
          { class: "curve-names" },
          ...names.map((name, k) =>
            li(span({ class: "dot", style: `background:${COLOURS[k % COLOURS.length]}` }), ` ${spelt(name)}`),
          ),
        )
      : null,
  );
}

/** @param {{rows: readonly Row[]}} properties */
const Table = ({ rows }) =>
  grid(
    rows.slice(0, MOST_ROWS),
    Object.keys(rows[0]).map((key) => ({
      title: spelt(key),
      cell: (/** @type {Row} */ row) => told(row[key]),
      kind: typeof rows[0][key] === "number" ? "number" : "wrap",
    })),
  );

/** @param {{made: Assessed}} properties */
const One = ({ made }) => {
  const figures = Object.entries(/** @type {Record<string, any>} */ (made.figures));
  const pictures = /** @type {any[]} */ (made.pictures);
  const plots = /** @type {Plot[]} */ (/** @type {unknown} */ (made.plots));
  return div(
    { class: "assessed" },
    p({ class: "muted small" }, made.about),
    grid(figures, [
      { title: "figure", cell: ([name]) => spelt(name) },
      { title: "", cell: ([, each]) => figureOf(each.value), kind: "number" },
      {
        title: "95 %",
        cell: ([, each]) => (each.low === null && each.high === null ? "" : `${told(each.low)} … ${told(each.high)}`),
        kind: "number",
      },
      { title: "of", cell: ([, each]) => (each.n ? figureOf(each.n) : ""), kind: "number" },
    ]),
    ...made.notes.map((note) => p({ class: "small" }, note)),
    plots.length ? div({ class: "curves" }, ...plots.map((plot) => h(Lines, { rows: made.rows, plot }))) : null,
    made.rows.length ? details(summary(`${made.rows.length} rows`), h(Table, { rows: made.rows })) : null,
    ...pictures
      .filter((each) => each.whole)
      .map((each) =>
        div(
          { class: "whole" },
          img({ src: image(each.image), alt: each.said, loading: "lazy", style: "max-width:100%" }),
          p(each.said),
        ),
      ),
    h(Sheet, { pictures: pictures.filter((each) => !each.whole).map((each) => ({ ...each, path: each.said })) }),
  );
};

/** The evidence of a verdict, an assessment each. @param {{verdict: Verdict}} properties */
export const Evidence = ({ verdict }) => {
  const all = /** @type {Assessed[]} */ (/** @type {unknown} */ (verdict.assessments));
  const failed = new Set(verdict.checks.filter((each) => !each.passed).map((each) => each.evidence));
  return all.length
    ? div(
        h3("Evidence"),
        ...all.map((made) =>
          details(
            { open: failed.has(made.assessment) },
            summary(made.kind, " ", stateBadge(failed.has(made.assessment) ? "fail" : "pass")),
            h(One, { made }),
          ),
        ),
      )
    : null;
};
