// @ts-check
/** One person who labels: figures, days, and what is open with them, to be taken back or handed on. */
import { a, button, div, figcaption, figure, h, li, option, p, select, span, ul, useState } from "../../lib/dom.js";
import { asError, call, thumbnail } from "../../lib/api.js";
import { act, badge, empty, failure, panel, Picture, waiting } from "../../lib/parts.js";
import { beat } from "../../lib/pulse.js";
import { address, useAnswer } from "../../lib/use.js";
import { count, duration, percent, reasonInWords } from "../../lib/words.js";
import { BOUND, controls, Days, perHour } from "./plots.js";

/** @typedef {import("../../api.d.ts").ShownTask} Task */

const SHOWN = 120;

/** @param {{dataset: string, name: string}} properties */
export function Person({ dataset, name }) {
  const where = dataset ? { dataset } : {};
  const work = useAnswer("label.people", { ...where, bound: BOUND });
  const open = useAnswer("label.queue", { ...where, view: "all", person: name, limit: SHOWN });
  const mine = work.data?.rows.find((each) => each.person === name);
  if (!work.data || !open.data) return waiting(work.error ?? open.error);
  if (!mine)
    return panel(
      "",
      empty(
        `${name} was given nothing${dataset ? ` of ${dataset}` : ""}`,
        a({ href: address("queue", "assign", ...(dataset ? [dataset] : [])) }, "Give pictures out"),
      ),
    );
  return div(
    panel(
      { title: dataset ? `${name}, in ${dataset}` : name, class: "named" },
      ul(
        { class: "figures" },
        told(mine.answers.toLocaleString("en"), "labelled"),
        told(perHour(mine), "an hour"),
        told(mine.median_s === null ? "–" : duration(mine.median_s), "a picture, half of them"),
        told(mine.waiting.toLocaleString("en"), "open"),
        told(mine.left_s === null ? "–" : duration(mine.left_s), "which takes, at that pace"),
        told(mine.controls ? percent(mine.accuracy.value, 0) : "–", "of the controls right"),
      ),
      mine.controls ? div({ class: "row foot" }, controls(mine)) : null,
    ),
    div(
      { class: "columns wide" },
      h(Open, { name, dataset, rows: open.data.rows, total: mine.waiting }),
      div({ class: "side" }, panel("Day by day", h(Days, { days: mine.days, large: true }))),
    ),
  );
}

/** @param {string} figure @param {string} words */
const told = (figure, words) => li(span({ class: "figure" }, figure), words);

/** What is open with somebody. @param {{name: string, dataset: string, rows: Task[], total: number}} properties */
function Open({ name, dataset, rows, total }) {
  const able = useAnswer("user.list", { may: "label.write" }).data?.rows ?? [];
  const others = [...new Set(able.map((each) => each.user))].filter((each) => each !== name);
  const [to, setTo] = useState("");
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState("");
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState(/** @type {import("../../lib/api.js").ApiError | null} */ (null));
  /** From each of the data sets, whatever of it is in sight. @param {string} doing @param {{dataset: string, task?: string}[]} those @param {string} next */
  const take = async (doing, those, next) => {
    setBusy(doing);
    setProblem(null);
    setAsked(false);
    try {
      let gone = 0;
      for (const each of those) gone += (await call("label.unassign", { ...each, person: name, to: next })).count;
      const left = doing === "all" ? total - gone : 0;
      setSaid(
        `${count(gone, "picture")} ${next ? `handed to ${next}` : "taken back"}${left > 0 ? `; ${left} ${next} has already` : ""}.`,
      );
    } catch (caught) {
      setProblem(asError(caught));
    } finally {
      setBusy("");
      beat();
    }
  };
  const sets = () =>
    dataset ? [{ dataset }] : [...new Set(rows.map((each) => each.dataset))].map((each) => ({ dataset: each }));
  return panel(
    { title: `Open with ${name}`, aside: span({ class: "muted" }, count(total, "picture")) },
    failure(problem),
    said ? p({ class: "muted", role: "status" }, said) : null,
    rows.length
      ? div(
          { class: "row deeds-of" },
          select(
            {
              "aria-label": "who has them instead",
              value: to,
              onChange: (/** @type {any} */ event) => setTo(event.target.value),
            },
            option({ value: "", selected: !to }, "anybody, or given out anew"),
            ...others.map((each) => option({ value: each, selected: each === to }, each)),
          ),
          asked
            ? act(`Yes, ${to ? `hand all to ${to}` : "take all back"}`, () => take("all", sets(), to), {
                kind: "danger",
                busy: busy === "all",
              })
            : act(to ? `Hand all to ${to} …` : "Take all back …", () => setAsked(true), { busy: busy === "all" }),
          asked ? act("No", () => setAsked(false), { kind: "quiet" }) : null,
          asked ? span({ class: "muted" }, "What was drawn and not handed in is forgotten.") : null,
        )
      : empty(
          `Nothing is open with ${name}`,
          a({ href: address("queue", "assign", ...(dataset ? [dataset] : [])) }, "Give pictures out"),
        ),
    ul(
      { class: "open-with", "aria-label": `open with ${name}` },
      ...rows.map((each) =>
        li(
          { key: each.id },
          figure(
            h(Picture, { src: thumbnail(each.image, 160), alt: each.path }),
            figcaption(
              span({ class: "path", title: each.path }, each.path.split("/").at(-1)),
              span({ class: "muted small" }, each.reasons.map(reasonInWords).join(", ")),
              each.control ? badge("control") : null,
            ),
          ),
          button(
            {
              type: "button",
              class: "quiet",
              disabled: busy === each.id,
              "aria-label": `${to ? `Hand to ${to}` : "Take back"}: ${each.path}`,
              onClick: () => take(each.id, [{ dataset: each.dataset, task: each.id }], to),
            },
            to ? `Hand to ${to}` : "Take back",
          ),
        ),
      ),
    ),
    rows.length === SHOWN && total > SHOWN
      ? p({ class: "muted" }, `The newest ${SHOWN} of ${total.toLocaleString("en")}.`)
      : null,
  );
}
