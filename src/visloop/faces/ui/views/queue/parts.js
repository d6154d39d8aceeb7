// @ts-check
/** The parts of the queue: whose it is, why a picture is here, what people said of it, what may be said. */
import { a, button, dd, div, dl, dt, form, h, input, li, p, span, ul, useRef, useState } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { outbox } from "../../lib/sending/decisions.js";
import { act, dot, failure, panel, Picture, when } from "../../lib/parts.js";
import { unheard } from "../../lib/sending/sent.js";
import { address, useKeys } from "../../lib/use.js";
import { count, percent, proposal, reasonInWords, tally } from "../../lib/words.js";

/** @typedef {import("../../lib/sending/decisions.js").Task} Task */
/** @typedef {import("../../lib/sending/decisions.js").View} View */
/** @typedef {import("../../lib/sending/decisions.js").Sent} Sent */

/** @typedef {import("../../lib/sending/decisions.js").Decision} Decision */

/** What the server did not take, and what it has not heard yet. @param {{sent: Sent, onRefused: (refused: Decision) => void}} properties */
export const Troubles = ({ sent, onRefused }) =>
  div(
    { "aria-live": "assertive" },
    unheard(sent, "decision"),
    ...sent.refused.map(({ entry, trouble }) =>
      failure(
        { what: `Not ${entry.verb === "label.undo" ? "taken back" : "saved"}: ${trouble.what}`, fix: trouble.fix },
        act(entry.verb === "label.undo" ? "It stays so" : "Show the picture again", () => {
          outbox.dismiss(entry.id);
          onRefused(entry);
        }),
      ),
    ),
  );

/** @type {View[]} */
export const VIEWS = ["mine", "to-review", "disputed"];
/** @type {Record<string, [string, string, string]>} */
export const NOTHING = {
  "to-review": [
    "Nothing is to review",
    "Pictures come here that somebody else has labelled, where they were given out with a review.",
    "visloop label assign DATA --to NAME --review",
  ],
  disputed: [
    "Nothing is disputed",
    "Pictures come here on which the people who labelled them do not agree. Who labelled one does not decide about it.",
    "visloop label assign DATA --to NAME --to NAME --annotators 2",
  ],
};

export const nameOf = (/** @type {string} */ actor) => actor.replace(/^\w+:/, "");

const LETTERS = "abcd";

/** What people said of the picture; one of them is taken, or it goes back. @param {{task: Task, colour: (name: string | undefined) => string, onTake: (of: string) => void, onBack: (comment: string) => void, onPeek: (actor: string) => void}} properties */
export function Answers({ task, colour, onTake, onBack, onPeek }) {
  const [comment, setComment] = useState("");
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const take = (/** @type {import("../../api.d.ts").Answer} */ each) => onTake(nameOf(each.actor));
  useKeys({
    ...Object.fromEntries(task.answers.slice(0, LETTERS.length).map((each, k) => [LETTERS[k], () => take(each)])),
    r: () => field.current?.focus(),
  });
  if (!task.answers.length)
    return panel("Labelled by", p({ class: "muted" }, "What people said of it is shown to a reviewer, who decides."));
  return panel(
    "Labelled by",
    ul(
      { class: "said" },
      ...task.answers.map((each, k) => {
        const said = tally(each.annotations ?? [], []);
        return li(
          {
            key: each.actor,
            class: "row",
            onMouseMove: (/** @type {MouseEvent} */ { movementX, movementY }) =>
              (movementX || movementY) && onPeek(each.actor), // not of who comes to lie under a pointer that rests
            onMouseLeave: () => onPeek(""),
            onFocusIn: () => onPeek(each.actor),
            onFocusOut: () => onPeek(""),
          },
          span(nameOf(each.actor)),
          ...(said.length ? said : [["nothing", 0]]).map(([name, n]) =>
            span({ class: "label" }, n ? dot(colour(String(name))) : null, n === 1 || !n ? name : `${n} ${name}`),
          ),
          span({ class: "grow" }),
          act("Take this", () => take(each), { key: LETTERS[k] }),
        );
      }),
    ),
    form(
      {
        class: "row foot",
        onSubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          onBack(comment);
        },
      },
      input({
        ref: field,
        type: "text",
        class: "grow",
        onKeyDown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && field.current?.blur(),
        "aria-label": "what is wrong",
        placeholder: "what is wrong",
        value: comment,
        onInput: (/** @type {any} */ event) => setComment(event.target.value),
      }),
      button(
        { type: "submit", disabled: !comment.trim(), title: "to who labelled it (r)" },
        "Send back",
        span({ class: "key", "aria-hidden": "true" }, "r"),
      ),
    ),
  );
}

