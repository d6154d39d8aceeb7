// @ts-check
/** The picture with its canvas, as a part of the view. */
import { canvas as canvasTag, div, h, span, useEffect, useLayoutEffect, useRef, useState } from "../../lib/dom.js";
import { large, sharp, thumbnail } from "../../lib/api.js";
import { act, Picture } from "../../lib/parts.js";
import { Light, useLight } from "./sight.js";
import { Stage } from "./stage.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {Omit<import("./stage.js").Given, "onLook" | "filter">} Given */

const CLOSE = 1.5;
const SHARP_PX = 1500; // wider than that, a thumbnail shows

/**
 * @param {{sample: Sample, view: string, given: Given, close?: string, stage: {current: Stage | null}, said: string, notes: import("../../lib/dom.js").Child}} properties `close`: the object to begin with, seen closely where it is tiny; `said`: why a key did nothing; `notes` lie over the picture: one that came above it would move it away under the hand; `view`: seen as closely and from the same place while it stays
 */
export function Canvas({ sample, view, given, close = "", stage, said, notes }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const picture = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [z, setZ] = useState(1);
  const lit = useLight();
  const all = { ...given, filter: lit.filter, onLook: (/** @type {import("./paint.js").Look} */ look) => setZ(look.z) };
  useLayoutEffect(() => {
    if (!frame.current || !picture.current || !canvas.current) return undefined;
    const made = new Stage(frame.current, picture.current, canvas.current, all);
    stage.current = made;
    const wheel = (/** @type {WheelEvent} */ event) => made.wheel(event);
    const watched = frame.current;
    watched.addEventListener("wheel", wheel, { passive: false });
    return () => {
      watched.removeEventListener("wheel", wheel);
      made.stop();
      stage.current = null;
    };
  }, []);
  useLayoutEffect(() => stage.current?.set(all));
  useEffect(() => stage.current?.fit(given.objects.find(({ id = "" }) => id === close)), [view]);
  return div(
    { class: "edit-frame-room" },
    div(
      {
        ref: frame,
        class: `edit-frame tool-${given.tool}`,
        role: "application",
        tabIndex: 0,
        "aria-label": `${sample.path}: draw with the mouse, or move the crosshair with the arrow keys and press Enter`,
        onPointerDown: (/** @type {PointerEvent} */ event) => stage.current?.down(event),
        onPointerMove: (/** @type {PointerEvent} */ event) => stage.current?.moving(event),
        onPointerUp: (/** @type {PointerEvent} */ event) => stage.current?.up(event),
        onPointerCancel: (/** @type {PointerEvent} */ event) => stage.current?.lost(event),
        onDblClick: () => stage.current?.finish(),
      },
      div(
        {
          ref: picture,
          class: "edit-picture",
          style: `width:${sample.width}px;height:${sample.height}px;filter:${lit.filter || "none"}`,
        },
        h(Picture, {
          key: view === sample.path ? sample.image : view,
          src: z * sample.width > SHARP_PX ? sharp(sample) : large(sample),
          fallback: thumbnail(sample.image, 640),
          alt: sample.path,
          eager: true,
        }),
      ),
      canvasTag({ ref: canvas, "aria-hidden": "true", style: `opacity:${lit.light.shapes / 100}` }),
    ),
    span({ class: said ? "edit-said said" : "edit-said", role: "status" }, said),
    div({ class: "edit-notes" }, notes),
    h(Light, { lit }),
    div(
      { class: "edit-zoom", role: "group", "aria-label": "zoom" },
      act("+", () => stage.current?.closer(CLOSE), { title: "closer (+, or the wheel)" }),
      span({ class: "muted small", role: "status" }, `${Math.round(100 * z)} %`),
      act("−", () => stage.current?.closer(1 / CLOSE), { title: "farther (-, or the wheel)" }),
      act("Fit", () => stage.current?.fit(), { kind: "quiet", title: "the whole picture (0)" }),
    ),
  );
}
