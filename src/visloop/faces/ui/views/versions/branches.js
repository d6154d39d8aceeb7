// @ts-check
/** The branches of a data set: begin one, work on it, merge it, take it away. */
import { a, button, div, form, h, input, li, p, span, ul, useState } from "../../lib/dom.js";
import { tick } from "../../lib/forms.js";
import { act, badge, failure, panel } from "../../lib/parts.js";
import { go, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { versionsOf } from "./words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../api.d.ts").Branch} Branch */

/** @param {{dataset: DatasetSummary, heads: Branch[]}} properties */
export function Branches({ dataset, heads }) {
  const deeds = useDeeds();
  const [said, setSaid] = useState("");
  return panel(
    {
      title: "Branches",
      aside: span({ class: "muted" }, dataset.staged ? `${count(dataset.staged, "change")} to commit` : ""),
    },
    ul(
      { class: "branches" },
      ...heads.map((each) => h(One, { key: each.name, dataset, each, deeds, onSaid: setSaid })),
    ),
    said ? p({ class: "muted small", role: "status" }, said) : null,
    failure(deeds.problem),
    h(Begin, { dataset, deeds, onSaid: setSaid }),
  );
}

/** @param {{dataset: DatasetSummary, each: Branch, deeds: ReturnType<typeof useDeeds>, onSaid: (words: string) => void}} properties */
function One({ dataset, each, deeds, onSaid }) {
  const { name } = dataset;
  const [would, setWould] = useState("");
  const apart = [
    each.ahead_of_main ? `${each.ahead_of_main} ahead` : "",
    each.behind_main ? `${each.behind_main} behind` : "",
  ].filter(Boolean);
  const turn = async () => {
    if (await deeds.run(each.name, "switch", { dataset: name, branch: each.name }))
      onSaid(`What is changed now goes to ${each.name}.`);
  };
  const look = async () => {
    const found = await deeds.run(each.name, "merge", { dataset: name, branch: each.name, dry_run: true });
    if (found)
      setWould(
        `${count(found.samples, "picture")} of ${dataset.branch} would change` +
          (found.total ? `; ${count(found.total, "conflict")} to decide.` : ", no conflict."),
      );
  };
  const merge = async () => {
    setWould("");
    const done = await deeds.run(each.name, "merge", { dataset: name, branch: each.name });
    if (done) go("data", name, "work", "all", "versions", done.version ?? "merge");
  };
  const drop = async () => {
    if (await deeds.run(each.name, "branch.remove", { dataset: name, name: each.name }))
      onSaid(`${each.name} is gone; its versions stay, by their numbers.`);
  };
  return li(
    div(
      { class: "branch" },
      span({ class: "branch-name" }, each.name),
      each.working ? badge("worked on", "busy") : null,
      span(
        { class: "muted small" },
        a({ href: versionsOf(name, each.version) }, each.version),
        apart.length && each.name !== "main" ? `, ${apart.join(", ")} of main` : "",
      ),
      span({ class: "grow" }),
      each.working || each.name === "main"
        ? null
        : button(
            {
              type: "button",
              class: "quiet drop-branch",
              "aria-label": `take the branch ${each.name} away`,
              title: "take it away; its versions stay",
              onClick: drop,
            },
            "×",
          ),
    ),
    each.working
      ? null
      : div(
          { class: "row branch-deeds" },
          act("Work on it", turn, { busy: deeds.busy === each.name, title: `switch to ${each.name}` }),
          act(`Merge into ${dataset.branch}`, look, { disabled: dataset.merging || Boolean(deeds.busy) }),
          a({ class: "button", href: versionsOf(name, "diff", dataset.branch, each.name) }, "Compare"),
        ),
    would
      ? div(
          { class: "change-form" },
          p(would),
          div(
            { class: "row" },
            act("Merge", merge, { kind: "primary" }),
            act("Leave it", () => setWould(""), { kind: "quiet" }),
          ),
        )
      : null,
  );
}

/** @param {{dataset: DatasetSummary, deeds: ReturnType<typeof useDeeds>, onSaid: (words: string) => void}} properties */
function Begin({ dataset, deeds, onSaid }) {
  const [branch, setBranch] = useState("");
  const [turn, setTurn] = useState(true);
  const begin = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const made = await deeds.run("+", "branch", { dataset: dataset.name, name: branch.trim(), switch: turn });
    if (!made) return;
    setBranch("");
    onSaid(turn ? `What is changed now goes to ${made.name}.` : `${made.name} begins at ${made.version}.`);
  };
  return form(
    { class: "stacked begin-branch", onSubmit: begin },
    div(
      { class: "row" },
      input({
        type: "text",
        value: branch,
        required: true,
        placeholder: "new branch",
        "aria-label": "name of the new branch",
        onInput: (/** @type {any} */ event) => setBranch(event.target.value),
      }),
      button({ type: "submit", disabled: Boolean(deeds.busy) }, "Begin"),
    ),
    tick({ words: "Work on it from now on", checked: turn, onChecked: setTurn }),
  );
}
