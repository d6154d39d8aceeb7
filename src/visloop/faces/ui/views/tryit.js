// @ts-check
/** Drop a picture, see the answer. */
import { div, h, img, input, label, li, p, span, ul, useEffect, useRef, useState } from "../lib/dom.js";
import { asError, predict } from "../lib/api.js";
import { Marks } from "../lib/marks.js";
import { bar, dot, failure, panel } from "../lib/parts.js";
import { useClasses } from "../lib/use.js";
import { figureOf, percent } from "../lib/words.js";

/** @typedef {import("../lib/api.js").ApiError} ApiError */
/** @typedef {Awaited<ReturnType<typeof predict>>} Answer */
/** @typedef {import("../lib/marks.js").Annotation} Annotation */

/** What a detector, a segmenter or a gauge reader said, one line a thing. @param {{found: readonly Annotation[], colour: (name: string | undefined) => string}} properties */
function Found({ found, colour }) {
  if (!found.length) return p({ class: "proposal" }, "nothing found");
  return ul(
    { class: "signs" },
    ...found
      .slice(0, 20)
      .map((each) =>
        li(
          span(
            { class: "label" },
            dot(colour(each.label)),
            each.type === "number"
              ? `${each.label ?? ""} ${figureOf(each.value)} ${each.unit ?? ""}`
              : (each.label ?? ""),
          ),
          each.score == null
            ? null
            : bar(each.score, { label: each.label ?? "", value: percent(each.score), colour: colour(each.label) }),
        ),
      ),
  );
}

/** @param {{name: string, dataset: string | undefined}} properties */
export function TryIt({ name, dataset }) {
  const [shown, setShown] = useState("");
  const [answer, setAnswer] = useState(/** @type {Answer | null} */ (null));
  const [problem, setProblem] = useState(/** @type {ApiError | null} */ (null));
  const [over, setOver] = useState(false);
  const asked = useRef(0);
  const { colour } = useClasses(dataset);
  useEffect(() => () => URL.revokeObjectURL(shown), [shown]);
  const ask = async (/** @type {File | undefined} */ file) => {
    if (!file) return;
    const mine = ++asked.current;
    setShown(URL.createObjectURL(file));
    setAnswer(null);
    setProblem(null);
    try {
      const found = await predict(name, file);
      if (mine === asked.current) setAnswer(found);
    } catch (caught) {
      if (mine === asked.current) setProblem(asError(caught));
    }
  };
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    ask(event.dataTransfer?.files[0]);
  };
  const found = answer?.annotations ?? null;
  const ranked = Object.entries(answer?.probabilities ?? {})
    .sort(([, one], [, other]) => other - one)
    .slice(0, 5);
  return panel(
    "Try a picture",
    label(
      {
        class: over ? "drop over" : "drop",
        onDragOver: (/** @type {DragEvent} */ event) => {
          event.preventDefault();
          setOver(true);
        },
        onDragLeave: () => setOver(false),
        onDrop: drop,
      },
      input({
        type: "file",
        accept: "image/*",
        class: "unseen",
        onChange: (/** @type {any} */ event) => ask(event.target.files[0]),
      }),
      shown
        ? span(
            { class: "tried-picture" },
            img({ src: shown, alt: "the picture that you chose" }),
            found
              ? h(Marks, {
                  sample: { width: answer?.width ?? 1, height: answer?.height ?? 1, annotations: found },
                  colour,
                })
              : null,
          )
        : span("Drop a picture here, or choose a file"),
    ),
    failure(problem),
    answer
      ? div(
          { class: "tried", role: "status" },
          found
            ? h(Found, { found, colour })
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
        )
      : null,
  );
}
