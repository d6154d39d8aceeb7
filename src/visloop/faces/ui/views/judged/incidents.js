// @ts-check
/** Failures that are permanent tests: how one is made, and how a model answers them. */
import {
  a,
  button,
  details,
  div,
  figcaption,
  figure,
  form,
  h,
  li,
  p,
  span,
  summary,
  ul,
  useState,
} from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { choiceField, fields, textField } from "../../lib/forms.js";
import { failure, panel, Picture, stateBadge } from "../../lib/parts.js";
import { address, useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Verbs["gate"]["answer"]} Verdict */

const KINDS = [
  { value: "class", words: "it is, or shows" },
  { value: "absent", words: "it is not, and shows no" },
  { value: "other", words: "in words" },
  { value: "reviewed", words: "what was accepted in the queue" },
];

/** Make an answer's picture a permanent test. @param {{prediction: string, classes: readonly string[]}} properties */
export function MakeTest({ prediction, classes }) {
  const [kind, setKind] = useState(classes.length ? "class" : "other");
  const [label, setLabel] = useState("");
  const [text, setText] = useState("");
  const [why, setWhy] = useState("");
  const [done, setDone] = useState(/** @type {any} */ (null));
  const deeds = useDeeds();
  const ofClass = ["class", "absent"].includes(kind);
  const expect = { reviewed: [], other: text.split(",").map((each) => each.trim()) }[kind] ?? [`${kind}=${label}`];
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setDone(await deeds.run("add", "incident.add", { source: prediction, expect, why }));
  };
  if (done)
    return p(
      { class: "made", role: "status" },
      `Every gate of ${done.incident.model} asks for ${done.incident.expected}; `,
      `${done.tried} ${done.held.passed ? "passes" : "fails"} it now. `,
      a({ href: address("models", done.tried) }, "All of its tests"),
    );
  return details(
    { class: "make-test" },
    summary("Make this a test"),
    p({ class: "muted" }, "Every later gate of this model asks about this picture. What is right?"),
    form(
      { onSubmit: add },
      fields(
        choiceField({ words: "the picture", value: kind, onValue: setKind, choices: KINDS }),
        ofClass
          ? choiceField({
              words: "class",
              value: label,
              onValue: setLabel,
              choices: [{ value: "", words: "choose" }, ...classes.map((each) => ({ value: each, words: each }))],
            })
          : null,
        kind === "other"
          ? textField({
              words: "expected",
              value: text,
              onValue: setText,
              placeholder: "box=hat 10 20 110 200, nothing-else",
              hint: "class=…, absent=…, box=… x1 y1 x2 y2, nothing-else, value=3±1",
            })
          : null,
        textField({ words: "why", value: why, onValue: setWhy, placeholder: "what happened" }),
      ),
      button(
        {
          type: "submit",
          class: "primary",
          disabled: Boolean(deeds.busy) || (ofClass && !label) || (kind === "other" && !text),
        },
        "Make it a test",
      ),
    ),
    failure(deeds.problem),
  );
}

/** @param {{row: any, held: any, version: string}} properties */
function One({ row, held, version }) {
  const [why, setWhy] = useState("");
  const deeds = useDeeds();
  const close = (/** @type {Event} */ event) => {
    event.preventDefault();
    deeds.run("close", "incident.close", { incident: row.id, why });
  };
  return li(
    figure(
      { class: "shown" },
      div({ class: "shown-picture" }, h(Picture, { src: thumbnail(row.image, 320), alt: row.id })),
      figcaption(
        div(
          { class: "asked" },
          held ? stateBadge(held.passed ? "pass" : "fail") : span({ class: "badge plain" }, "not asked yet"),
          span(" expected ", row.expected),
        ),
        div(
          { class: "muted" },
          held ? `${version} answered ${held.answered}` : row.answered ? `was ${row.answered}` : "",
        ),
        held?.learnt ? div({ class: "bad" }, "it learnt from this very picture") : null,
        row.why ? div(row.why) : null,
        row.prediction
          ? a({ href: address("deployments", row.deployment, row.prediction) }, "where it was seen")
          : null,
        details(
          summary("Close"),
          form(
            { onSubmit: close },
            textField({ words: "reason", value: why, onValue: setWhy, required: true }),
            button({ type: "submit", disabled: !why.trim() || Boolean(deeds.busy) }, "Ask it no more"),
          ),
          failure(deeds.problem),
        ),
      ),
    ),
  );
}

/** The open incidents of a model's name, with the answers of this version. @param {{version: string, verdict: Verdict | null}} properties */
export function Incidents({ version, verdict }) {
  const name = version.split("@")[0];
  const rows = /** @type {any[]} */ (useAnswer("incident.list", { model: name }).data?.rows ?? []);
  const held = new Map((verdict?.incidents ?? []).map((each) => [each.incident + each.digest, each]));
  const fresh = rows.filter((row) => !held.has(row.id + row.digest)).length;
  if (!rows.length) return null;
  return panel(
    { title: "Incidents", aside: span({ class: "muted" }, "every gate asks about these") },
    verdict && fresh
      ? failure({
          what: `${count(fresh, "incident")} came after the gate judged ${version}.`,
          fix: `gate it again: \`visloop gate ${version}\``,
        })
      : null,
    ul(
      { class: "sheet incidents" },
      ...rows.map((row) => h(One, { key: row.id, row, held: held.get(row.id + row.digest), version })),
    ),
  );
}
