// @ts-check
/** Registered models: versions, aliases, approval; what each was trained on and where it is served. */
import { a, div, h, h1, span } from "../lib/dom.js";
import { badge, empty, failure, grid, panel, stateBadge, waiting, when } from "../lib/parts.js";
import { address, useAnswer } from "../lib/use.js";
import { count, percent } from "../lib/words.js";
import { Model } from "./model.js";
import { dataLink } from "./runs.js";

/** @typedef {import("../api.d.ts").ModelLine} ModelLine */

/** @param {{address: string[]}} properties */
export const Models = ({ address: [ref] }) => (ref ? h(Model, { key: ref, model: ref }) : h(List, {}));

function List() {
  const { data, error } = useAnswer("models", {});
  const served = useAnswer("deployments", {}).data?.rows ?? [];
  const asked = useAnswer("incident.list", {}).data?.rows ?? [];
  const rows = data?.rows ?? [];
  const families = [...new Set(rows.map((row) => row.model))];
  const title = div(
    { class: "title" },
    h1("Models"),
    span({ class: "muted" }, rows.length ? count(rows.length, "version") : ""),
  );
  if (!data) return div(title, waiting(error));
  if (!rows.length)
    return div(
      title,
      panel(
        "",
        empty(
          "No model yet",
          "Training registers one: weights, contract, card and what it was trained on, in one package.",
          "visloop train DATASET@v1 --model NAME",
        ),
      ),
    );
  return div(
    title,
    failure(error),
    ...families.map((name) =>
      panel(
        {
          title: name,
          class: "named family",
          aside: tests(rows, name, asked.filter((each) => each.model === name).length),
        },
        grid(
          rows.filter((row) => row.model === name),
          [
            { title: "version", cell: (row) => a({ href: address("models", row.ref) }, row.version) },
            {
              title: "aliases",
              cell: (row) =>
                row.aliases.length
                  ? row.aliases.map((each) => badge(each, each === "champion" ? "good" : "plain"))
                  : "–",
            },
            { title: "stage", cell: (row) => (row.stage === "None" ? "–" : row.stage) },
            { title: "approval", cell: (row) => (row.state === "registered" ? "–" : stateBadge(row.state)) },
            { title: "accuracy, cross-validated", cell: (row) => percent(row.metrics.cv_accuracy), kind: "number" },
            { title: "trained on", cell: (row) => dataLink(row.data) },
            { title: "recipe", cell: (row) => row.recipe },
            {
              title: "served as",
              cell: (row) =>
                links(
                  served.filter((each) => each.model === row.ref && each.state === "live").map((each) => each.name),
                ),
            },
            { title: "made by", cell: (row) => row.actor.replace(/^user:|^part:/, "") },
            { title: "made", cell: (row) => when(row.created) },
          ],
          (row) => address("models", row.ref),
        ),
      ),
    ),
  );
}

/** How many incidents its gates ask about. @param {ModelLine[]} rows @param {string} name @param {number} n */
const tests = (rows, name, n) =>
  n ? a({ href: address("models", rows.find((row) => row.model === name)?.ref ?? name) }, count(n, "incident")) : null;

/** @param {string[]} deployments */
const links = (deployments) =>
  deployments.length
    ? deployments.map((each) => a({ href: address("deployments", each), class: "listed" }, each))
    : "–";
