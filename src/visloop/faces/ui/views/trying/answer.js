// @ts-check
/** What a model said of a picture: its classes, its objects, its number. */
import { div, h, li, p, span, ul } from "../../lib/dom.js";
import { bar, dot } from "../../lib/parts.js";
import { figureOf, percent } from "../../lib/words.js";

/** @typedef {import("../../lib/api.js").Answer} Answer */
/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {(name: string | undefined) => string} Colour */

/** What a detector, a segmenter or a gauge reader said, one line a thing. @param {{found: readonly Annotation[], colour: Colour}} properties */
function Found({ found, colour }) {
  if (!found.length) return p({ class: "proposal" }, "nothing found");
  return ul(
    { class: "signs" },
    ...found
      .slice(0, 20)
      .map((each) =>
        each.type === "number"
          ? li(
              each.label ? span({ class: "label" }, dot(colour(each.label)), each.label) : null,
              span(span({ class: "figure" }, figureOf(each.value)), span({ class: "muted" }, each.unit ?? "")),
            )
          : li(
              span({ class: "label" }, dot(colour(each.label)), each.label ?? ""),
              each.score == null
                ? null
                : bar(each.score, { label: each.label ?? "", value: percent(each.score), colour: colour(each.label) }),
            ),
      ),
    found.length > 20 ? li(span({ class: "muted" }, `and ${found.length - 20} more`)) : null,
  );
}

/** @param {{answer: Answer, colour: Colour}} properties */
export function Said({ answer, colour }) {
  const ranked = Object.entries(answer.probabilities ?? {})
    .sort(([, one], [, other]) => other - one)
    .slice(0, 5);
  return div(
    { class: "tried", role: "status" },
    answer.annotations
      ? h(Found, { found: answer.annotations, colour })
      : p(
          { class: "proposal" },
          dot(colour(answer.label ?? "")),
          answer.label ?? "no label",
          span({ class: "muted" }, percent(answer.confidence)),
        ),
    ul(
      { class: "signs" },
      ...ranked.map(([each, share]) =>
        li(span(each), bar(share, { label: each, value: percent(share), colour: colour(each) })),
      ),
    ),
    p({ class: "muted" }, `${answer.model}, ${answer.latency_ms.toFixed(0)} ms; logged like every answer`),
  );
}
