// @ts-check
/** A film that was asked about: played with the answers over it, and a line of its answered frames to go to. */
import { button, div, h, li, span, ul, useEffect, useRef, useState, video } from "../../lib/dom.js";
import { asError, predictDrawn } from "../../lib/api.js";
import { Marks } from "../../lib/marks.js";
import { act, dot, failure } from "../../lib/parts.js";
import { figureOf, percent } from "../../lib/words.js";

/** @typedef {import("../../lib/api.js").Part} Part */
/** @typedef {import("../../lib/api.js").ApiError} ApiError */
/** @typedef {(name: string | undefined) => string} Colour */

const SOON_S = 0.02; // what a player rounds

/** The answered frame that holds at a time: the last one that began. Pure. @param {readonly Part[]} frames @param {number} time_s */
export const frameAt = (frames, time_s) =>
  Math.max(0, frames.filter((each) => (each.time_s ?? 0) <= time_s + SOON_S).length - 1);

/** A frame's answer in a word or two. Pure. @param {Part} frame */
export function inShort(frame) {
  if (frame.error) return "not answered";
  if (!frame.annotations) return frame.label ? `${frame.label} ${percent(frame.confidence)}` : "a vector";
  const value = frame.annotations.find((each) => each.type === "number");
  if (value?.type === "number") return `${figureOf(value.value)}${value.unit ? ` ${value.unit}` : ""}`;
  return frame.annotations.length ? `${frame.annotations.length} found` : "nothing";
}

/**
 * @param {{src: string, frames: readonly Part[], at: number, onAt: (at: number) => void, colour: Colour}} properties
 */
export function Film({ src, frames, at, onAt, colour }) {
  const player = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  const [unseen, setUnseen] = useState(false);
  const frame = frames[at];
  useEffect(() => {
    const seen = player.current;
    if (!seen?.requestVideoFrameCallback) return;
    let left = false;
    /** @param {number} _now @param {VideoFrameCallbackMetadata} shown */
    const look = (_now, { mediaTime }) => {
      if (left) return;
      onAt(frameAt(frames, mediaTime));
      seen.requestVideoFrameCallback(look);
    };
    seen.requestVideoFrameCallback(look);
    return () => {
      left = true;
    };
  }, [frames, unseen]);
  useEffect(() => {
    const here = /** @type {HTMLElement | undefined} */ (line.current?.children[at]);
    if (line.current && here)
      line.current.scrollLeft = here.offsetLeft + (here.offsetWidth - line.current.clientWidth) / 2;
  }, [at]);
  const go = (/** @type {number} */ to) => {
    onAt(to);
    if (player.current) player.current.currentTime = (frames[to].time_s ?? 0) + SOON_S / 2;
  };
  return div(
    unseen
      ? span({ class: "muted" }, "This browser cannot show the film; what was said of its frames stands below.")
      : div(
          { class: "tried-picture" },
          video({
            ref: player,
            src,
            controls: true,
            muted: true,
            playsinline: true,
            "aria-label": "the film that you chose",
            onError: () => setUnseen(true),
          }),
          frame?.annotations
            ? h(Marks, {
                sample: { width: frame.width ?? 1, height: frame.height ?? 1, annotations: frame.annotations },
                colour,
                named: true,
              })
            : null,
        ),
    ul(
      { class: "frames", ref: line, "aria-label": "the frames that were answered" },
      ...frames.map((each, index) =>
        li(
          button(
            { type: "button", "aria-pressed": String(index === at), onClick: () => go(index) },
            span({ class: "muted" }, `${(each.time_s ?? 0).toFixed(1)} s`),
            span({ class: "label" }, each.label ? dot(colour(each.label)) : null, inShort(each)),
          ),
        ),
      ),
    ),
  );
}

/** The film with the answers drawn in, to keep. @param {{name: string, film: File}} properties */
export function Kept({ name, film }) {
  const [made, setMade] = useState("");
  const [problem, setProblem] = useState(/** @type {ApiError | null} */ (null));
  useEffect(() => () => URL.revokeObjectURL(made), [made]);
  const make = async () => {
    setProblem(null);
    setMade("…");
    try {
      const drawn = URL.createObjectURL(await predictDrawn(name, film, "video"));
      setMade(drawn);
      const link = document.createElement("a");
      [link.href, link.download] = [drawn, `${film.name.replace(/\.\w+$/, "")}-answered.mp4`];
      link.click();
    } catch (caught) {
      setMade("");
      setProblem(asError(caught));
    }
  };
  return div(
    { class: "kept" },
    act(made === "…" ? "Drawing …" : "Save with the answers drawn in", make, { busy: made === "…" }),
    failure(problem),
  );
}
