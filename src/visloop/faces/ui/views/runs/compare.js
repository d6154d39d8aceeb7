// @ts-check
/** Runs side by side: curves in one plot, and a table of what differs, the best figure of each row marked. */
import {
  a,
  button,
  details,
  div,
  h,
  h1,
  span,
  summary,
  table,
  tbody,
  td,
  th,
  thead,
  tr,
  useMemo,
} from "../../lib/dom.js";
import { failure, panel, waiting } from "../../lib/parts.js";
import { address, go, useAnswer } from "../../lib/use.js";
import { count, figureOf } from "../../lib/words.js";
import { Curves, keyed } from "./curves.js";
import { isCost, isJudged } from "./reading.js";

/** @typedef {{group: string, name: string, values: any[]}} Row */

/** @type {Array<[string, string]>} */
const GROUPS = [
  ["metric", "Figures"],
  ["param", "Parameters"],
  ["run", "Data, code and cost"],
  ["tag", "Tags"],
  ["machine", "Machine"],
  ["package", "Packages"],
];

/** @param {{runs: string[]}} properties */
export function Compare({ runs }) {
  const { data, error } = useAnswer("runs.compare", { runs }, 3000);
  const title = div(
    { class: "title" },
    a({ href: "#/runs", class: "crumb" }, "Runs"),
    h1(`${count(runs.length, "run")} compared`),
    span({ class: "grow" }),
    a({ href: address("runs", "parallel", runs.join(",")) }, "Parallel coordinates"),
  );
  const live = useMemo(() => isLive(data), [data]);
  if (!data) return div(title, waiting(error));
  const rows = told(/** @type {Row[]} */ (data.rows));
  return div(
    title,
    failure(error),
    panel(
      "Runs",
      div(
        { class: "chips" },
        ...runs.map((id, n) =>
          span(
            { class: "chosen-run" },
            keyed(id, n, nameOf(rows, n)),
            runs.length > 2
              ? button(
                  {
                    type: "button",
                    class: "quiet",
                    "aria-label": `leave out ${id}`,
                    onClick: () => go("runs", "compare", runs.filter((each) => each !== id).join(",")),
                  },
                  "×",
                )
              : null,
          ),
        ),
      ),
    ),
    h(Curves, { runs, live }),
    panel(
      { title: "What differs", class: "side-by-side" },
      rows.length ? grouped(runs, rows, true) : div({ class: "muted" }, "Nothing: these runs are alike."),
      details(
        summary(`${count(data.same.length, "value")} the same`),
        grouped(runs, /** @type {Row[]} */ (data.same), false),
      ),
    ),
  );
}

/** A figure that says a parameter again is left out. @param {Row[]} rows */
const told = (rows) => {
  const params = rows.filter((each) => each.group === "param");
  const again = (/** @type {Row} */ row) =>
    params.some(({ name, values }) => name === row.name && String(values) === String(row.values));
  return rows.filter((each) => each.group !== "metric" || !again(each));
};

/** @param {import("../../api.d.ts").RunsCompared | null} data */
const isLive = (data) =>
  [...(data?.rows ?? []), ...(data?.same ?? [])].some((row) => row.name === "status" && row.values.includes("running"));

/** @param {Row[]} rows @param {number} n */
const nameOf = (rows, n) => {
  const name = rows.find((row) => row.group === "run" && row.name === "name")?.values[n];
  return name ? String(name) : "";
};

/** @param {string[]} runs @param {Row[]} rows @param {boolean} differ */
const grouped = (runs, rows, differ) =>
  div(
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": differ ? "what differs" : "what is the same" },
    table(
      thead(
        tr(th({ scope: "col" }, "what"), ...runs.map((id, n) => th({ scope: "col" }, keyed(id, n, id.slice(0, 10))))),
      ),
      ...GROUPS.flatMap(([group, words]) => {
        const mine = rows.filter((row) => row.group === group);
        if (!mine.length) return [];
        return [
          tbody(
            tr({ class: "group" }, th({ colSpan: runs.length + 1, scope: "colgroup" }, words)),
            ...mine.map((row) => {
              const best = differ && group === "metric" ? bestOf(row) : null;
              return tr(
                th({ scope: "row" }, row.name.replaceAll("_", " ")),
                ...row.values.map((value) =>
                  td(
                    { class: `${typeof value === "number" ? "number" : ""} ${differ ? oddness(row, value) : ""}` },
                    value !== null && value === best ? span({ class: "best" }, said(value)) : said(value),
                  ),
                ),
              );
            }),
          ),
        ];
      }),
    ),
  );

/** The better end of a row of figures. @param {Row} row */
function bestOf({ name, values }) {
  const numbers = values.filter((each) => typeof each === "number");
  if (numbers.length < 2 || !isJudged(name)) return null;
  return isCost(name) ? Math.min(...numbers) : Math.max(...numbers);
}

/** A value that is not what most runs have stands out. @param {Row} row @param {any} value */
function oddness({ group, values }, value) {
  if (group === "metric") return "";
  const words = values.map(String);
  const often = Math.max(...words.map((each) => words.filter((other) => other === each).length));
  const mine = words.filter((each) => each === String(value)).length;
  return values.length === 2 || mine < often ? "odd" : "";
}

/** @param {any} value */
function said(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return figureOf(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
