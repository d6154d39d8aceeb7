// @ts-check
/** A report on a model: its figures with their intervals, what is taken for what, and all that the study says. */
import { button, div, h, h3, p, span, table, tbody, td, th, thead, tr, useState } from "../../lib/dom.js";
import { bar, failure, grid } from "../../lib/parts.js";
import { figureOf, percent } from "../../lib/words.js";
import { PrecisionRecall, Reliability } from "./charts.js";
import { Sheet } from "./pictures.js";
import { Beside, Errors, Slices, Worst } from "./study.js";

/** @typedef {import("../../api.d.ts").Verbs["evaluate"]["answer"]} Answer */

const MOST = 30;

/** The figure that speaks for a model, and how it is called. @type {Record<string, [string, string]>} */
const HEADLINES = {
  classify: ["accuracy", "accuracy"],
  detect: ["map50", "mean average precision at half overlap"],
  segment: ["mean_iou", "mean intersection over union"],
  regress: ["mae", "mean absolute error"],
};
/** @type {Record<string, {title: string, cell: (row: any) => string, kind: "number"}>} */
const BY_CLASS = {
  classify: { title: "F1", cell: (row) => percent(row.f1), kind: "number" },
  detect: { title: "AP50", cell: (row) => percent(row.ap50 ?? 0), kind: "number" },
  segment: { title: "IoU", cell: (row) => percent(row.iou ?? 0), kind: "number" },
};

/** Truth in rows, answers in columns; a mistake opens its pictures. @param {{report: Answer}} properties */
function Confusion({ report }) {
  const [open, setOpen] = useState(/** @type {any} */ (null));
  if (!report.confusion.length) return null;
  const most = Math.max(1, ...report.confusion.flat());
  const cells = /** @type {any[]} */ (report.confused);
  const find = (/** @type {string} */ truth, /** @type {string} */ answered) =>
    cells.find((each) => each.truth === truth && each.answered === answered);
  const told = (/** @type {any} */ cell) => `${cell.truth} → ${cell.answered}`;
  return div(
    h3("What is taken for what"),
    report.labels.length <= MOST
      ? div(
          { class: "scroll" },
          table(
            { class: "confusion" },
            thead(
              tr(th({ scope: "col" }, "truth ↓  answer →"), ...report.labels.map((each) => th({ scope: "col" }, each))),
            ),
            tbody(
              ...report.confusion.map((row, k) =>
                tr(
                  th({ scope: "row" }, report.labels[k]),
                  ...row.map((n, j) => {
                    const cell = k === j ? null : find(report.labels[k], report.labels[j]);
                    const said = `${n} of ${report.labels[k]} called ${report.labels[j]}`;
                    return td(
                      {
                        class: n ? (k === j ? "right" : "wrong") : "none",
                        style: `--share:${(0.1 + 0.36 * (n / most)).toFixed(3)}`,
                        title: said,
                      },
                      cell
                        ? button({ class: "cell", "aria-label": `${said}: show`, onClick: () => setOpen(cell) }, n)
                        : n || "·",
                    );
                  }),
                ),
              ),
            ),
          ),
        )
      : div(
          { class: "listed-mistakes" },
          ...cells
            .slice(0, 20)
            .map((cell) =>
              button({ onClick: () => setOpen(cell) }, `${told(cell)} `, span({ class: "muted" }, cell.n)),
            ),
        ),
    open
      ? div(p({ class: "muted", role: "status" }, `${told(open)}: ${open.n}`), h(Sheet, { pictures: open.pictures }))
      : cells.length
        ? p({ class: "muted small" }, "Choose a mistake to see its pictures.")
        : null,
  );
}

/** Every figure by its name, with its interval. @param {{report: Answer}} properties */
const Metrics = ({ report }) =>
  grid(Object.entries(report.metrics), [
    { title: "figure", cell: ([name]) => name },
    { title: "", cell: ([, value]) => figureOf(value), kind: "number" },
    {
      title: "95 %",
      cell: ([name]) => (report.intervals[name] ? report.intervals[name].map(figureOf).join(" … ") : "–"),
      kind: "number",
    },
  ]);

/** @param {{report: Answer, rows: any[], what: string}} properties */
const Classes = ({ report, rows, what }) =>
  grid(rows, [
    { title: what, cell: (row) => row.name },
    { title: report.task === "detect" ? "objects" : "pictures", cell: (row) => figureOf(row.support), kind: "number" },
    { title: "precision", cell: (row) => percent(row.precision), kind: "number" },
    { title: "recall", cell: (row) => percent(row.recall), kind: "number" },
    BY_CLASS[report.task] ?? BY_CLASS.classify,
    { title: "", cell: (row) => bar(row.ap50 ?? row.iou ?? row.f1), kind: "bar-cell" },
  ]);

/** @param {{report: Answer}} properties */
export function Report({ report }) {
  const [metric, called] = HEADLINES[report.task] ?? HEADLINES.classify;
  const interval = report.intervals[metric];
  const told = metric === "mae" ? figureOf : percent;
  return div(
    { class: "judged" },
    p(
      { class: "headline" },
      told(report.metrics[metric]),
      span(
        { class: "muted" },
        ` ${called}`,
        interval ? `, 95 % interval ${told(interval[0])} … ${told(interval[1])}` : "",
        `, ${report.n} pictures of ${report.on}`,
      ),
    ),
    report.trained_on
      ? failure({ what: `${report.trained_on} of these pictures were trained on: the figures flatter.`, fix: "" })
      : null,
    h(Beside, { report }),
    div(
      { class: "columns even" },
      div(h3("Figures"), h(Metrics, { report })),
      report.per_class.length
        ? div(
            h3("Classes"),
            h(Classes, { report, rows: report.per_class, what: "class" }),
            report.sizes.length ? h(Classes, { report, rows: report.sizes, what: "size" }) : null,
          )
        : null,
    ),
    report.curves.length || report.calibration.length
      ? div(
          { class: "columns even" },
          report.calibration.length ? h(Reliability, { report }) : null,
          report.curves.length ? h(PrecisionRecall, { report }) : null,
        )
      : null,
    h(Confusion, { report }),
    h(Errors, { report }),
    h(Slices, { report }),
    h(Worst, { report }),
  );
}
