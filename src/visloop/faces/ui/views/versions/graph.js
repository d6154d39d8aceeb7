// @ts-check
/** The graph: every version with its branches and tags; beside it the one that is looked at, and the branches. */
import { a, circle, div, h, li, ol, p, path, span, svg, useState } from "../../lib/dom.js";
import { PALETTE } from "../../lib/colours.js";
import { lanesOf } from "./lanes.js";
import { act, badge, empty, failure, panel, waiting, when } from "../../lib/parts.js";
import { address, go, useAnswer } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Branches } from "./branches.js";
import { OneVersion } from "./one.js";
import { whoInWords } from "./words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../api.d.ts").LogRow} LogRow */
/** @typedef {import("../../api.d.ts").Branch} Branch */
/** @typedef {import("./lanes.js").Row} Row */

const STEP = 100;
const HIGH = 58;
const WIDE = 18;

/** @param {{dataset: DatasetSummary, chosen: string}} properties */
export function Graph({ dataset, chosen }) {
  const { name } = dataset;
  const [limit, setLimit] = useState(STEP);
  const log = useAnswer("log", { dataset: name, limit });
  const branches = useAnswer("branch.list", { dataset: name });
  if (!log.data || !branches.data) return waiting(log.error ?? branches.error);
  const rows = log.data.rows;
  const heads = branches.data.rows;
  if (!rows.length)
    return panel(
      "",
      empty(
        "No version yet",
        "A version is a state that never changes again.",
        `visloop commit ${name} -m "first pictures"`,
      ),
    );
  const named =
    heads.find((each) => each.name === chosen)?.version ?? rows.find((row) => row.tags.includes(chosen))?.version;
  const version =
    rows.find((row) => row.version === (named ?? chosen)) ??
    (chosen ? null : rows.find((row) => row.version === dataset.version)) ??
    rows[0];
  const missing = chosen && version.version !== (named ?? chosen);
  return div(
    { class: "columns versions-room" },
    panel(
      {
        title: `${count(rows.length, "version")}${rows.length === limit ? ", the newest" : ""}`,
        aside: h(Steps, { name, rows, version: version.version }),
      },
      missing ? p({ class: "muted" }, `${chosen} is not among these versions.`) : null,
      h(List, { name, rows, heads, version: version.version }),
      rows.length === limit
        ? div(
            { class: "foot" },
            act("Show older ones", () => setLimit(limit + STEP)),
          )
        : null,
    ),
    div(
      { class: "side" },
      failure(log.error ?? branches.error),
      h(OneVersion, { key: version.version, dataset, row: version, rows, heads }),
      h(Branches, { dataset, heads }),
    ),
  );
}

/** @param {{name: string, rows: LogRow[], version: string}} properties */
function Steps({ name, rows, version }) {
  const at = rows.findIndex((row) => row.version === version);
  const to = (/** @type {number} */ by) => () => go("data", name, "work", "all", "versions", rows[at + by].version);
  return div(
    { class: "row" },
    act("Newer", to(-1), { disabled: at <= 0, kind: "quiet" }),
    act("Older", to(1), { disabled: at >= rows.length - 1, kind: "quiet" }),
  );
}

/** @param {{name: string, rows: LogRow[], heads: Branch[], version: string}} properties */
function List({ name, rows, heads, version }) {
  const { rows: lanes, width } = lanesOf(rows);
  return ol(
    { class: "version-graph", style: `--lanes:${Math.min(width, 8) * WIDE + 8}px` },
    ...rows.map((row, k) =>
      li(
        { key: row.version, class: row.version === version ? "here" : "" },
        h(Lanes, { row: lanes[k], width, merged: row.parents.length > 1 }),
        div(
          { class: "version-words" },
          p(
            a(
              {
                href: address("data", name, "work", "all", "versions", row.version),
                "aria-current": row.version === version ? "true" : undefined,
              },
              row.version,
            ),
            " ",
            span({ class: "message" }, row.message),
          ),
          p(
            { class: "muted small" },
            ...heads
              .filter((each) => each.version === row.version)
              .map((each) => badge(each.name, each.working ? "busy" : "plain")),
            ...row.tags.map((each) => badge(each, "good")),
            `${whoInWords(row.actor)}, `,
            when(row.time),
            `, ${count(row.samples, "picture")}`,
          ),
        ),
      ),
    ),
  );
}

/** @param {{row: Row, width: number, merged: boolean}} properties */
function Lanes({ row, width, merged }) {
  const x = (/** @type {number} */ lane) => lane * WIDE + WIDE / 2;
  const colour = (/** @type {number} */ lane) => PALETTE[lane % PALETTE.length];
  const middle = 20;
  return svg(
    {
      class: "lanes",
      viewBox: `0 0 ${Math.min(width, 8) * WIDE} ${HIGH}`,
      width: Math.min(width, 8) * WIDE,
      height: HIGH,
      "aria-hidden": "true",
    },
    ...row.lines.map(({ from, to, kind }) => {
      const [top, bottom] = kind === "out" ? [middle, HIGH] : kind === "in" ? [0, middle] : [0, HIGH];
      const half = (top + bottom) / 2;
      return path({
        class: "lane",
        style: `stroke:${colour(kind === "out" ? to : from)}`,
        d: `M${x(from)} ${top}C${x(from)} ${half} ${x(to)} ${half} ${x(to)} ${bottom}`,
      });
    }),
    circle({
      class: merged ? "node merged" : "node",
      style: `--lane:${colour(row.lane)}`,
      cx: x(row.lane),
      cy: middle,
      r: 5,
    }),
  );
}
