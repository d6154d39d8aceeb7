// @ts-check
/** One model version: what it is worth, what the gate said, where it comes from, its card; and what a person may do. */
import { a, code, dd, div, dl, dt, h, h1, p, span } from "../lib/dom.js";
import { Markdown } from "../lib/markdown.js";
import { act, badge, empty, failure, grid, panel, stateBadge, underWay, waiting, when } from "../lib/parts.js";
import { address, useAnswer, useDeeds } from "../lib/use.js";
import { bytes, figureOf, spelt } from "../lib/words.js";
import { Asked } from "./judged/asking.js";
import { Evidence } from "./judged/assessed.js";
import { Incidents } from "./judged/incidents.js";
import { Variants } from "./judged/variants.js";
import { dataLink } from "./runs.js";
import { Batches } from "./serving/batches.js";

/** @typedef {import("../api.d.ts").Verbs} Verbs */
/** @typedef {Verbs["gate"]["answer"]} Verdict */
/** @typedef {import("../api.d.ts").ModelDetail} ModelDetail */

/** @param {{verdict: Verdict}} properties */
const Checks = ({ verdict }) =>
  grid(verdict.checks, [
    {
      title: "check",
      cell: (row) => [spelt(row.name), row.detail ? div({ class: "muted small" }, row.detail) : null],
      kind: "wide",
    },
    { title: "", cell: (row) => stateBadge(row.passed ? "pass" : "fail") },
    {
      title: "found",
      cell: (row) => [
        figureOf(row.value),
        row.interval
          ? div({ class: "muted small" }, row.interval.map((end) => (end === null ? "" : figureOf(end))).join(" … "))
          : null,
      ],
      kind: "number",
    },
    { title: "wanted", cell: (row) => row.wanted || "–", kind: "wrap" },
    { title: "pictures", cell: (row) => (row.n ? figureOf(row.n) : "–"), kind: "number" },
  ]);

/** @param {{model: string, data: ModelDetail}} properties */
function Origin({ model, data: { version, manifest } }) {
  const served = (useAnswer("deployments", {}).data?.rows ?? []).filter((each) => each.model === version.ref);
  return panel(
    "Where from, where to",
    dl(
      { class: "facts" },
      dt("data"),
      dd(dataLink(version.data)),
      dt("run"),
      dd(version.data ? a({ href: address("runs", version.run) }, version.run) : "none: imported"),
      dt("recipe"),
      dd(version.recipe),
      dt("made"),
      dd(when(version.created), " by ", version.actor.replace(/^user:|^part:/, "")),
      dt("served as"),
      dd(
        served.length
          ? served.map((each) => a({ href: address("deployments", each.name), class: "listed" }, each.name))
          : ["nowhere: ", code(`visloop deploy ${model} --as NAME`)],
      ),
      dt("classes"),
      dd(manifest.classes.join(", ")),
      dt("size"),
      dd(bytes(Object.values(manifest.sizes).reduce((sum, each) => sum + each, 0))),
      dt("contract"),
      dd(code({ title: manifest.contract }, manifest.contract.slice(0, 12))),
      dt("package"),
      dd(code({ title: version.package }, version.package.slice(0, 12))),
    ),
  );
}

/** @param {{model: string, data: Verbs["model.show"]["answer"]}} properties */
function Judged({
  model,
  data: {
    verdict,
    model: { approvals },
  },
}) {
  return panel(
    { title: "Gate", aside: verdict ? stateBadge(verdict.verdict) : null, class: "gate" },
    verdict
      ? div(
          { class: "stacked" },
          p(
            { class: "muted under-title" },
            `on ${verdict.on}${verdict.against ? `, against ${verdict.against}` : ", no champion to beat"}`,
          ),
          h(Checks, { verdict }),
          h(Evidence, { verdict }),
        )
      : empty("Not judged yet", "What it must show stands in visloop.yaml under gate.", `visloop gate ${model}`),
    approvals.length
      ? grid(approvals, [
          { title: "decision", cell: (row) => stateBadge(row.decision) },
          { title: "by", cell: (row) => row.actor.replace(/^user:|^part:/, "") },
          { title: "why", cell: (row) => row.reason || "–", kind: "wide" },
          { title: "when", cell: (row) => when(row.time) },
        ])
      : null,
  );
}

/** @param {{model: string}} properties */
export function Model({ model }) {
  const { data, error, reload } = useAnswer("model.show", { ref: model });
  const deeds = useDeeds();
  const version = data?.model.version;
  const ref = version?.ref ?? model;
  const test = version ? version.data.split(":")[0] + ":test" : "";
  const run = async (
    /** @type {"gate" | "evaluate" | "model.approve" | "model.reject" | "model.promote" | "model.archive"} */ verb,
    /** @type {any} */ ask,
    long = false,
  ) => {
    await deeds.run(verb, verb, ask, { long });
    reload();
  };
  return div(
    div(
      { class: "title" },
      a({ href: "#/models", class: "crumb" }, "Models"),
      h1(ref),
      version?.aliases.map((each) => badge(each, each === "champion" ? "good" : "plain")),
      version && version.state !== "registered" ? stateBadge(version.state) : null,
      version && version.stage !== "None" ? badge(version.stage, "plain") : null,
      span({ class: "grow" }),
      underWay(deeds),
      act("Judge by the gate", () => run("gate", { model: ref }, true), {
        busy: deeds.busy === "gate",
        disabled: !data,
      }),
      act("Approve", () => run("model.approve", { ref }), {
        busy: deeds.busy === "model.approve",
        disabled: !data || version?.state === "approved",
      }),
      act("Reject", () => run("model.reject", { ref }), {
        busy: deeds.busy === "model.reject",
        disabled: !data || version?.state === "rejected",
      }),
      act(
        version?.stage === "Archived" ? "Take back into use" : "Archive",
        () => run("model.archive", { ref, undo: version?.stage === "Archived" }),
        {
          busy: deeds.busy === "model.archive",
          disabled: !data || version?.stage === "Production",
          title: "keep it with all its evidence, out of use",
        },
      ),
      act("Promote", () => run("model.promote", { ref }), {
        kind: "primary",
        busy: deeds.busy === "model.promote",
        disabled: !data || version?.aliases.includes("champion"),
        title: "make it the champion",
      }),
    ),
    failure(deeds.problem ?? (data ? error : null)),
    data
      ? div(
          div({ class: "columns half" }, h(Origin, { model: ref, data: data.model }), h(Judged, { model: ref, data })),
          h(Incidents, { version: ref, verdict: data.verdict }),
          panel(
            {
              title: "Evaluation",
              aside: data.report
                ? null
                : act(`Evaluate on ${test}`, () => run("evaluate", { model: ref, on: test }, true), {
                    busy: deeds.busy === "evaluate",
                  }),
            },
            data.report
              ? h(Asked, { model: ref, report: data.report })
              : p(
                  { class: "muted" },
                  "Not measured yet: accuracy with intervals, every class, which are taken for which.",
                ),
          ),
          h(Variants, { model: ref, rows: data.variants, source: data.variant_of }),
          h(Batches, { model: ref }),
          panel("Card", h(Markdown, { source: data.card, skip: 1 })),
        )
      : waiting(error),
  );
}
