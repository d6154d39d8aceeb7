// @ts-check
/** What is wrong with a data set: all that is looked for, how much was found, why; each opens its pictures. */
import { a, button, div, h, p, span } from "../../../lib/dom.js";
import { act, badge, empty, failure, grid, panel, underWay, waiting, when } from "../../../lib/parts.js";
import { address, useAnswer } from "../../../lib/use.js";
import { figureOf } from "../../../lib/words.js";
import { useLook } from "./looking.js";
import { OneFinding } from "./one.js";
import { Made } from "./made.js";

/** @typedef {import("./looking.js").Finding} Finding */
const SEEN = "Each picture is looked at once; what was seen is kept.";

/** @param {{name: string, version: string, split: string, total: number, kind: string}} properties */
export function Findings({ name, version, split, total, kind }) {
  const ref = `${name}@${version}`;
  const told = useAnswer("findings", { ref, kept: true, limit: 0 });
  const looking = useLook(ref);
  const rows = /** @type {Finding[]} */ (told.data?.rows ?? []);
  const here = ["data", name, version, split || "all", "findings"];
  if (!told.data) return waiting(told.error);
  if (!total)
    return panel("", empty("There are no pictures to look at", "Neither this version nor this split holds one."));
  const one = rows.find((row) => row.kind === kind);
  if (kind && !one) return panel("", empty(`Nothing is called ${kind} here`, a({ href: address(...here) }, "See all")));
  if (one)
    return h(OneFinding, { key: kind, name, version, split, at: ref, finding: one, looking, back: address(...here) });
  const known = rows.filter((row) => row.count !== null);
  return div(
    panel(
      {
        title: "What is wrong with these pictures",
        aside: act("Look for all of it", () => looking.look([]), { kind: "primary", disabled: Boolean(looking.busy) }),
      },
      underWay(looking, "Looking", SEEN),
      failure(looking.problem),
      known.some((row) => row.kind !== "quarantine")
        ? null
        : p({ class: "muted" }, `Nothing was looked for yet. ${SEEN}`),
      grid(rows, columns(here, name, looking)),
    ),
    version === "work" ? h(Made, { name }) : null,
  );
}

/** @param {string[]} here @param {string} name @param {ReturnType<typeof useLook>} looking */
const columns = (here, name, looking) => [
  {
    title: "what",
    kind: "wide",
    cell: (/** @type {Finding} */ row) =>
      div(
        row.kind === "quarantine"
          ? a({ href: address("data", name, "work", "all", "quarantine") }, row.title)
          : a({ href: address(...here, row.kind) }, row.title),
        p({ class: "muted small" }, row.why),
      ),
  },
  {
    title: "found",
    kind: "number",
    cell: (/** @type {Finding} */ row) =>
      row.count === null
        ? span({ class: "muted" }, "–")
        : row.count
          ? badge(row.count.toLocaleString("en"), "busy")
          : row.looked
            ? badge("none", "good")
            : span({ class: "muted" }, "–"),
  },
  {
    title: "counts from",
    kind: "wide",
    cell: (/** @type {Finding} */ row) => (row.measure ? span({ class: "small" }, measured(row)) : ""),
  },
  {
    title: "looked for",
    cell: (/** @type {Finding} */ row) => {
      const refused = looking.refused[row.kind];
      if (row.count === null && refused) return span({ class: "muted small", title: refused.fix }, refused.what);
      return div(
        row.made ? when(row.made) : "",
        row.made
          ? p({ class: "muted small" }, row.looked ? `${figureOf(row.looked)} looked at` : "none to look at")
          : "",
        row.stale ? badge("the data changed", "busy") : null,
      );
    },
  },
  {
    title: "",
    cell: (/** @type {Finding} */ row) =>
      row.kind === "quarantine"
        ? ""
        : button(
            {
              type: "button",
              class: "quiet small",
              disabled: Boolean(looking.busy),
              "aria-label": `look for ${row.title.toLowerCase()}`,
              onClick: () => looking.look([row.kind]),
            },
            row.made ? "Look again" : "Look",
          ),
  },
];

/** What is measured, and from where on it is a fault. @param {Finding} row */
export const measured = ({ measure, least, bound }) => `${measure}: ${least ? "≥" : "≤"} ${bound}`;
