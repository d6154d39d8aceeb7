// @ts-check
/** The queue: one picture at a time, why it is here, accept or correct by keyboard. */
import { button, div, dd, dl, dt, figure, h1, img, li, p, span, ul, useEffect, useState } from "../lib/dom.js";
import { call, image, thumbnail } from "../lib/api.js";
import { act, badge, classColour, empty, failure, percent } from "../lib/parts.js";
import { useAnswer, useKeys } from "../lib/use.js";

/** @param {any} task */
const proposal = (task) => task.proposed.find((/** @type {any} */ each) => each.type === "class") ?? task.proposed[0];

export function Queue() {
  const { data, error, reload } = useAnswer("label.list", { limit: 200 }, 4000);
  const [at, setAt] = useState(0);
  const [done, setDone] = useState(/** @type {string[]} */ ([]));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const rows = (data?.rows ?? []).filter((/** @type {any} */ row) => !done.includes(row.id));
  const task = rows[Math.min(at, rows.length - 1)];
  const classes = useAnswer("classes.list", task ? { dataset: task.dataset } : null).data?.rows.map((/** @type {any} */ row) => row.name) ?? [];
  useEffect(() => { for (const next of rows.slice(at + 1, at + 4)) new Image().src = image(next.image); }, [task?.id]);

  /** @param {string} verb @param {Record<string, any>} [more] */
  const decide = async (verb, more = {}) => {
    if (!task) return;
    setDone([...done, task.id]);
    try {
      await call(verb, { task: task.id, ...more });
      setProblem(null);
    } catch (caught) {
      setProblem(caught);
      setDone(done);
    }
  };
  const undo = async () => {
    const last = done[done.length - 1];
    if (!last) return;
    try {
      await call("label.undo", { task: last });
      setDone(done.slice(0, -1));
      reload();
    } catch (caught) {
      setProblem(caught);
    }
  };
  const step = (/** @type {number} */ by) => setAt(Math.max(0, Math.min(rows.length - 1, at + by)));
  useKeys({
    Enter: () => decide("label.accept"),
    x: () => decide("label.reject"),
    u: undo,
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ...Object.fromEntries(classes.slice(0, 9).map((/** @type {string} */ name, /** @type {number} */ k) => [String(k + 1), () => decide("label.accept", { label: name })])),
  });

  if (!data) return div(h1("Queue"), failure(error));
  if (!task) {
    return div(h1("Queue"), failure(problem ?? error),
      empty(done.length ? "All decided. Thank you." : "Nothing waits for a person. Pictures come here when a served answer is uncertain, unusual, or part of an alarm.", "visloop label list"));
  }
  const proposed = proposal(task);
  return div(
    div({ class: "title" }, h1("Queue"), span({ class: "muted" }, `${rows.length} wait, ${done.length} decided`), span({ class: "grow" }),
      act("Undo", undo, { key: "u", kind: "quiet", disabled: !done.length })),
    failure(problem ?? error),
    div({ class: "desk" },
      figure({ class: "stage" }, img({ src: image(task.image), alt: `picture, proposed as ${proposed?.label ?? "nothing"}` })),
      div({ class: "side" },
        div({ class: "panel" },
          p({ class: "proposal" }, span({ class: "dot", style: `background:${classColour(proposed?.label ?? "")}` }), proposed?.label ?? "no proposal",
            span({ class: "muted" }, proposed?.score != null ? percent(proposed.score) : "")),
          dl({ class: "facts" },
            dt("why"), dd(...task.reasons.map((/** @type {any} */ each) => badge(typeof each === "string" ? each : each.kind ?? each.reason ?? JSON.stringify(each)))),
            dt("model"), dd(task.model ?? "–"),
            dt("data set"), dd(task.dataset))),
        div({ class: "panel" },
          div({ class: "classes" }, ...classes.map((/** @type {string} */ name, /** @type {number} */ k) =>
            button({ type: "button", class: name === proposed?.label ? "choice proposed" : "choice", onClick: () => decide("label.accept", { label: name }) },
              span({ class: "dot", style: `background:${classColour(name)}` }), name, k < 9 ? span({ class: "key" }, String(k + 1)) : null))),
          div({ class: "row" },
            act("Accept", () => decide("label.accept"), { key: "Enter", kind: "primary", disabled: !proposed }),
            act("Leave out", () => decide("label.reject"), { key: "x" }))))),
    ul({ class: "strip" }, ...rows.slice(0, 24).map((/** @type {any} */ row, /** @type {number} */ k) =>
      li(button({ type: "button", class: row === task ? "here" : "", onClick: () => setAt(k), title: proposal(row)?.label ?? "" },
        img({ src: thumbnail(row.image, 160), alt: proposal(row)?.label ?? "picture", loading: "lazy" }))))));
}
