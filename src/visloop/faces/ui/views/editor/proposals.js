// @ts-check
/** What a model would draw: taken one by one, or all above a score. */
import { button, div, input, label, li, option, p, select, span, ul, useState } from "../../lib/dom.js";
import { act, failure, panel } from "../../lib/parts.js";
import { remember, shelf } from "../../lib/sending/shelf.js";
import { useAnswer } from "../../lib/use.js";
import { count, percent } from "../../lib/words.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */

const USUAL_BAR = 0.5;

/**
 * The proposals of the model that somebody chose in this data set.
 * @param {string} dataset
 * @param {string} path
 * @param {boolean} wanted false: the picture is labelled by what is seen alone
 */
export function useProposals(dataset, path, wanted) {
  const key = `visloop.model.${dataset}`;
  const [model, setModel] = useState(shelf.getItem(key) ?? "");
  const [bar, setBar] = useState(USUAL_BAR);
  const { data, error } = useAnswer("label.propose", model && wanted ? { dataset, path, model } : null);
  const said = /** @type {Annotation[]} */ (data?.proposals ?? []);
  return {
    model,
    choose: (/** @type {string} */ next) => {
      remember(key, next);
      setModel(next);
    },
    bar,
    setBar,
    error,
    waiting: Boolean(model) && !data && !error,
    leftOut: data?.left_out ?? {},
    shown: said.filter((each) => (each.score ?? 1) >= bar),
  };
}

/** @typedef {ReturnType<typeof useProposals>} Proposed */

/** @param {{proposed: Proposed, onTake: (those: Annotation[]) => void}} properties */
export function Proposals({ proposed, onTake }) {
  const rows = useAnswer("models", {}).data?.rows ?? [];
  const names = rows.map((/** @type {any} */ each) => `${each.model}@${each.version}`);
  if (!names.length) return null;
  const left = Object.entries(proposed.leftOut);
  return panel(
    "Pre-labels",
    div(
      { class: "edit-chosen" },
      select(
        {
          "aria-label": "model that proposes",
          value: proposed.model,
          onChange: (/** @type {any} */ event) => proposed.choose(event.target.value),
        },
        option({ value: "", selected: !proposed.model }, "by no model"),
        ...names.map((name) => option({ value: name, selected: name === proposed.model }, name)),
      ),
      failure(proposed.error),
      proposed.model && !proposed.error
        ? div(
            { class: "edit-chosen" },
            label(
              { class: "edit-bar-of" },
              span({ class: "muted small" }, `score at least ${percent(proposed.bar)}`),
              input({
                type: "range",
                min: "0.05",
                max: "1",
                step: "0.05",
                value: String(proposed.bar),
                onInput: (/** @type {any} */ event) => proposed.setBar(Number(event.target.value)),
              }),
            ),
            p(
              { class: "muted small", role: "status" },
              proposed.waiting ? "asking …" : `${count(proposed.shown.length, "proposal")}`,
            ),
            ul(
              { class: "objects edit-objects", "aria-label": "proposals" },
              ...proposed.shown.map((each) =>
                li(
                  { key: each.id },
                  button(
                    { type: "button", class: "quiet", title: "take it", onClick: () => onTake([each]) },
                    each.label ?? "",
                    span(
                      { class: "muted" },
                      each.score === undefined || each.score === null ? "" : percent(each.score),
                    ),
                  ),
                ),
              ),
            ),
            left.length
              ? p(
                  { class: "muted small" },
                  `left out, as the data set has no such class: ${left.map(([name, n]) => `${n} × ${name}`).join(", ")}`,
                )
              : null,
            act("Take all", () => onTake(proposed.shown), {
              disabled: !proposed.shown.length,
              title: "or click one, then Enter takes it",
              key: "Shift Enter",
            }),
          )
        : null,
    ),
  );
}
