// @ts-check
/** Pictures given to people: which, to whom, how; what would be is shown before it is done. `#/queue/assign/DATASET/QUESTION` */
import { a, div, fieldset, form, h, input, label, legend, p, span, useState } from "../../lib/dom.js";
import { asError, call } from "../../lib/api.js";
import { choiceField, fields, textField, tick } from "../../lib/forms.js";
import { empty, panel, waiting } from "../../lib/parts.js";
import { beat } from "../../lib/pulse.js";
import { go, useAnswer } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Bar } from "../dataset/finding/bar.js";
import { Given, Plan, usePlan } from "./plan.js";
import { Room, Sets } from "./rooms.js";

/** @typedef {import("../../api.d.ts").LabelAssigned} Assigned */
/** @typedef {import("../../api.d.ts").Verbs["label.assign"]["ask"]} Ask */

const AT_MOST = 100;
const SHARES = [0, 0.05, 0.1, 0.2];

/** @param {{rest: string[]}} properties */
export function Assign({ rest: [set = "", text = ""] }) {
  const sets = useAnswer("datasets", {});
  const dataset = set || (sets.data?.rows[0]?.name ?? "");
  return h(Room, {
    room: "assign",
    beside: h(Sets, { room: "assign", dataset }),
    show: () => {
      if (!sets.data) return waiting(sets.error);
      if (!dataset)
        return panel(
          "",
          empty(
            "There are no pictures to give out",
            a({ href: "#/data" }, "Bring some in"),
            "visloop add FOLDER --to NAME",
          ),
        );
      return h(Form, { key: dataset, dataset, text });
    },
  });
}

/** @typedef {"queued" | "new" | "asked"} Which the most urgent of the queue, those without a label, those of a question */

/** Why there are none. @type {Record<Which, string>} */
const NONE = {
  queued: " wait for anybody: production put none on the queue, or they are with people already.",
  new: " are without a label.",
  asked: " answer this question, or all of them are with people already.",
};

