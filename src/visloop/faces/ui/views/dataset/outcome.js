// @ts-check
/** What an `add` did, or would do: counts, new classes, and one line for each file that was not plainly added. */
import { a, div, li, p, span, strong, ul, useState } from "../../lib/dom.js";
import { act } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").AddAnswer} AddAnswer */

const SHOWN = 6;

/** @param {{done: Omit<AddAnswer, "dry_run">, dataset: string, would?: boolean}} properties `would`: nothing happened yet */
export function Outcome({ done, dataset, would = false }) {
  const [all, setAll] = useState(false);
  const said = [
    [done.added, would ? "would be added" : "added"],
    [done.updated, would ? "would be updated" : "updated"],
    [done.unchanged, "unchanged"],
    [done.quarantined, would ? "would be quarantined" : "quarantined"],
  ].filter(([n]) => n);
  return div(
    { class: "outcome", role: "status" },
    ul(
      { class: "figures" },
      ...(said.length ? said : [[0, would ? "would be added" : "added"]]).map(([n, words]) =>
        li(span({ class: "figure" }, n.toLocaleString("en")), span(words)),
      ),
    ),
    done.classes_added.length
      ? p(strong(count(done.classes_added.length, "new class", "new classes"), ": "), done.classes_added.join(", "))
      : null,
    done.notes.length
      ? ul({ class: "notes" }, ...done.notes.slice(0, all ? done.notes.length : SHOWN).map((each) => li(each)))
      : null,
    done.notes.length > SHOWN && !all
      ? act(`Show all ${done.notes.length.toLocaleString("en")} notes`, () => setAll(true), { kind: "quiet" })
      : null,
    done.quarantined && !would
      ? p(a({ href: address("data", dataset, "work", "all", "quarantine") }, "See why, and what mends it"))
      : null,
  );
}
