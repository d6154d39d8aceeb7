// @ts-check
/** Looking closer: wheel, drag, double click and keys; several pictures beside one another move as one. */
import { button, div, span, useRef, useState } from "../../lib/dom.js";
import { useKeys } from "../../lib/use.js";
import { closer, CLOSEST, moved, WHOLE } from "./looking.js";

/** @typedef {import("./looking.js").Look} Look */

const STEP = 1.5;
const PAN = 0.15;

/** What is looked at, and how a frame takes part in it. */
export function useZoom() {
  const [look, setLook] = useState(WHOLE);
  const held = useRef(/** @type {{x: number, y: number} | null} */ (null)); // a drag is faster than drawing
  useKeys({
    "+": () => setLook(closer(look, STEP)),
    "=": () => setLook(closer(look, STEP)),
    "-": () => setLook(closer(look, 1 / STEP)),
    0: () => setLook(WHOLE),
  });
  const place = (/** @type {MouseEvent} */ event) => {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  /** @type {Record<string, [number, number]>} */
  const arrows = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] };
  const frame = {
    tabIndex: 0,
    "data-zoomed": look.z > 1 ? "true" : undefined,
    onWheel: (/** @type {WheelEvent} */ event) => {
      const { x, y } = place(event);
      const next = closer(look, Math.exp(-event.deltaY / 400), x, y);
      if (next.z === look.z) return;
      event.preventDefault();
      setLook(next);
    },
    onDblClick: () => setLook(WHOLE),
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (look.z === 1 || event.button) return;
      /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
      held.current = place(event);
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => {
      const was = held.current;
      if (!was) return;
      const now = place(event);
      setLook((seen) => moved(seen, was.x - now.x, was.y - now.y));
      held.current = now;
    },
    onPointerUp: () => {
      held.current = null;
    },
    onPointerCancel: () => {
      held.current = null;
    },
    onKeyDown: (/** @type {KeyboardEvent} */ event) => {
      const by = look.z > 1 ? arrows[event.key] : undefined;
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      setLook(moved(look, ...by));
    },
  };
  const canvas = `--zoom:${look.z};transform:scale(${look.z}) translate(${-100 * look.x}%,${-100 * look.y}%)`;
  return { look, setLook, frame, canvas };
}

/** Buttons for who has no wheel, and how close it is. @param {{look: Look, setLook: (look: Look) => void}} properties */
export const Zoom = ({ look, setLook }) =>
  div(
    { class: "row zoom", role: "group", "aria-label": "zoom" },
    button(
      {
        type: "button",
        class: "icon",
        "aria-label": "farther",
        title: "farther (-)",
        disabled: look.z === 1,
        onClick: () => setLook(closer(look, 1 / STEP)),
      },
      "−",
    ),
    span({ class: "muted small", role: "status" }, `${Math.round(100 * look.z)} %`),
    button(
      {
        type: "button",
        class: "icon",
        "aria-label": "closer",
        title: "closer (+, or the wheel)",
        disabled: look.z === CLOSEST,
        onClick: () => setLook(closer(look, STEP)),
      },
      "+",
    ),
    button(
      {
        type: "button",
        class: "quiet",
        title: "the whole picture (0, or a double click)",
        disabled: look.z === 1,
        onClick: () => setLook(WHOLE),
      },
      "Whole",
    ),
  );