/** @param {{dataset: string, text: string}} properties */
function Form({ dataset, text }) {
  const able = useAnswer("user.list", { may: "label.write" });
  const status = useAnswer("label.status", {}).data?.rows.find((each) => each.dataset === dataset);
  const free = (status?.mine ?? 0) - (status?.given ?? 0);
  const [chosen, setChosen] = useState(/** @type {Which | null} */ (null));
  const which = text ? "asked" : (chosen ?? (free > 0 ? "queued" : "new"));
  const choose = (/** @type {Which} */ value) => {
    setChosen(value);
    if (text && value !== "asked") go("queue", "assign", dataset);
  };
  const queued = which === "queued";
  const question = which === "new" ? "labelled = false" : text;
  const [shares, setShares] = useState(/** @type {Record<string, string>} */ ({}));
  const [how, setHow] = useState({
    limit: String(AT_MOST),
    ask: "",
    annotators: "1",
    controls: "0",
    reason: "",
    review: false,
    blind: false,
  });
  const set = (/** @type {Partial<typeof how>} */ some) => setHow({ ...how, ...some });
  const people = [...new Set((able.data?.rows ?? []).map((each) => each.user))];
  const to = people
    .filter((each) => shares[each])
    .map((each) => (shares[each] === "1" ? each : `${each}=${shares[each]}`));
  const several = Number(how.annotators) > 1 || (!queued && Number(how.controls) > 0);
  /** @type {Ask} */
  const ask = {
    dataset,
    ...(queued ? { queued } : { question, controls: Number(how.controls) }),
    ...(how.ask ? { ask: how.ask } : {}),
    ...{
      to,
      limit: Number(how.limit) || 0,
      annotators: Number(how.annotators) || 1,
      review: how.review,
      blind: how.blind,
    },
    ...(how.reason.trim() ? { reason: [how.reason.trim()] } : {}),
  };
  const plan = usePlan(ask);
  const [done, setDone] = useState(/** @type {Assigned | null} */ (null));
  const [busy, setBusy] = useState(false);
  const give = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy || !able.data) return;
    setBusy(true);
    try {
      setDone(await call("label.assign", ask));
      plan.forget();
    } catch (caught) {
      plan.fail(asError(caught));
    } finally {
      setBusy(false);
      beat();
    }
  };
  /** @type {[Which, string][]} */
  const choices = [
    ["queued", `the most urgent that wait for anybody (${free.toLocaleString("en")})`],
    ["new", "those without a label"],
    ["asked", "those of a question"],
  ];
  return div(
    { class: "columns wide assign" },
    div(
      { class: "stack-of" },
      done ? h(Given, { dataset, done }) : null,
      panel(
        "Which pictures",
        div(
          { class: "row choices", role: "radiogroup", "aria-label": "which pictures" },
          ...choices.map(([value, words]) =>
            label(
              { class: "tick" },
              input({ type: "radio", name: "which", checked: which === value, onChange: () => choose(value) }),
              span(words),
            ),
          ),
        ),
        which !== "asked"
          ? null
          : div(
              h(Bar, {
                text,
                at: `${dataset}@work`,
                found: plan.data ? count(plan.data.count + Object.keys(plan.data.left).length, "picture") : "",
                onAsk: (/** @type {string} */ next) => {
                  setChosen("asked");
                  go("queue", "assign", dataset, ...(next ? [next] : []));
                },
              }),
              p(
                { class: "muted small" },
                "Empty: all of them. The questions are those over the pictures; what is given to somebody already is left.",
              ),
            ),
      ),
      form(
        { class: "panel stacked", id: "assign", onSubmit: give },
        h(People, { people, ready: Boolean(able.data), error: able.error, shares, setShares }),
        fields(
          textField({
            words: "At most",
            type: "number",
            value: how.limit,
            onValue: (limit) => set({ limit }),
            hint: "0: all of them",
          }),
          textField({
            words: "People for each picture",
            type: "number",
            value: how.annotators,
            onValue: (annotators) => set({ annotators }),
            hint: "who do not see each other's answers",
          }),
          choiceField({
            words: "What they say",
            value: how.ask,
            onValue: (value) => set({ ask: value }),
            choices: [
              { value: "", words: "as in the data set" },
              { value: "class", words: "the class of the picture" },
              { value: "objects", words: "objects, drawn" },
            ],
          }),
          queued
            ? null
            : choiceField({
                words: "Controls among them",
                value: how.controls,
                onValue: (controls) => set({ controls }),
                hint: "labels known, to measure who labels",
                choices: SHARES.map((each) => ({ value: String(each), words: each ? `${100 * each} %` : "none" })),
              }),
          textField({
            words: "Why, in a word",
            value: how.reason,
            onValue: (reason) => set({ reason }),
            placeholder: "bolts look odd",
            hint: "shown beside the picture",
          }),
        ),
        div(
          { class: "row choices" },
          tick({
            words: "Somebody else looks at each",
            hint: "before it counts",
            checked: how.review,
            onChecked: (review) => set({ review }),
          }),
          tick({
            words: "Propose nothing",
            hint: several ? "always so of several people, or with controls" : "no model's answer is shown",
            checked: how.blind || several,
            onChecked: (blind) => set({ blind }),
          }),
        ),
      ),
    ),
    div({ class: "side" }, h(Plan, { plan, busy, to, dataset, none: NONE[which], isNew: which !== "asked" })),
  );
}

/** @param {{people: string[], ready: boolean, error: import("../../lib/api.js").ApiError | null, shares: Record<string, string>, setShares: (next: Record<string, string>) => void}} properties */
const People = ({ people, ready, error, shares, setShares }) =>
  fieldset(
    { class: "who" },
    legend({ class: "field-name" }, "To whom"),
    ready ? null : waiting(error),
    ...people.map((each) =>
      div(
        { class: "row", key: each },
        label(
          { class: "tick" },
          input({
            type: "checkbox",
            checked: Boolean(shares[each]),
            onChange: (/** @type {any} */ event) => setShares({ ...shares, [each]: event.target.checked ? "1" : "" }),
          }),
          span(each),
        ),
        shares[each]
          ? label(
              { class: "row" },
              span({ class: "muted small" }, "share"),
              input({
                type: "number",
                "aria-label": `share of ${each}`,
                min: "0.1",
                step: "any",
                value: shares[each],
                onInput: (/** @type {any} */ event) =>
                  event.target.value && setShares({ ...shares, [each]: event.target.value }),
              }),
            )
          : null,
      ),
    ),
    p(
      { class: "hint" },
      people.some((each) => shares[each]) ? "In turn, by their shares." : "Nobody named: whoever comes first has them.",
    ),
  );
