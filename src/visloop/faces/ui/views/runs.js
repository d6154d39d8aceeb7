// @ts-check
/** Training runs: what was trained on what, with which settings, and what came out. */
import { a, code, dd, div, dl, dt, h, h1, span } from "../lib/dom.js";
import { empty, failure, grid, panel, stateBadge, waiting, when } from "../lib/parts.js";
import { address, useAnswer } from "../lib/use.js";
import { epochs } from "./epochs.js";
import { between, count, duration, figureOf, percent } from "../lib/words.js";

/** @typedef {import("../api.d.ts").RunLine} RunLine */

/** `line@v1:train` as a link to the data. @param {string} ref */
export function dataLink(ref) {
  if (!ref) return "–";
  if (!ref) return "made elsewhere";
  const [name, version = "", split = ""] = ref.split(/[@:]/);
  return a({ href: address("data", name, ...(version ? [version] : []), ...(split ? [split] : [])) }, ref);
}

/** @typedef {import("../lib/dom.js").Child} Child */

/** @param {Array<[string, Child]>} rows */
const list = (rows) => dl({ class: "facts" }, ...rows.flatMap(([key, value]) => [dt(key), dd(value)]));

/** Values by their names, nested ones by dotted names. @param {Record<string, any>} values @param {string} [prefix] @returns {Array<[string, Child]>} */
const named = (values, prefix = "") =>
  Object.entries(values).flatMap(([key, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? named(value, `${prefix}${key}.`)
      : [/** @type {[string, Child]} */ ([prefix + key.replaceAll("_", " "), said(value)])],
  );

/** @param {unknown} value */
function said(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return figureOf(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? code(JSON.stringify(value)) : String(value);
}

/** @param {{id: string}} properties */
function Detail({ id }) {
  const { data, error } = useAnswer("runs.show", { run: id });
  const title = div(
    { class: "title" },
    a({ href: "#/runs", class: "crumb" }, "Runs"),
    h1(id),
    data ? stateBadge(data.run.status) : null,
  );
  if (!data) return div(title, waiting(error));
  const { run } = data;
  const metrics = Object.entries(run.metrics);
  const times = metrics
    .filter(([key]) => key.startsWith("time."))
    .map(([key, value]) => /** @type {[string, number]} */ ([key.slice(5).replace(/_s$/, ""), value]));
  const { packages = {}, ...environment } = run.environment;
  return div(
    title,
    failure(error),
    run.error ? failure({ what: run.error.what ?? JSON.stringify(run.error), fix: run.error.fix ?? "" }) : null,
    epochs(id, data.predictions),
    div(
      { class: "masonry" },
      panel(
        "Run",
        list([
          ["data", dataLink(run.data)],
          ["model", run.model ? a({ href: address("models", run.model) }, run.model) : "–"],
          ["recipe", run.recipe],
          ["began", when(run.started)],
          ["took", between(run.started, run.ended)],
          ["attempt", String(run.attempt)],
          ["by", run.actor.replace(/^user:|^part:/, "")],
          ["seed", String(run.seed)],
          ["threads", String(run.threads)],
          ["code", run.commit ? [code(run.commit.slice(0, 12)), run.dirty ? " with changes" : ""] : "no Git commit"],
          ...Object.entries(run.pictures).map(
            ([key, n]) =>
              /** @type {[string, Child]} */ ([
                key === "used" ? "pictures" : `left out: ${key}`,
                n.toLocaleString("en"),
              ]),
          ),
        ]),
      ),
      panel(
        "Measured",
        list(
          metrics
            .filter(([key]) => !key.startsWith("time."))
            .map(([key, value]) => [
              key.replaceAll("_", " "),
              key.endsWith("accuracy") ? percent(value) : figureOf(value),
            ]),
        ),
      ),
      panel("Time", list(times.map(([key, value]) => [key, duration(value)]))),
      panel("Parameters", list(named(run.params))),
      panel("Environment", list(named(environment))),
      panel("Packages", list(named(packages))),
    ),
  );
}

/** @param {{address: string[]}} properties */
export function Runs({ address: [id] }) {
  return id ? h(Detail, { key: id, id }) : h(List, {});
}

function List() {
  const { data, error } = useAnswer("runs.list", { limit: 200 }, 3000);
  const title = div(
    { class: "title" },
    h1("Runs"),
    span({ class: "muted" }, data?.count ? count(data.count, "run") : ""),
  );
  if (!data) return div(title, waiting(error));
  const rows = /** @type {RunLine[]} */ (data.rows);
  const measured = rows.map((row) => row.metrics.cv_accuracy).filter((each) => each !== undefined);
  const best = new Set(measured).size > 1 ? Math.max(...measured) : NaN;
  return div(
    title,
    failure(error),
    panel(
      "",
      rows.length
        ? grid(
            rows,
            [
              { title: "run", cell: (row) => a({ href: address("runs", row.id) }, code(row.id)) },
              { title: "state", cell: (row) => stateBadge(row.status) },
              { title: "data", cell: (row) => dataLink(row.data) },
              { title: "seed", cell: (row) => row.seed, kind: "number" },
              { title: "recipe", cell: (row) => row.recipe },
              {
                title: "model",
                cell: (row) => (row.model ? a({ href: address("models", row.model) }, row.model) : "–"),
              },
              {
                title: "accuracy, cross-validated",
                cell: (row) =>
                  span({ class: row.metrics.cv_accuracy === best ? "best" : "" }, percent(row.metrics.cv_accuracy)),
                kind: "number",
              },
              { title: "log loss", cell: (row) => figureOf(row.metrics.cv_log_loss), kind: "number" },
              { title: "took", cell: (row) => between(row.started, row.ended), kind: "number" },
              { title: "by", cell: (row) => row.actor.replace(/^user:|^part:/, "") },
              { title: "began", cell: (row) => when(row.started) },
            ],
            (row) => address("runs", row.id),
          )
        : empty(
            "No run yet",
            "A run is a training with everything that it depended on: data version, parameters, packages, code.",
            "visloop train DATASET@v1 --model NAME",
          ),
    ),
  );
}
