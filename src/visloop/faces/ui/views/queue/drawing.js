// @ts-check
/** A picture of the queue in the label editor: drawn for its task alone, handed in, then the next. `#/queue/mine/draw/TASK` */
import { a, div, h, p, span, useEffect, useRef } from "../../lib/dom.js";
import { large } from "../../lib/api.js";
import { outbox, useOutbox, useTasks } from "../../lib/sending/decisions.js";
import { badge, empty, panel, waiting } from "../../lib/parts.js";
import { saved } from "../../lib/sending/sent.js";
import { address, go, useAnswer } from "../../lib/use.js";
import { reasonInWords } from "../../lib/words.js";
import { Table } from "../editor/editor.js";
import { TAB, useDesk } from "../editor/open.js";
import { nameOf, Troubles } from "./parts.js";

/** @typedef {import("../../lib/sending/decisions.js").Task} Task */
/** @typedef {import("../../lib/sending/decisions.js").View} View */

const draws = (/** @type {Task} */ each) => each.rules?.question === "objects";

/** As it will be opened, to be drawn on before the server has answered. @param {Task} task @param {View} view */
const begun = (task, view) => {
  const from = view === "mine" ? task.proposed : task.final;
  const sample = {
    ...task.candidate,
    id: "",
    image: task.image,
    path: task.path,
    annotations: task.mine?.annotations ?? from ?? [],
  };
  return /** @type {import("../../api.d.ts").Sample} */ ({ ...sample, labelled: sample.annotations.length > 0 });
};

/** @param {{view: View, id: string}} properties */
export function Drawing({ view, id }) {
  const tasks = useTasks(view);
  const one = useAnswer("label.queue", { view, task: id, limit: 1, tab: TAB });
  const known = tasks.rows.find((each) => each.id === id);
  const task = one.data ? (one.data.rows[0] ?? null) : (known ?? null);
  const { desk, error, redraw } = useDesk(task?.dataset ?? "", task?.path ?? "", task && begun(task, view), id);
  const sent = useOutbox();
  const since = useRef(Date.now());
  useEffect(() => {
    since.current = Date.now();
  }, [id]);
  const those = tasks.rows.filter(draws);
  const at = those.findIndex((each) => each.id === id);
  useEffect(() => {
    for (const each of those.slice(at + 1, at + 3)) new Image().src = large({ ...each.candidate, image: each.image });
  }, [id, those.length]);
  const queue = address("queue", view);
  if (!task) {
    if (!one.data) return waiting(one.error);
    const words = "It was handed in, decided, or given to somebody else.";
    return panel("", empty("This picture does not wait for you", words), p(a({ href: queue }, "Back to the queue")));
  }
  if (!desk || desk.task !== id) return div(waiting(error), error ? p(a({ href: queue }, "Back to the queue")) : null);
  const isDeciding = view !== "mine";
  const handIn = () => {
    const seconds = Math.round((Date.now() - since.current) / 100) / 10;
    const next =
      tasks.rows[tasks.rows.findIndex((each) => each.id === id) + 1] ?? tasks.rows.find((each) => each.id !== id);
    const nothing = desk.shown.objects.length === 0;
    tasks.decide(task, "as drawn");
    outbox.add({ verb: "label.accept", ask: { task: id, seconds, ...(nothing ? { nothing } : {}) } });
    if (next && draws(next) && !isDeciding) go("queue", view, "draw", next.id);
    else location.hash = queue;
  };
  return div(
    h(Troubles, {
      sent,
      onRefused: (refused) => {
        const where = tasks.settle(refused);
        if (refused.verb !== "label.undo") go("queue", where ?? view, "draw", refused.ask.task);
      },
    }),
    h(Table, {
      ...{ name: task.dataset, text: "", desk, others: [], redraw, error, reel: null },
      around: {
        ready: tasks.ready,
        next: /** @type {any} */ (those[at + 1] ?? null),
        previous: /** @type {any} */ (those[at - 1] ?? null),
        place: at + 1,
        total: those.length,
      },
      onLeave: (/** @type {any} */ to) => to && go("queue", view, "draw", to.id),
      given: {
        isDeciding,
        isBlind: task.rules?.blind ?? false,
        answers: task.answers,
        back: queue,
        onHandIn: handIn,
        status: saved(sent, "picture", 0),
        beside: panel(
          isDeciding ? "To decide" : "Given to you",
          task.mine?.comment && !isDeciding
            ? p(
                { role: "note" },
                badge("sent back", "bad"),
                " ",
                task.mine.comment,
                span({ class: "muted" }, ` ${nameOf(task.mine.returned_by)}`),
              )
            : null,
          ...task.reasons.map((each) => p(reasonInWords(each))),
          p(
            { class: "muted small" },
            task.rules?.blind && !isDeciding
              ? "Nobody sees what you draw before you hand it in, and you see nobody's."
              : "What you draw counts once it is handed in.",
          ),
        ),
      },
    }),
  );
}
