// @ts-check
/** The versions of a data set: their graph, any two compared, a merge that waits. Each has an address. */
import { a, div, h, p } from "../../lib/dom.js";
import { badge, empty, panel } from "../../lib/parts.js";
import { count } from "../../lib/words.js";
import { CommitForm } from "../versions.js";
import { Compare } from "./compare.js";
import { Conflicts } from "./conflicts.js";
import { Graph } from "./graph.js";
import { versionsOf } from "./words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */

/**
 * `…/versions`, `…/versions/v3`, `…/versions/diff/v1/v3/KIND/CLASS/12`, `…/versions/merge/CONFLICT`.
 * @param {{dataset: DatasetSummary, rest: string[]}} properties
 */
export function VersionsRoom({ dataset, rest }) {
  const [place = "", ...more] = rest;
  if (place === "diff") {
    const [from = "", to = "", kind = "all", label = "", number = ""] = more;
    return h(Compare, { name: dataset.name, a: from, b: to, kind, label, place: Math.max(0, Number(number) - 1) || 0 });
  }
  if (place === "merge")
    return dataset.merging
      ? h(Conflicts, { dataset, chosen: more[0] ?? "" })
      : panel("", empty("No merge waits", a({ href: versionsOf(dataset.name) }, "See the versions")));
  return div(h(Waits, { dataset }), h(Staged, { dataset }), h(Graph, { dataset, chosen: place }));
}

/** What is not in a version yet. @param {{dataset: DatasetSummary}} properties */
const Staged = ({ dataset: { name, staged, branch, version } }) =>
  staged
    ? panel(
        {
          title: `${count(staged, "change")} to commit to ${branch}`,
          aside: version ? a({ href: versionsOf(name, "diff", branch, "work") }, "Look them over") : null,
        },
        h(CommitForm, { name, base: version ?? undefined }),
      )
    : null;

/** @param {{dataset: DatasetSummary}} properties */
const Waits = ({ dataset }) =>
  dataset.merging
    ? div(
        { class: "notice busy", role: "status" },
        p(
          { class: "notice-words" },
          badge("waits", "busy"),
          ` A merge into ${dataset.branch} waits for somebody to decide its conflicts.`,
        ),
        a({ class: "button primary", href: versionsOf(dataset.name, "merge") }, "Decide them"),
      )
    : null;
