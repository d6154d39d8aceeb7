// @ts-check
/** How large the pictures of a grid are; remembered in this browser. */
import { input, label, span } from "../../../lib/dom.js";
import { remember, shelf } from "../../../lib/sending/shelf.js";

const KEPT = "visloop.size";
const [LEAST, USUAL, MOST] = [88, 176, 480];

export const sizeKept = () => {
  const kept = Number(shelf.getItem(KEPT));
  return kept >= LEAST && kept <= MOST ? kept : USUAL;
};

/** The thumbnails that are sharp enough. @param {number} least pixels of the width, at least @returns {import("../../../lib/api.js").Size} */
export const pxOf = (least) => (least > 330 ? 640 : least < 120 ? 160 : 320);

/** @param {{size: number, onSize: (size: number) => void}} properties pixels of the width, at least */
export const SizeSlider = ({ size, onSize }) =>
  label(
    { class: "size-slider" },
    span({ class: "muted small" }, "Size"),
    input({
      type: "range",
      min: LEAST,
      max: MOST,
      step: 8,
      value: size,
      "aria-label": "size of the pictures",
      "aria-valuetext": `${size} pixels`,
      onInput: (/** @type {any} */ event) => {
        const next = Number(event.target.value);
        remember(KEPT, String(next));
        onSize(next);
      },
    }),
  );
