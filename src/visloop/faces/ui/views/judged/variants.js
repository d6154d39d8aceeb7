// @ts-check
/** The other forms of a model: what each costs and brings, and whether the policy takes it. */
import { a, code, details, div, h, p, span, summary } from "../../lib/dom.js";
import { Command, badge, empty, grid, panel, when } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { bytes, figureOf, percent, spelt } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").VariantRow} Variant */

const TARGETS = ["onnx-int8", "onnx-fp16", "openvino"];

/** @param {number} gain */
const signed = (gain) => `${gain > 0 ? "+" : gain < 0 ? "−" : "±"}${figureOf(Math.abs(gain))}`;

/** @param {number} before @param {number} after */
const times = (before, after) => (before > 0 && after > 0 ? `${figureOf(Number((before / after).toFixed(2)))} ×` : "–");

/** @param {Variant} row */
const form = (row) => [
  row.model ? a({ href: address("models", row.model) }, row.model) : code(row.target),
  div(
    { class: "muted small" },
    row.model ? row.target : row.passed ? "a file, not kept here" : "not made",
    row.calibrated_on ? `, scaled by ${row.calibrated_on}` : "",
  ),
];

/** @param {{model: string, rows: Variant[], source: string}} properties */
export function Variants({ model, rows, source }) {
  const left = source ? [] : TARGETS.filter((target) => !rows.some((row) => row.target === target));
  const commands = left.map((target) => `visloop model export ${model} ${fileOf(model, target)} --target ${target}`);
  return panel(
    {
      title: source ? "This form" : "Other forms",
      aside: source ? span("beside ", a({ href: address("models", source) }, source)) : null,
    },
    div(
      { class: "stacked" },
      rows.length
        ? grid(rows, [
            { title: "form", cell: form },
            { title: "", cell: (row) => badge(row.passed ? "taken" : "refused", row.passed ? "good" : "bad") },
            {
              title: "figure",
              cell: ({ report }) => [
                `${figureOf(report.before)} → ${figureOf(report.after)}`,
                div({ class: "muted small" }, `${spelt(report.metric)}, ${report.n} pictures`),
              ],
              kind: "number",
            },
            {
              title: "difference",
              cell: ({ report }) => [
                signed(report.gain),
                div({ class: "muted small" }, `${signed(report.low)} … ${signed(report.high)}`),
              ],
              kind: "number",
            },
            { title: "same class", cell: ({ report }) => percent(report.same), kind: "number" },
            {
              title: "size",
              cell: (row) => [
                bytes(row.bytes_after),
                div({ class: "muted small" }, `${times(row.bytes_before, row.bytes_after)} smaller`),
              ],
              kind: "number",
            },
            {
              title: "network",
              cell: ({ report }) => [
                `${figureOf(report.ms_after)} ms`,
                div({ class: "muted small" }, `${times(report.ms_before, report.ms_after)} as fast`),
              ],
              kind: "number",
            },
            { title: "judged", cell: (row) => when(row.time) },
            ...(rows.some((row) => row.why)
              ? [{ title: "why not", cell: (/** @type {Variant} */ row) => row.why || "–", kind: "wide" }]
              : []),
          ])
        : empty(
            "No other form was made yet",
            "Smaller and faster forms of a model are held against it on real pictures; what loses more than `gate.margin` is not kept.",
            ...commands.slice(0, 1),
          ),
      rows.length && commands.length
        ? details(
            summary("Make another"),
            div({ class: "stacked" }, ...commands.map((text) => h(Command, { key: text, text }))),
          )
        : null,
      rows.length
        ? p(
            { class: "muted small" },
            "Differences are paired on the same pictures, each end one-sided at the gate's confidence; the network's time is of one picture on one thread, in turns.",
          )
        : null,
    ),
  );
}

/** @param {string} model @param {string} target */
const fileOf = (model, target) =>
  `${model.replace("@", "-")}-${target.replace("onnx-", "")}.${target === "openvino" ? "zip" : "visloop"}`;
