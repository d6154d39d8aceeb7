// @ts-check
/** What an `add` did, or would do: counts, new classes, and one line for each file that was not plainly added. */
import { a, div, li, p, span, strong, ul, useState } from "../../lib/dom.js";
import { act } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").AddAnswer} AddAnswer */

const SHOWN = 6;
/** What is said of one file or object: after what is said of all. */
const OF_ONE = /: (left out|quarantined), /;

/** @param {{done: Omit<AddAnswer, "dry_run">, dataset: string, would?: boolean}} properties `would`: nothing happened yet */
export function Outcome({ done, dataset, would = false }) {
  const [all, setAll] = useState(false);
  const notes = [...done.notes].sort((a, b) => Number(OF_ONE.test(a)) - Number(OF_ONE.test(b)));
  const said = [
    [done.added, would ? "would be added" : "added"],
    [done.updated, would ? "would be updated" : "updated"],
    [done.unchanged, "unchanged"],
    [done.quarantined, would ? "would be quarantined" : "quarantined"],
    [done.left_out, `${done.left_out === 1 ? "object" : "objects"} ${would ? "would be left out" : "left out"}`],
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
    notes.length ? ul({ class: "notes" }, ...notes.slice(0, all ? notes.length : SHOWN).map((each) => li(each))) : null,
    notes.length > SHOWN && !all
      ? act(`Show all ${notes.length.toLocaleString("en")} notes`, () => setAll(true), { kind: "quiet" })
      : null,
    (done.quarantined || done.left_out) && !would
      ? p(a({ href: address("data", dataset, "work", "all", "quarantine") }, "See why, and what mends it"))
      : null,
  );
}
