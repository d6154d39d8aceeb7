// @ts-check
/** One sample, large: the picture with its boxes, what is known of it, the ones beside it. */
import {
  button,
  code,
  dd,
  dialog,
  div,
  dl,
  dt,
  h,
  h2,
  li,
  p,
  span,
  ul,
  useEffect,
  useRef,
  useState,
} from "../lib/dom.js";
import { large, thumbnail } from "../lib/api.js";
import { Marks, placed } from "../lib/marks.js";
import { act, dot, icon, Picture } from "../lib/parts.js";
import { useKeys } from "../lib/use.js";
import { bytes } from "../lib/words.js";

/** @typedef {import("../api.d.ts").Sample} Sample */
/** @typedef {import("../lib/marks.js").Annotation} Annotation */

/**
 * The largest frame of the picture's own shape inside its parent, so that marks lie on the same pixels.
 * @param {{sample: Sample}} properties
 */
const frame = ({ sample }) =>
  `aspect-ratio:${sample.width}/${sample.height};max-width:min(100%,calc((100vh - 150px)*${(sample.width / sample.height).toFixed(4)}))`;

/**
 * @param {{sample: Sample | undefined, next: Sample | undefined, classes: {colour: (name: string | undefined) => string}, place: number, total: number, from: string, onStep: (by: number) => void, onClose: () => void}} properties
 */
export function Viewer({ sample, next, classes, place, total, from, onStep, onClose }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [lit, setLit] = useState(/** @type {Annotation | null} */ (null));
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  useEffect(() => {
    setLit(null);
  }, [sample?.id]);
  useEffect(() => {
    if (next) new Image().src = large(next);
  }, [next?.id]);
  useKeys({ ArrowRight: () => onStep(1), ArrowLeft: () => onStep(-1) });
  return dialog(
    { ref, class: "viewer", onClose, "aria-label": sample?.path ?? "picture" },
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
        act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" }),
      ),
      sample ? h(Facts, { sample, classes, from, lit, onLit: setLit }) : null,
    ),
  );
}

/** @param {{sample: Sample, classes: {colour: (name: string | undefined) => string}, from: string, lit: Annotation | null, onLit: (each: Annotation | null) => void}} properties */
function Facts({ sample, classes, from, lit, onLit }) {
  const annotations = sample.annotations ?? [];
  const objects = annotations.filter(placed);
  const labels = annotations.filter((each) => !placed(each));
  const turned = sample.orientation && sample.orientation !== 1;
  return div(
    { class: "viewer-facts" },
    h2({ class: "path" }, sample.path),
    labels.length || !objects.length
      ? p(
          { class: "proposal" },
          ...labels.flatMap((each) => [dot(classes.colour(each.label)), each.label ?? ""]),
          labels.length ? null : "no label",
        )
      : null,
    objects.length
      ? ul(
          { class: "objects", "aria-label": "objects" },
          ...objects.map((each) =>
            li(
              button(
                {
                  type: "button",
                  class: lit === each ? "quiet here" : "quiet",
                  onMouseEnter: () => onLit(each),
                  onMouseLeave: () => onLit(null),
                  onFocus: () => onLit(each),
                  onBlur: () => onLit(null),
                },
                dot(classes.colour(each.label)),
                each.label ?? "",
                span({ class: "muted" }, sizeOf(each)),
              ),
            ),
          ),
        )
      : null,
    dl(
      { class: "facts" },
      dt("of"),
      dd(from),
      dt("split"),
      dd(sample.split ?? "–"),
      dt("size"),
      dd(`${sample.width} × ${sample.height} px, ${sample.mode ?? "RGB"}, ${bytes(sample.bytes)}`),
      turned ? dt("turned") : null,
      turned ? dd(`upright by EXIF orientation ${sample.orientation}`) : null,
      dt("source"),
      dd(sample.source || "–"),
      dt("sample"),
      dd(code(sample.id.slice(0, 12))),
      dt("bytes"),
      dd(code(sample.image.slice(0, 12))),
      ...Object.entries(sample.metadata ?? {}).flatMap(([key, value]) => [
        dt(key.replace(/^exif\./, "")),
        dd(String(value)),
      ]),
    ),
  );
}

/** @param {Annotation} each */
function sizeOf(each) {
  if (each.type !== "box" && each.type !== "track") return each.type;
  const [x1, y1, x2, y2] = each.xyxy.map(Math.round);
  return `${x2 - x1} × ${y2 - y1} at ${x1}, ${y1}`;
}