/** Why it is here: what was found of it, or who asks for what. @param {Task} task @param {boolean} deciding */
function because({ state, score, mine, rules, reasons }, deciding) {
  const others = (rules?.annotators ?? 1) - 1;
  const given =
    others > 0 ? `given to you, and to ${count(others, "person", "people")} who do not see what you say` : "";
  const said = [
    state === "disputed" && score !== null
      ? `people agree by ${percent(score, 0)}, asked for are ${percent(rules?.bar, 0)}`
      : "",
    state === "review" ? "a second look is asked for before it counts" : "",
    !deciding && mine ? given || "given to you" : "",
  ].filter(Boolean);
  return [...said, ...reasons.filter((each) => each !== "given out" || !said.length).map(reasonInWords)];
}

/** @param {{task: Task, proposed: ReturnType<typeof proposal>, deciding: boolean, colour: (name: string | undefined) => string}} properties */
export function Why({ task, proposed, deciding, colour }) {
  const said = (deciding ? task.final : task.proposed) ?? [];
  const drawn = task.rules?.question === "objects" ? said.length : 0;
  return panel(
    deciding ? "Labelled" : "Proposed",
    p(
      { class: "proposal" },
      ...(drawn > 1
        ? [count(drawn, "object")]
        : [
            proposed ? dot(colour(proposed.label)) : null,
            proposed?.label ?? (deciding ? "people disagree" : "nothing"),
            proposed?.score != null ? span({ class: "muted" }, percent(proposed.score)) : null,
          ]),
    ),
    dl(
      { class: "facts" },
      dt("here because"),
      dd(...because(task, deciding).map((each) => p(each))),
      ...(task.model ? [dt("model"), dd(a({ href: address("models", task.model) }, task.model))] : []),
      dt("data set"),
      dd(a({ href: address("data", task.dataset) }, task.dataset)),
      dt("picture"),
      dd(`${task.candidate.width} × ${task.candidate.height} px, came `, when(task.created)),
    ),
  );
}

/** @param {{names: string[], colour: (name: string | undefined) => string, definition: (name: string | undefined) => string, proposed: string | undefined, onChoose: (name: string) => void}} properties */
export const Choices = ({ names, colour, definition, proposed, onChoose }) =>
  div(
    { class: "classes", role: "group", "aria-label": "classes" },
    ...names.map((name, k) =>
      button(
        {
          type: "button",
          class: name === proposed ? "choice proposed" : "choice",
          onClick: () => onChoose(name),
          "aria-keyshortcuts": k < 9 ? String(k + 1) : undefined,
        },
        dot(colour(name)),
        span(name, definition(name) ? span({ class: "choice-definition" }, definition(name)) : null),
        k < 9 ? span({ class: "key", "aria-hidden": "true" }, String(k + 1)) : null,
      ),
    ),
  );

/** The next pictures. @param {{rows: Task[], task: Task, onPick: (k: number) => void}} properties */
export const Strip = ({ rows, task, onPick }) =>
  ul(
    { class: "strip", "aria-label": "next pictures" },
    ...rows.slice(0, 24).map((row, k) => {
      const said = proposal(row.proposed)?.label ?? "nothing proposed";
      return li(
        { key: row.id },
        button(
          {
            type: "button",
            "aria-current": row === task ? "true" : undefined,
            onClick: () => onPick(k),
            title: said,
            "aria-label": `picture ${k + 1}: ${said}`,
          },
          h(Picture, { src: thumbnail(row.image, 160), alt: "" }),
        ),
      );
    }),
  );
