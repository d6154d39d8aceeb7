// @ts-check
/** The queue: one picture at a time, why it is here, accept or correct by keyboard; no decision is ever lost. */
import { div, figure, h, h1, p, span, useEffect, useRef, useState } from "../lib/dom.js";
import { asError, call, large, thumbnail } from "../lib/api.js";
import { outbox, useOutbox, useTasks } from "../lib/sending/decisions.js";
import { Marks } from "../lib/marks.js";
import { act, empty, failure, panel, Picture, waiting } from "../lib/parts.js";
import { saved } from "../lib/sending/sent.js";
import { go, useClasses, useKeys } from "../lib/use.js";
import { count, proposal } from "../lib/words.js";
import { Drawing } from "./queue/drawing.js";
import { Agreement } from "./queue/agreement.js";
import { Assign } from "./queue/assign.js";
import { Answers, Choices, nameOf, NOTHING, Strip, Troubles, VIEWS, Why } from "./queue/parts.js";
import { Pace } from "./queue/pace.js";
import { People } from "./queue/people.js";
import { Tabs, useDoor } from "./queue/rooms.js";

/** @typedef {import("../lib/sending/decisions.js").Task} Task */
/** @typedef {import("../lib/sending/decisions.js").View} View */

/** Beside the views of the queue: `#/queue/people`. @type {Record<string, (properties: {rest: string[]}) => import("../lib/dom.js").Child>} */
const ROOMS = { agreement: Agreement, assign: Assign, people: People };

/** @param {{address: string[]}} properties */
export function Queue({ address: [at, ...rest] }) {
  const view = VIEWS.find((each) => each === at) ?? "mine";
  const shut = useDoor(view);
  if (Object.hasOwn(ROOMS, at)) return h(ROOMS[at], { key: at, rest });
  if (shut) return div(div({ class: "title" }, h1("Queue"), h(Tabs, { room: view })), shut);
  if (rest[0] === "draw" && rest[1]) return h(Drawing, { key: view, view, id: rest[1] });
  return h(Room, { key: view, view });
}

/** What who looks has drawn on it and not handed in. @param {Task | undefined} task */
const draftOf = (task) => (task?.mine && task.mine.state !== "given" ? task.mine.annotations : null);

/** What the picture shows: of a disputed one what everybody says, or who is pointed at. @param {Task} task @param {boolean} deciding @param {string} peeked */
function shownOf(task, deciding, peeked) {
  const one = task.answers.find((each) => each.actor === peeked);
  if (one) return one.annotations ?? [];
  const said = draftOf(task) ?? (deciding ? task.final : null);
  if (deciding && !said?.length) return task.answers.flatMap((each) => each.annotations ?? []);
  return said ?? task.proposed;
}

