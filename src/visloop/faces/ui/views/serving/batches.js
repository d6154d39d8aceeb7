// @ts-check
/** Batch predictions of a model: how far each is, where its answers lie, how one that was cut off goes on. */
import { code, div, h, p, span } from "../../lib/dom.js";
import { Command, bar, empty, grid, panel, stateBadge, waiting, when } from "../../lib/parts.js";
import { useAnswer } from "../../lib/use.js";
import { between, count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").BatchRow} Batch */

/** @param {Batch} row */
function progress(row) {
  const done = row.done.toLocaleString("en");
  if (row.state === "done" || !row.total) return done;
  const total = row.total.toLocaleString("en");
  return [
    `${done} of ${total}`,
    bar(row.done / row.total, { label: "pictures answered", value: `${done} of ${total}` }),
  ];
}

/** @param {Batch} row */
const place = ({ out, video, state }) =>
  state === "dropped"
    ? "–"
    : [out, video].filter(Boolean).map((each) => div({ key: each }, code({ title: each }, each)));

/** @param {{model: string}} properties */
export function Batches({ model }) {
  const { data, error } = useAnswer("batches", { model }, 3000);
  if (!data) return panel("Batch predictions", waiting(error));
  const cut = data.rows.filter((row) => row.state === "cut off");
  return panel(
    {
      title: "Batch predictions",
      aside: data.count ? span({ class: "muted" }, count(data.count, "batch", "batches")) : null,
    },
    div(
      { class: "stacked" },
      data.count
        ? grid(data.rows.slice(0, 12), [
            { title: "state", cell: (row) => stateBadge(row.state) },
            { title: "answered", cell: progress, kind: "number" },
            { title: "not read", cell: (row) => (row.ended ? row.failed.toLocaleString("en") : "–"), kind: "number" },
            { title: "of", cell: (row) => row.sources.join(", "), kind: "wide" },
            { title: "answers", cell: place, kind: "wide" },
            { title: "begun", cell: (row) => when(row.begun) },
            { title: "took", cell: (row) => between(row.begun, row.ended), kind: "number" },
          ])
        : empty(
            "No batch prediction yet",
            "Folders, films, buckets and versions are answered without a server; what is cut off goes on where it was.",
            `visloop predict ${model} FOLDER --out answers.jsonl`,
          ),
      cut.length
        ? div(
            { class: "stacked" },
            p({ class: "muted" }, "What was cut off goes on behind the last answer when it is asked for once more:"),
            ...cut.slice(0, 3).map((row) => h(Command, { key: row.id, text: row.command })),
          )
        : null,
    ),
  );
}
