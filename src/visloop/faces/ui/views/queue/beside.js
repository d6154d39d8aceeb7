// @ts-check
/** A picture on which people disagree: what each said side by side, one of them taken, then the next. */
import { a, button, div, h, li, ol, p, span, strong, useEffect, useRef, useState } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { outbox, settled, useOutbox } from "../../lib/sending/decisions.js";
import { placed } from "../../lib/marks.js";
import { act, badge, dot, empty, panel, Picture, stateBadge, waiting } from "../../lib/parts.js";
import { saved } from "../../lib/sending/sent.js";
import { address, go, useAnswer, useClasses, useKeys } from "../../lib/use.js";
import { percent, tally } from "../../lib/words.js";
import { Sides } from "../versions/pair.js";
import { apart } from "./alone.js";
import { nameOf, Troubles } from "./parts.js";

/** @typedef {import("../../api.d.ts").ShownTask} Task */
/** @typedef {import("../../api.d.ts").Disagreed} Disagreed */
/** @typedef {import("../../api.d.ts").Answer} Answer */

const LETTERS = "abcd";
const AROUND = 30;

/** @param {{dataset: string, id: string, those: Disagreed[]}} properties */
export function Beside({ dataset, id, those }) {
  const { data, error } = useAnswer("label.queue", { view: "all", task: id, limit: 1 });
  const sent = useOutbox();
  const at = those.findIndex((each) => each.task === id);
  const show = (/** @type {string} */ task) => go("queue", "agreement", dataset, task);
  const step = (/** @type {number} */ by) => {
    const next = those[Math.max(0, Math.min(those.length - 1, at + by))];
    if (next && next.task !== id) show(next.task);
  };
  const [taken, setTaken] = useState(/** @type {string[]} */ ([]));
  const undo = () => {
    const one = taken.at(-1);
    if (!one) return;
    setTaken(taken.slice(0, -1));
    outbox.add({ verb: "label.undo", ask: { task: one } });
    show(one);
  };
  useKeys({ j: () => step(1), k: () => step(-1), ArrowRight: () => step(1), ArrowLeft: () => step(-1), u: undo });
  const last = useRef(/** @type {Task | null} */ (null));
  if (data?.rows[0]) last.current = data.rows[0];
  const task = data ? (data.rows[0] ?? null) : last.current?.id === id ? last.current : null;
  if (!task && !data) return waiting(error);
  if (!task)
    return panel(
      "",
      empty(
        "There is no such picture in the queue",
        a({ href: address("queue", "agreement", dataset) }, "See those on which people disagree"),
      ),
    );
  return div(
    h(Troubles, { sent, onRefused: (refused) => (settled(refused), show(refused.ask.task)) }),
    div(
      { class: "compare" },
      panel(
        {
          title: at < 0 ? "Disagreed" : `${at + 1} of ${those.length}`,
          class: "compare-list",
          aside: span({ class: "row" }, saved(sent, "decision", 0)),
        },
        h(List, { those, at, show }),
        div(
          { class: "row foot" },
          act("Previous", () => step(-1), { key: "k", disabled: at <= 0 }),
          act("Next", () => step(1), { key: "j", disabled: at < 0 || at === those.length - 1 }),
          act("Undo", undo, { key: "u", disabled: !taken.length }),
        ),
      ),
      h(One, {
        key: id,
        task,
        onTake: (of) => {
          outbox.add({ verb: "label.accept", ask: { task: id, of } });
          setTaken([...taken, id]);
          step(1);
        },
      }),
    ),
  );
}

/** @param {{those: Disagreed[], at: number, show: (task: string) => void}} properties */
function List({ those, at, show }) {
  const from = Math.max(0, Math.min(at - AROUND / 2, those.length - AROUND));
  const here = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => here.current?.scrollIntoView({ block: "nearest" }), [at]);
  return ol(
    { class: "changed-list", "aria-label": "pictures on which people disagree" },
    ...those
      .slice(from, from + AROUND)
      .map((each, k) =>
        li(
          { key: each.task },
          button(
            {
              type: "button",
              ref: from + k === at ? here : undefined,
              "aria-current": from + k === at ? "true" : undefined,
              onClick: () => show(each.task),
            },
            h(Picture, { src: thumbnail(each.image, 64), alt: "" }),
            span(
              { class: "changed-name" },
              span({ class: "path" }, each.path.split("/").at(-1)),
              span(
                { class: "dots muted" },
                each.score === null ? "" : `${percent(each.score, 0)} agreed`,
                each.state === "disputed" ? "" : `, ${each.state}`,
              ),
            ),
          ),
        ),
      ),
  );
}

/** @param {{task: Task, onTake: (of: string) => void}} properties */
function One({ task, onTake }) {
  const { colour } = useClasses(task.dataset);
  const drawn = task.rules?.question === "objects";
  const open = task.state === "disputed" || task.state === "review";
  const isOwn = task.mine?.role === "annotator";
  const decides = open && !isOwn;
  const take = (/** @type {Answer} */ each) => onTake(nameOf(each.actor));
  const view = task.state === "review" ? "to-review" : "disputed";
  const draw = () => go("queue", view, "draw", task.id);
  const shown = task.answers.slice(0, LETTERS.length);
  useKeys({
    ...(decides ? Object.fromEntries(shown.map((each, k) => [LETTERS[k], () => take(each)])) : {}),
    ...(decides && drawn ? { e: draw } : {}),
  });
  const sample = { ...task.candidate, id: task.id, image: task.image, path: task.path };
  const marked = apart(task.answers.map((each) => each.annotations ?? []));
  const sideOf = (/** @type {Answer} */ each, /** @type {number} */ k) => ({
    title: [
      strong(nameOf(each.actor)),
      " ",
      ...tally(each.annotations ?? [], []).flatMap(([name, n]) => [
        span({ class: "label" }, dot(colour(name)), n > 1 ? `${n} ${name}` : name),
        " ",
      ]),
      each.annotations?.length ? null : span({ class: "muted" }, "nothing "),
      decides ? act("Take this", () => take(each), { key: LETTERS[k] }) : null,
    ],
    sample: /** @type {import("../../api.d.ts").Sample} */ (
      /** @type {unknown} */ ({ ...sample, annotations: each.annotations ?? [] })
    ),
    drawn: marked[k].filter((mark) => placed(mark.annotation)),
  });
  return panel(
    {
      title: task.path.split("/").at(-1) ?? task.path,
      class: "compared",
      aside: span(
        { class: "row" },
        task.score === null || task.score === undefined
          ? null
          : badge(`${percent(task.score, 0)} agreed`, task.score < 0.5 ? "bad" : "busy"),
        stateBadge(task.state),
        decides && drawn ? act("Draw it yourself", draw, { key: "e" }) : null,
      ),
    },
    shown.length
      ? h(Sides, { sides: shown.map(sideOf) })
      : p({ class: "muted" }, "What people said of it is shown once all have answered, to those who decide about it."),
    drawn && shown.length > 1
      ? p(
          { class: "muted small foot" },
          span({ class: "swatch alone" }),
          " only this person has it, or calls it so; grey: another drew it, too (IoU ≥ 0.5, same class).",
        )
      : null,
    isOwn && open ? p({ class: "muted" }, "You labelled it yourself: somebody else decides about it.") : null,
    task.decided_by
      ? p(
          { class: "muted" },
          `Decided by ${nameOf(task.decided_by)}: ${
            tally(task.final ?? [], [])
              .map(([name, n]) => (n > 1 ? `${n} ${name}` : name))
              .join(", ") || "nothing"
          }.`,
        )
      : null,
  );
}
