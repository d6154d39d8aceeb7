// @ts-check
/** Drop a picture, see the answer. */
import { div, img, input, label, li, p, span, ul, useEffect, useRef, useState } from "../lib/dom.js";
import { asError, predict } from "../lib/api.js";
import { bar, dot, failure, panel } from "../lib/parts.js";
import { useClasses } from "../lib/use.js";
import { percent } from "../lib/words.js";

/** @typedef {import("../lib/api.js").ApiError} ApiError */
/** @typedef {Awaited<ReturnType<typeof predict>>} Answer */

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
      shown ? img({ src: shown, alt: "the picture that you chose" }) : span("Drop a picture here, or choose a file"),
    ),
    failure(problem),
    answer
      ? div(
          { class: "tried", role: "status" },
          p(
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
