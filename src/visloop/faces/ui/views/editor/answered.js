// @ts-check
/** What people drew on a picture that somebody else decides about: taken one by one, or all of one person's. */
import { button, dl, dt, dd, li, span, ul } from "../../lib/dom.js";
import { act, dot, panel } from "../../lib/parts.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../api.d.ts").Answer} Answer */

/** What all of them drew. @param {readonly Answer[]} answers */
export const drawnBy = (answers) => answers.flatMap((each) => /** @type {Annotation[]} */ (each.annotations ?? []));

/** @param {{answers: readonly Answer[], offered: readonly Annotation[], colour: (name: string | undefined) => string, onTake: (those: Annotation[]) => void}} properties */
export function Answered({ answers, offered, colour, onTake }) {
  const left = new Set(offered.map((each) => each.id));
  return panel(
    "Labelled by",
    dl(
      { class: "edit-chosen" },
      ...answers.flatMap((answer) => {
        const name = answer.actor.replace(/^\w+:/, "");
        const all = /** @type {Annotation[]} */ (answer.annotations ?? []);
        const those = all.filter((each) => left.has(each.id));
        return [
          dt(
            { class: "row" },
            name,
            span({ class: "grow" }),
            act("Take all", () => onTake(those), { disabled: !those.length, title: `take all that ${name} drew` }),
          ),
          dd(
            all.length ? null : "nothing",
            ul(
              { class: "objects edit-objects", "aria-label": `drawn by ${name}` },
              ...those.map((each) =>
                li(
                  { key: each.id },
                  button(
                    { type: "button", class: "quiet", title: "take it", onClick: () => onTake([each]) },
                    dot(colour(each.label)),
                    each.label ?? "",
                  ),
                ),
              ),
            ),
          ),
        ];
      }),
    ),
  );
}
