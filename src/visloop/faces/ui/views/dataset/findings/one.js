// @ts-check
/** One kind of fault: what is measured, its pictures with the worst first, and what mends them. */
import { a, button, div, form, h, input, label, p, span, useCallback, useState } from "../../../lib/dom.js";
import { thumbnail } from "../../../lib/api.js";
import { Sketch } from "../../../lib/marks.js";
import { badge, empty, failure, panel, Picture, underWay, when } from "../../../lib/parts.js";
import { go, useClasses } from "../../../lib/use.js";
import { Window } from "../../../lib/window.js";
import { count, figureOf } from "../../../lib/words.js";
import { ChosenBar } from "../choosing/bar.js";
import { card, onItsWay } from "../choosing/card.js";
import { useChosen } from "../choosing/chosen.js";
import { SizeSlider, sizeKept } from "../choosing/size.js";
import { useSpotted } from "./looking.js";

/** @typedef {import("./looking.js").Finding} Finding */
/** @typedef {import("./looking.js").Spotted} Spotted */

/** @type {Record<string, string>} */
const MENDS = { set: "Fix: give the class that fits", erase: "Fix: erase what was found", drop: "Fix: take it out" };

/**
 * @param {{name: string, version: string, split: string, at: string, finding: Finding, looking: ReturnType<typeof import("./looking.js").useLook>, back: string}} properties
 */
export function OneFinding({ name, version, split, at, finding, looking, back }) {
  const { kind, pictures: total } = finding;
  const spotted = useSpotted(at, finding);
  const classes = useClasses(name);
  const [least, setLeast] = useState(sizeKept);
  const chosen = useChosen({
    dataset: name,
    total: total ?? 0,
    state: finding.made ?? "",
    shown: {
      key: `${at} ${kind} ${finding.made}`,
      question: finding.where ?? "",
      named: spotted.named,
      places: async () => null,
    },
  });
  const open = (/** @type {string} */ path) =>
    go("data", name, version, split || "all", "find", `path = "${path.replaceAll('"', '\\"')}"`, 1);
  const cell = useCallback(
    (/** @type {number} */ index, /** @type {0 | -1} */ tab, /** @type {boolean} */ on) =>
      h(Card, { one: spotted.at(index), colour: classes.colour, tab, on, onOpen: open }),
    [spotted.state, classes],
  );
  const refused = looking.refused[kind];
  return div(
    panel(
      { title: finding.title, aside: a({ href: back }, "All findings") },
      p(finding.why, "."),
      h(Bound, { finding, looking }),
      underWay(looking, "Looking"),
      failure(looking.problem),
      refused ? failure(refused) : null,
      finding.made
        ? p(
            { class: "muted small" },
            `${count(finding.count ?? 0, "finding")} in ${count(total ?? 0, "picture")}, looked for `,
            when(finding.made),
            ". ",
            finding.stale ? badge("the data changed since: look again", "busy") : null,
          )
        : null,
      ...(finding.notes ?? []).map((note) => p({ class: "muted small" }, note)),
    ),
    total ? div({ class: "grid-tools" }, h(SizeSlider, { size: least, onSize: setLeast })) : null,
    finding.made && !total
      ? panel(
          "",
          empty("Nothing of the kind was found", "Where it should have been, set another bound and look again."),
        )
      : null,
    h(Window, {
      key: `${kind} ${finding.made}`,
      count: total ?? 0,
      least,
      label: finding.title,
      below: 56,
      onRange: spotted.need,
      choosing: chosen.choosing,
      cell,
    }),
    h(ChosenBar, {
      name,
      version,
      split,
      text: "",
      chosen,
      classes: classes.names,
      quiet: false,
      mend: MENDS[finding.mend] ? { words: MENDS[finding.mend], ask: { fix: kind } } : null,
    }),
  );
}

/** From where on it is a fault: another bound, another look. @param {{finding: Finding, looking: ReturnType<typeof import("./looking.js").useLook>}} properties */
function Bound({ finding: { kind, measure, bound, least, made }, looking }) {
  const [typed, setTyped] = useState(String(bound));
  const value = Number(typed);
  return form(
    {
      class: "row finding-bound",
      onSubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        if (Number.isFinite(value)) looking.look([kind], { [kind]: value });
      },
    },
    label(
      span({ class: "small" }, `${measure}, ${least ? "at least" : "at most"}`),
      input({
        type: "number",
        step: "any",
        value: typed,
        "aria-label": "from where on it is a fault",
        onInput: (/** @type {any} */ event) => setTyped(event.target.value),
      }),
    ),
    button({ type: "submit", disabled: Boolean(looking.busy) || typed === "" }, made ? "Look again" : "Look"),
  );
}

/** @param {{one: Spotted | undefined, colour: (name: string | undefined) => string, tab: 0 | -1, on: boolean, onOpen: (path: string) => void}} properties */
function Card({ one, colour, tab, on, onOpen }) {
  if (!one) return onItsWay(tab);
  const { shown, other, rows } = one;
  const settled = rows.every((row) => row.settled);
  const objects = rows.flatMap((row) => row.object ?? []);
  const sketched = shown && {
    ...shown,
    annotations: (shown.annotations ?? []).filter((each) => objects.includes(each.id ?? "")),
  };
  const said = rows.map((row) => row.said).join("; ");
  return card(
    {
      ...{ named: one.path, title: `${one.path}: ${said}`, tab, on, onOpen: () => onOpen(one.path) },
      class: settled ? "found-card settled" : "found-card",
      pair: Boolean(other),
      disabled: !shown,
    },
    [
      shown ? h(Picture, { src: thumbnail(shown.image), alt: one.path }) : span({ class: "gone" }, "gone"),
      other ? h(Picture, { src: thumbnail(other.image), alt: other.path }) : null,
      sketched && objects.length ? h(Sketch, { sample: sketched, colour, hidden: [] }) : null,
    ],
    [
      span({ class: "found-words" }, said),
      settled ? badge("settled", "good") : span({ class: "muted" }, figureOf(rows[0].value)),
    ],
  );
}
