// @ts-check
/** The queue: one picture at a time, why it is here, accept or correct by keyboard; no decision is ever lost. */
import { a, button, dd, div, dl, dt, figure, h, h1, li, p, span, ul, useEffect, useState } from "../lib/dom.js";
import { asError, call, large, thumbnail } from "../lib/api.js";
import { outbox, useOutbox, useTasks } from "../lib/sending/decisions.js";
import { Marks } from "../lib/marks.js";
import { act, dot, empty, failure, panel, Picture, waiting, when } from "../lib/parts.js";
import { saved, unheard } from "../lib/sending/sent.js";
import { address, go, useClasses, useKeys } from "../lib/use.js";
import { count, percent, proposal, reasonInWords } from "../lib/words.js";

/** @typedef {import("../api.d.ts").Task} Task */
/** @typedef {import("../lib/sending/decisions.js").Sent} Sent */

/** What the server did not take, and what it has not heard yet. @param {{sent: Sent, onBack: (task: string) => void}} properties */
const Troubles = ({ sent, onBack }) =>
  div(
    { "aria-live": "assertive" },
    unheard(sent, "decision"),
    ...sent.refused.map(({ entry, trouble }) =>
      failure(
        { what: `Not saved: ${trouble.what}`, fix: trouble.fix },
        act("Show the picture again", () => {
          outbox.dismiss(entry.id);
          onBack(entry.ask.task);
        }),
      ),
    ),
  );

/** @param {{task: Task, colour: (name: string | undefined) => string}} properties */
function Why({ task, colour }) {
  const proposed = proposal(task.proposed);
  return panel(
    "Proposed",
    p(
      { class: "proposal" },
      proposed ? dot(colour(proposed.label)) : null,
      proposed?.label ?? "nothing",
      proposed?.score != null ? span({ class: "muted" }, percent(proposed.score)) : null,
    ),
    dl(
      { class: "facts" },
      dt("here because"),
      dd(...task.reasons.map((each) => p(reasonInWords(each)))),
      dt("model"),
      dd(task.model ? a({ href: address("models", task.model) }, task.model) : "–"),
      dt("data set"),
      dd(a({ href: address("data", task.dataset) }, task.dataset)),
      dt("picture"),
      dd(`${task.candidate.width} × ${task.candidate.height} px, since `, when(task.created)),
    ),
  );
}

/** @param {{names: string[], colour: (name: string | undefined) => string, proposed: string | undefined, onChoose: (name: string) => void}} properties */
const Choices = ({ names, colour, proposed, onChoose }) =>
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
        span(name),
        k < 9 ? span({ class: "key", "aria-hidden": "true" }, String(k + 1)) : null,
      ),
    ),
  );

/** The next pictures. @param {{rows: Task[], task: Task, onPick: (k: number) => void}} properties */
const Strip = ({ rows, task, onPick }) =>
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

export function Queue() {
  const tasks = useTasks();
  const { rows, decided } = tasks;
  const sent = useOutbox();
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState(/** @type {import("../lib/api.js").ApiError | null} */ (null));
  const task = rows[Math.min(at, rows.length - 1)];
  const classes = useClasses(task?.dataset);
  const proposed = task ? proposal(task.proposed) : undefined;
  useEffect(() => {
    for (const next of rows.slice(at + 1, at + 4)) new Image().src = large({ ...next.candidate, image: next.image });
  }, [task?.id]);

  const accept = (/** @type {string | null} */ label) => {
    if (!task || (!label && !proposed)) return;
    tasks.decide(task, label ?? proposed?.label ?? "");
    outbox.add({ verb: "label.accept", ask: label ? { task: task.id, label } : { task: task.id } });
  };
  const reject = () => {
    if (!task) return;
    tasks.decide(task, "left out");
    outbox.add({ verb: "label.reject", ask: { task: task.id } });
  };
  const drawOn = async () => {
    if (!task) return;
    setProblem(null);
    try {
      await call("label.accept", { task: task.id, draw: true });
      go("data", task.dataset, "work", "all", "edit", task.candidate.path);
    } catch (caught) {
      setProblem(asError(caught));
    }
  };
  const undo = () => {
    const last = decided.at(-1);
    if (!last) return;
    tasks.takeBack(last.task);
    outbox.add({ verb: "label.undo", ask: { task: last.task.id } });
    setAt(0);
  };
  const bringBack = (/** @type {string} */ id) => {
    const found = decided.find((each) => each.task.id === id);
    if (found) tasks.takeBack(found.task);
    tasks.reload();
  };
  const step = (/** @type {number} */ by) =>
    setAt(Math.max(0, Math.min(rows.length - 1, Math.min(at, rows.length - 1) + by)));
  useKeys({
    Enter: () => accept(null),
    x: reject,
    e: drawOn,
    u: undo,
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ...Object.fromEntries(classes.names.slice(0, 9).map((name, k) => [String(k + 1), () => accept(name)])),
  });

  const last = decided.at(-1);
  const title = div(
    { class: "title" },
    h1("Queue"),
    span(
      { class: "muted", role: "status" },
      tasks.ready && tasks.waiting + decided.length
        ? `${count(tasks.waiting, "picture")} wait${tasks.waiting === 1 ? "s" : ""}${decided.length ? `, ${decided.length} decided now` : ""}`
        : "",
    ),
    saved(sent, "decision", decided.length),
    span({ class: "grow" }),
    last ? span({ class: "muted" }, "last: ", last.said) : null,
    act("Undo", undo, { key: "u", disabled: !decided.length }),
  );
  const troubles = div(h(Troubles, { sent, onBack: bringBack }), failure(problem));
  if (!tasks.ready) return div(title, troubles, waiting(tasks.error));
  if (!task) {
    return div(
      title,
      troubles,
      panel(
        "",
        decided.length
          ? empty(
              "All decided",
              "Thank you. New pictures come here by themselves when production meets something it is not sure about.",
            )
          : empty(
              "Nothing waits for a person",
              "Pictures come here when a served answer is uncertain, when it looks unlike the training pictures, or when it is part of an alarm. The section `capture` of visloop.yaml says which.",
              "visloop label list",
            ),
      ),
    );
  }
  const candidate = { ...task.candidate, image: task.image, annotations: task.proposed };
  return div(
    { class: "queue" },
    title,
    troubles,
    div(
      { class: "desk" },
      figure(
        { class: "stage", key: task.id },
        div(
          { class: "frame", style: `aspect-ratio:${candidate.width}/${candidate.height}` },
          h(Picture, {
            src: large(candidate),
            fallback: thumbnail(task.image, 640),
            alt: `picture, proposed as ${proposed?.label ?? "nothing"}`,
            eager: true,
          }),
          h(Marks, { sample: candidate, colour: classes.colour }),
        ),
      ),
      div(
        { class: "side" },
        h(Why, { task, colour: classes.colour }),
        panel(
          "Decide",
          h(Choices, { ...classes, proposed: proposed?.label, onChoose: accept }),
          div(
            { class: "row" },
            act("Accept", () => accept(null), { key: "Enter", kind: "primary", disabled: !proposed }),
            act("Draw on it", drawOn, { key: "e", title: "take it in as proposed, and open the label editor" }),
            act("Leave out", reject, { key: "x", title: "not worth learning from" }),
          ),
        ),
      ),
    ),
    h(Strip, { rows, task, onPick: setAt }),
  );
}
