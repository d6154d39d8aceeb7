// @ts-check
/** Everything that happened, newest first, and whether the record is whole. */
import { a, button, code, div, h1, p, span, useState } from "../lib/dom.js";
import { folded, groupOf, manyInWords, placeOf } from "../lib/facts.js";
import { act, empty, failure, grid, panel, waiting, when } from "../lib/parts.js";
import { address, useAnswer, useDeeds } from "../lib/use.js";
import { count, shortened } from "../lib/words.js";

/** @typedef {import("../api.d.ts").FactRow} FactRow */
/** @typedef {import("../api.d.ts").Audited} Audited */

const STEP = 200;

/** @param {FactRow[]} group */
function about([row, ...more]) {
  if (more.some((each) => each.subject !== row.subject))
    return span({ class: "muted" }, count(more.length + 1, "subject"));
  const place = placeOf(row);
  return place.length
    ? a({ href: address(...place), title: row.subject }, shortened(row.subject))
    : shortened(row.subject);
}

/** @param {{address: string[]}} properties */
export function History({ address: [wanted = ""] }) {
  const [limit, setLimit] = useState(STEP);
  const { data, error } = useAnswer("facts", { limit });
  const deeds = useDeeds();
  const [audit, setAudit] = useState(/** @type {Audited | null} */ (null));
  const rows = [...(data?.rows ?? [])].reverse();
  const topics = [...new Set(rows.map((row) => groupOf(row.kind)))].sort();
  const [opened, setOpened] = useState(/** @type {number[]} */ ([]));
  const groups = folded(wanted ? rows.filter((row) => groupOf(row.kind) === wanted) : rows).flatMap((group) =>
    opened.includes(group[group.length - 1].seq) ? group.map((row) => [row]) : [group],
  );
  const verify = async () => setAudit(await deeds.run("audit", "audit", {}));
  return div(
    div(
      { class: "title" },
      h1("History"),
      span({ class: "muted" }, rows.length ? count(rows.length, "newest fact") : ""),
      span({ class: "grow" }),
      topics.length > 1
        ? div(
            { class: "tabs", role: "group", "aria-label": "which" },
            ...["", ...topics].map((each) =>
              button(
                {
                  type: "button",
                  "aria-pressed": String(each === wanted),
                  onClick: () => {
                    location.hash = address("history", ...(each ? [each] : []));
                  },
                },
                each || "all",
              ),
            ),
          )
        : null,
      act("Verify the record", verify, {
        busy: deeds.busy === "audit",
        title: "recompute the hash chain over every fact",
      }),
    ),
    failure(deeds.problem ?? error),
    audit
      ? div(
          { class: audit.ok ? "notice good" : "notice bad", role: "status" },
          audit.ok
            ? p(
                `The record is whole: ${count(audit.facts, "fact")} in ${count(audit.seals, "seal")}. Note this digest elsewhere to prove it later: `,
                code(audit.head),
              )
            : p(`The record is broken: ${audit.problem}`),
        )
      : null,
    data
      ? panel(
          "",
          groups.length
            ? grid(groups, [
                { title: "no.", cell: ([row]) => row.seq, kind: "number muted" },
                { title: "when", cell: ([row]) => when(row.time) },
                { title: "what", cell: ([row]) => code(row.kind) },
                { title: "about", cell: about, kind: "subject" },
                {
                  title: "details",
                  cell: (group) =>
                    group.length > 1
                      ? button(
                          {
                            type: "button",
                            class: "fold",
                            onClick: () => setOpened([...opened, group[group.length - 1].seq]),
                            "aria-label": `show each of ${group.length}`,
                          },
                          manyInWords(group),
                          span({ class: "muted" }, `${group.length} facts`),
                        )
                      : manyInWords(group),
                  kind: "wide",
                },
                { title: "by", cell: ([row]) => row.actor.replace(/^user:|^part:/, ""), kind: "muted" },
              ])
            : empty(
                "Nothing happened yet",
                "Commits, labels, approvals, promotions, deployments and alarms are written down here, and nobody can change them afterwards.",
                "visloop facts",
              ),
        )
      : waiting(error),
    rows.length === limit
      ? div(
          { class: "pager" },
          act("Show older", () => setLimit(limit + STEP)),
        )
      : null,
  );
}
