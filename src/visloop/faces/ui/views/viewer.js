// @ts-check
/** One sample, large: the picture with its boxes, what is known of it, the ones beside it. */
import { a, button, dialog, div, h, p, span, useEffect, useRef, useState } from "../lib/dom.js";
import { large, thumbnail } from "../lib/api.js";
import { Marks } from "../lib/marks.js";
import { icon, Picture, stays } from "../lib/parts.js";
import { address, useKeys } from "../lib/use.js";
import { Facts } from "./dataset/facts.js";

/** @typedef {import("../api.d.ts").Sample} Sample */
/** @typedef {import("../lib/marks.js").Annotation} Annotation */

/**
 * The largest frame of the picture's own shape inside its parent, so that marks lie on the same pixels.
 * @param {{sample: Sample}} properties
 */
const frame = ({ sample }) =>
  `aspect-ratio:${sample.width}/${sample.height};max-width:min(100%,calc((100vh - 150px)*${(sample.width / sample.height).toFixed(4)}))`;

/**
 * @param {{sample: Sample | undefined, next: Sample | undefined, classes: {colour: (name: string | undefined) => string}, place: number, total: number, from: string, onAlike: (path: string) => void, onStep: (by: number) => void, onClose: () => void}} properties
 */
export function Viewer({ sample, next, classes, place, total, from, onAlike, onStep, onClose }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [lit, setLit] = useState(/** @type {Annotation | null} */ (null));
  useEffect(() => {
    const shown = ref.current;
    shown?.showModal();
    return () => shown?.close(); // left by Back, the focus goes back too
  }, []);
  useEffect(() => {
    setLit(null);
  }, [sample?.id]);
  useEffect(() => {
    if (next) new Image().src = large(next);
  }, [next?.id]);
  useKeys({ ArrowRight: () => onStep(1), ArrowLeft: () => onStep(-1) }, ref);
  return dialog(
    { ref, class: "viewer", onClose: stays(onClose), "aria-label": sample?.path ?? "picture" },
    div(
      { class: "stage" },
      sample
        ? div(
            { class: "frame", style: frame({ sample }) },
            h(Picture, {
              key: sample.image,
              src: large(sample),
              fallback: thumbnail(sample.image, 640),
              alt: sample.path,
              eager: true,
            }),
            h(Marks, { sample, colour: classes.colour, lit, words: true }),
          )
        : p({ class: "waiting" }, "Loading …"),
    ),
    div(
      { class: "side" },
      div(
        { class: "viewer-head" },
        button(
          { type: "button", class: "icon", disabled: place === 0, onClick: () => onStep(-1), "aria-label": "previous" },
          icon("left"),
        ),
        span({ class: "muted" }, `${(place + 1).toLocaleString("en")} of ${total.toLocaleString("en")}`),
        button(
          {
            type: "button",
            class: "icon",
            disabled: place >= total - 1,
            onClick: () => onStep(1),
            "aria-label": "next",
          },
          icon("right"),
        ),
        span({ class: "grow" }),
        sample
          ? a(
              { class: "button", href: address("data", from.split("@")[0], "work", "all", "edit", sample.path) },
              "Edit",
            )
          : null,
        sample ? button({ type: "button", onClick: () => onAlike(sample.path) }, "More like this") : null,
        button(
          {
            type: "button",
            class: "icon",
            onClick: () => ref.current?.close(),
            "aria-label": "close",
            title: "close (Esc)",
          },
          icon("close"),
        ),
      ),
      sample ? h(Facts, { key: sample.id, sample, classes, from, lit, onLit: setLit }) : null,
    ),
  );
}
