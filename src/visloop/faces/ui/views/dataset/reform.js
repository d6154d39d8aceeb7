// @ts-check
/** Changes of classes over a whole data set: first what would change, then as one version. */
import { button, div, form, li, p, span, strong, ul, useState } from "../../lib/dom.js";
import { textField, tick } from "../../lib/forms.js";
import { failure, panel, underWay } from "../../lib/parts.js";
import { useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Refactored} Refactored */
/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {(name: string) => string} Here */

/**
 * One form, two steps: look, then do. What was looked at is forgotten when the wish changes.
 * @template {"classes.rename" | "classes.merge"} V
 * @param {V} verb
 * @param {import("../../lib/api.js").Verbs[V]["ask"]} wish
 */
function useRehearsed(verb, wish) {
  const deeds = useDeeds();
  const [seen, setSeen] = useState(/** @type {{key: string, answer: Refactored} | null} */ (null));
  const key = JSON.stringify(wish);
  return {
    busy: Boolean(deeds.busy),
    problem: deeds.problem,
    under: underWay(deeds),
    would: seen?.key === key ? seen.answer : null,
    look: async () => {
      const answer = await deeds.run("look", verb, { ...wish, dry_run: true }, { long: true });
      setSeen(answer ? { key, answer: /** @type {Refactored} */ (answer) } : null);
    },
    go: async () => /** @type {Refactored | null} */ (await deeds.run("go", verb, wish, { long: true })),
  };
}

/** What would change. @param {Refactored} would */
const preview = (would) =>
  div(
    { class: "notice slim", role: "status" },
    div(
      { class: "notice-words" },
      p(strong(would.said)),
      ul(
        ...would.moves.map((each) =>
          li(`${each.was} → ${each.now}`, span({ class: "muted" }, `  ${count(each.objects, "object")}`)),
        ),
      ),
    ),
  );

/** @param {{dataset: DatasetSummary, rehearsed: ReturnType<typeof useRehearsed>, words: string, ready: boolean, withStaged: boolean, onStaged: (on: boolean) => void}} properties */
const steps = ({ dataset, rehearsed, words, ready, withStaged, onStaged }) => [
  dataset.staged || withStaged || rehearsed.problem?.code === "data.other_changes_staged"
    ? tick({
        words: "Together with what is staged",
        hint: dataset.staged ? `${count(dataset.staged, "change")} would be in the same version` : "as one version",
        checked: withStaged,
        onChecked: onStaged,
      })
    : null,
  rehearsed.would ? preview(rehearsed.would) : null,
  rehearsed.under,
  button(
    { type: "submit", class: rehearsed.would ? "primary" : "", disabled: rehearsed.busy || !ready },
    rehearsed.would ? words : "See what would change",
  ),
  failure(rehearsed.problem),
];

/** @param {{dataset: DatasetSummary, name: string, here: Here}} properties */
export function Rename({ dataset, name, here }) {
  const [to, setTo] = useState("");
  const [withStaged, setWithStaged] = useState(false);
  const rehearsed = useRehearsed("classes.rename", {
    dataset: dataset.name,
    old: name,
    new: to.trim(),
    with_staged: withStaged,
  });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!rehearsed.would) return rehearsed.look();
    if (await rehearsed.go()) location.hash = here(to.trim());
  };
  return panel(
    "Rename everywhere",
    form(
      { class: "stacked", onSubmit: submit },
      textField({
        words: "New name",
        hint: `“${name}” stays another name of it; the change is one version`,
        value: to,
        required: true,
        onValue: setTo,
      }),
      ...steps({
        dataset,
        rehearsed,
        words: `Rename to ${to.trim()}`,
        ready: Boolean(to.trim()),
        withStaged,
        onStaged: setWithStaged,
      }),
    ),
  );
}

/** @param {{dataset: DatasetSummary, picked: string[], names: string[], here: Here, onDone: () => void}} properties */
export function Merge({ dataset, picked, names, here, onDone }) {
  const [into, setInto] = useState(picked[0]);
  const [withStaged, setWithStaged] = useState(false);
  const rehearsed = useRehearsed("classes.merge", {
    dataset: dataset.name,
    names: picked,
    into: into.trim(),
    with_staged: withStaged,
  });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!rehearsed.would) return rehearsed.look();
    if (!(await rehearsed.go())) return;
    location.hash = here(into.trim());
    onDone();
  };
  return panel(
    `Merge ${count(picked.length, "class", "classes")}`,
    p({ class: "muted" }, picked.join(", ")),
    form(
      { class: "stacked", onSubmit: submit },
      textField({
        words: "Into",
        id: "into",
        offers: names,
        hint: "one of them, another class or a new one; their names stay other names of it",
        value: into,
        required: true,
        onValue: setInto,
      }),
      ...steps({
        dataset,
        rehearsed,
        words: `Merge into ${into.trim()}`,
        ready: Boolean(into.trim()),
        withStaged,
        onStaged: setWithStaged,
      }),
    ),
  );
}
