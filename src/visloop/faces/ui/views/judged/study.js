// @ts-check
/** What a report says beyond its figures: what goes wrong, on which slices, on which pictures. */
import { details, div, h, h3, li, p, span, summary, ul } from "../../lib/dom.js";
import { bar, grid } from "../../lib/parts.js";
import { figureOf } from "../../lib/words.js";
import { Sheet } from "./pictures.js";

/** @typedef {import("../../api.d.ts").Verbs["evaluate"]["answer"]} Answer */

const GOOD = ["better", "met"];
const BAD = ["worse", "missed"];
const both = (/** @type {number[] | null | undefined} */ interval) => interval?.map(figureOf).join(" … ") ?? "–";

/** Majority class, champion and charter. @param {{report: Answer}} properties */
export const Beside = ({ report }) =>
  report.beside.length
    ? div(
        h3("Beside what it must beat"),
        grid(/** @type {any[]} */ (report.beside), [
          { title: "", cell: (row) => row.against },
          { title: "figure", cell: (row) => row.metric },
          { title: "this model", cell: (row) => figureOf(row.ours), kind: "number" },
          { title: "that", cell: (row) => figureOf(row.theirs), kind: "number" },
          { title: "better by", cell: (row) => (row.gain == null ? "" : figureOf(row.gain)), kind: "number" },
          { title: "95 %", cell: (row) => both(row.interval), kind: "number" },
          {
            title: "",
            cell: (row) =>
              span(
                { class: GOOD.includes(row.verdict) ? "good" : BAD.includes(row.verdict) ? "bad" : "muted" },
                row.verdict,
              ),
          },
        ]),
      )
    : null;

/** Kinds of error of detectors, the dearest first. @param {{report: Answer}} properties */
export const Errors = ({ report }) => {
  const errors = /** @type {any[]} */ (report.errors);
  if (!errors.length) return null;
  const most = Math.max(0.01, ...errors.map((each) => each.gain));
  return div(
    h3("Errors, and what map50 would gain without them"),
    grid(errors, [
      { title: "error", cell: (row) => row.name },
      { title: "", cell: (row) => span({ class: "muted" }, row.meaning) },
      { title: "how many", cell: (row) => figureOf(row.count), kind: "number" },
      { title: "gain", cell: (row) => figureOf(row.gain), kind: "number" },
      { title: "", cell: (row) => bar(Math.max(0, row.gain / most)), kind: "bar-cell" },
    ]),
    ...errors
      .filter((each) => each.pictures.length)
      .map((each) =>
        details(
          summary(`${each.name} `, span({ class: "muted" }, each.meaning)),
          h(Sheet, { pictures: each.pictures }),
        ),
      ),
  );
};

/** @param {{report: Answer, rows: any[]}} properties */
const Rows = ({ report, rows }) => {
  const metric = Object.keys(rows[0]?.metrics ?? {})[0];
  return grid(rows, [
    { title: "slice", cell: (row) => row.name, kind: "wide" },
    { title: "pictures", cell: (row) => figureOf(row.n), kind: "number" },
    { title: metric ?? "", cell: (row) => figureOf(row.metrics[metric]), kind: "number" },
    { title: "95 %", cell: (row) => both(row.intervals[metric]), kind: "number" },
    { title: "loss", cell: (row) => span({ title: report.loss }, figureOf(row.loss)), kind: "number" },
    { title: "of the rest", cell: (row) => figureOf(row.rest), kind: "number" },
    { title: "q", cell: (row) => span({ class: row.q <= 0.05 ? "bad" : "muted" }, figureOf(row.q)), kind: "number" },
  ]);
};

/** Slices that were looked at, and failing ones that were searched for. @param {{report: Answer}} properties */
export const Slices = ({ report }) => {
  const rows = /** @type {any[]} */ (report.slices);
  const found = /** @type {any[]} */ (report.found);
  const asked = rows.filter((each) => each.kind === "asked");
  const looked = rows.filter((each) => each.kind !== "asked");
  if (!rows.length && !report.searched) return null;
  const worse = looked.filter((each) => each.q <= 0.05).length;
  return div(
    h3("Slices"),
    p(
      { class: "muted" },
      `${report.looked_at} slices were looked at; ${worse} fare worse than the rest at a false discovery rate of 5 %.`,
      report.searched
        ? ` ${report.searched} slices and pairs of them were tried in one half of the pictures; of ${report.tested} that stood out, the other half confirmed ${found.length}.`
        : "",
    ),
    asked.length ? h(Rows, { report, rows: asked }) : null,
    found.length ? h(Rows, { report, rows: found }) : null,
    looked.length
      ? details(
          { open: !found.length && looked.length <= 12 },
          summary("all that were looked at"),
          h(Rows, { report, rows: looked }),
        )
      : null,
    ...rows
      .filter((each) => each.worst?.length)
      .map((each) => details(summary(`worst of ${each.name}`), h(Sheet, { pictures: each.worst }))),
  );
};

/** The worst answered pictures. @param {{report: Answer}} properties */
export const Worst = ({ report }) => {
  const worst = /** @type {any[]} */ (report.worst);
  if (!worst.length) return null;
  const has = (/** @type {string} */ marks) => worst.some((each) => each[marks]?.length);
  const kinds = has("boxes") ? ["right", "wrong", "missed"] : has("outlines") ? ["true", "answered"] : [];
  return div(
    h3("Worst pictures"),
    kinds.length ? ul({ class: "mark-names" }, ...kinds.map((kind) => li({ class: kind }, kind))) : null,
    h(Sheet, { pictures: worst }),
  );
};