/** @param {{view: View}} properties */
function Room({ view }) {
  const tasks = useTasks(view);
  const { rows, decided } = tasks;
  const sent = useOutbox();
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState(/** @type {import("../lib/api.js").ApiError | null} */ (null));
  const task = rows[Math.min(at, rows.length - 1)];
  const classes = useClasses(task?.dataset);
  const deciding = view !== "mine";
  const [peeked, setPeeked] = useState("");
  const drawn = draftOf(task);
  const proposed = task ? proposal(drawn ?? ((deciding && task.final) || task.proposed)) : undefined;
  const draws = task?.rules?.question === "objects";
  const since = useRef(Date.now());
  useEffect(() => {
    since.current = Date.now();
    setPeeked(""); // who was pointed at is gone, and told nobody
  }, [task?.id]);
  useEffect(() => {
    for (const next of rows.slice(at + 1, at + 4)) new Image().src = large({ ...next.candidate, image: next.image });
  }, [task?.id]);

  const accept = (/** @type {string | null} */ label) => {
    if (!task) return;
    if (!label && !proposed) return void (draws && drawOn());
    tasks.decide(task, label ?? proposed?.label ?? "");
    const seconds = Math.round((Date.now() - since.current) / 100) / 10;
    outbox.add({ verb: "label.accept", ask: { task: task.id, seconds, ...(label ? { label } : {}) } });
  };
  const take = (/** @type {string} */ of) => {
    if (!task) return;
    tasks.decide(task, `as ${of} says`);
    outbox.add({ verb: "label.accept", ask: { task: task.id, of } });
  };
  const sendBack = (/** @type {string} */ comment) => {
    if (!task || !comment.trim()) return;
    tasks.decide(task, "sent back");
    outbox.add({ verb: "label.back", ask: { task: task.id, comment } });
  };
  const reject = () => {
    if (!task) return;
    tasks.decide(task, "left out");
    outbox.add({ verb: "label.reject", ask: { task: task.id } });
  };
  const drawOn = async () => {
    if (!task) return;
    if (task.rules) return void go("queue", view, "draw", task.id);
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
  const step = (/** @type {number} */ by) =>
    setAt(Math.max(0, Math.min(rows.length - 1, Math.min(at, rows.length - 1) + by)));
  useKeys({
    Enter: () => accept(null),
    x: reject,
    e: () => (task?.rules && !draws ? undefined : drawOn()),
    u: undo,
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ...(draws
      ? {}
      : Object.fromEntries(classes.names.slice(0, 9).map((name, k) => [String(k + 1), () => accept(name)]))),
  });

  const last = decided.at(-1);
  const title = div(
    { class: "title" },
    h1("Queue"),
    h(Tabs, { room: view }),
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
  const settle = (/** @type {import("../lib/sending/decisions.js").Decision} */ refused) => {
    const where = tasks.settle(refused);
    setAt(Math.max(0, where === view ? 0 : rows.findIndex((each) => each.id === refused.ask.task)));
    if (where && where !== view) go("queue", where);
  };
  const troubles = div(h(Troubles, { sent, onRefused: settle }), failure(problem));
  if (!tasks.ready) return div(title, troubles, waiting(tasks.error));
  if (!task) {
    return div(
      title,
      h(Pace, {}),
      troubles,
      panel(
        "",
        decided.length
          ? empty(
              "All decided",
              "Thank you. New pictures come here by themselves when production meets something it is not sure about.",
            )
          : deciding
            ? empty(...NOTHING[view])
            : empty(
                "Nothing waits for a person",
                "Pictures come here when a served answer is uncertain, when it looks unlike the training pictures, or when it is part of an alarm. The section `capture` of visloop.yaml says which.",
                "visloop label list",
              ),
      ),
    );
  }
  const candidate = { ...task.candidate, image: task.image, annotations: shownOf(task, deciding, peeked) };
  return div(
    { class: "queue" },
    title,
    h(Pace, { dataset: task.dataset }),
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
        task.mine?.comment && view === "mine"
          ? panel(
              "Sent back",
              p({ role: "note" }, task.mine.comment),
              p({ class: "muted" }, nameOf(task.mine.returned_by)),
            )
          : null,
        h(Why, { task, proposed, deciding, colour: classes.colour }),
        deciding
          ? h(Answers, {
              key: task.id,
              task,
              colour: classes.colour,
              onTake: take,
              onBack: sendBack,
              onPeek: setPeeked,
            })
          : null,
        panel(
          "Decide",
          draws ? null : h(Choices, { ...classes, proposed: proposed?.label, onChoose: accept }),
          div(
            { class: "row deeds" },
            draws && !proposed
              ? null
              : act("Accept", () => accept(null), { key: "Enter", kind: "primary", disabled: !proposed }),
            task.rules && !draws
              ? null
              : act("Draw on it", drawOn, {
                  key: "e",
                  kind: draws && !proposed ? "primary" : undefined,
                  title: task.rules ? "open the label editor" : "take it in as proposed, and open the label editor",
                }),
            act("Leave out", reject, { key: "x", title: "not worth learning from" }),
          ),
        ),
      ),
    ),
    h(Strip, { rows, task, onPick: setAt }),
  );
}
