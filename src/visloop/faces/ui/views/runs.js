// @ts-check
/** Training runs: what was trained on what, with which settings, and what came out. */
import { code, dd, dialog, div, dl, dt, h, h1, h2, useEffect, useRef, useState } from "../lib/dom.js";
import { act, empty, failure, grid, panel, percent, stateBadge, when } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

/** @param {Record<string, any>} values */
const facts = (values) => dl({ class: "facts" }, ...Object.entries(values ?? {}).flatMap(([key, value]) =>
  [dt(key.replaceAll("_", " ")), dd(typeof value === "object" && value !== null ? code(JSON.stringify(value)) : String(value ?? "–"))]));

/** @param {{run: string, onClose: () => void}} properties */
function Detail({ run, onClose }) {
  const ref = useRef(null);
  const { data, error } = useAnswer("runs.show", { run });
  useEffect(() => { ref.current?.showModal(); }, []);
  return dialog({ ref, class: "detail", onClose },
    div({ class: "title" }, h1(run), div({ class: "grow" }), act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" })),
    failure(error),
    data ? div({ class: "columns even" },
      div(h2("Run"), facts(Object.fromEntries(Object.entries(data.run).filter(([, value]) => typeof value !== "object" || value === null)))),
      div(h2("Parameters"), facts(data.run.params), h2("Environment"), facts(data.run.environment)),
      div(h2("Metrics"), grid(data.metrics, [["metric", (row) => row.key], ["value", (row) => Number(row.value).toPrecision(4), "number"], ["step", (row) => row.step, "number"]]))) : null);
}

export function Runs() {
  const { data, error } = useAnswer("runs.list", { limit: 200 }, 3000);
  const [open, setOpen] = useState("");
  if (!data) return div(h1("Runs"), failure(error));
  return div(
    div({ class: "title" }, h1("Runs")),
    failure(error),
    panel("", data.count ? grid(data.rows, [
      ["run", (row) => code(row.id)],
      ["state", (row) => stateBadge(row.status)],
      ["data", (row) => row.data ?? row.ref ?? "–"],
      ["recipe", (row) => row.recipe],
      ["model", (row) => row.model ?? "–"],
      ["accuracy (cross-validated)", (row) => percent(row.metrics?.cv_accuracy ?? row.metrics?.accuracy), "number"],
      ["took", (row) => (row.started && row.ended ? `${((Date.parse(row.ended) - Date.parse(row.started)) / 1000).toFixed(1)} s` : "–"), "number"],
      ["began", (row) => when(row.started)],
    ], (row) => setOpen(row.id)) : empty("No run yet.", "visloop train DATASET@v1 --model NAME")),
    open ? h(Detail, { key: open, run: open, onClose: () => setOpen("") }) : null);
}
