// @ts-check
/** What is known of one sample: what it shows, where it comes from, what was taken off it, its metadata. */
import { button, code, dd, div, dl, dt, h, h2, li, p, span, ul } from "../../lib/dom.js";
import { placed, runs } from "../../lib/marks.js";
import { badge, dot, when } from "../../lib/parts.js";
import { frameInWords, privacyInWords, stateOf, STATES } from "../../lib/states.js";
import { bytes } from "../../lib/words.js";
import { WhySample } from "../why.js";
import { Blame } from "./blame.js";
import { Values } from "./values.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {{colour: (name: string | undefined) => string}} Colours */

/** @param {{sample: Sample, classes: Colours, from: string, lit: Annotation | null, onLit: (each: Annotation | null) => void}} properties */
export function Facts({ sample, classes, from, lit, onLit }) {
  const metadata = sample.metadata ?? {};
  const turned = sample.orientation && sample.orientation !== 1;
  const frame = frameInWords(metadata);
  const privacy = privacyInWords(metadata);
  /** @type {Array<[string, import("../../lib/dom.js").Child]>} */
  const rows = [
    ["of", from],
    ["split", sample.split ?? "–"],
    ["size", `${sample.width} × ${sample.height} px, ${sample.mode ?? "RGB"}, ${bytes(sample.bytes)}`],
    ["turned", turned ? `upright by EXIF orientation ${sample.orientation}` : null],
    ["frame", frame || null],
    ["licence", metadata.licence ?? "not said"],
    ["camera", metadata.camera ?? null],
    ["privacy", privacy.length ? privacy.join(", ") : null],
    ["source", sample.source || "–"],
    ["added", sample.added ? when(sample.added) : null],
    ["sample", code(sample.id.slice(0, 12))],
    ["bytes", code(sample.image.slice(0, 12))],
  ];
  return div(
    { class: "viewer-facts" },
    h2({ class: "path" }, sample.path),
    h(Shows, { sample, classes, lit, onLit }),
    sample.in_place
      ? p(
          { class: "state" },
          badge("left in place", "busy"),
          span({ class: "muted" }, "its bytes lie in its file only"),
        )
      : null,
    dl({ class: "facts" }, ...rows.flatMap(([key, value]) => (value === null ? [] : [dt(key), dd(value)]))),
    h(WhySample, { path: sample.path, from }),
    h(Blame, { sample, from, classes, onLit }),
    h(Values, { from, path: sample.path }),
  );
}

/** @param {{sample: Sample, classes: Colours, lit: Annotation | null, onLit: (each: Annotation | null) => void}} properties */
function Shows({ sample, classes, lit, onLit }) {
  const annotations = sample.annotations ?? [];
  const objects = annotations.filter(placed);
  const labels = annotations.filter((each) => !placed(each));
  const state = stateOf(sample);
  if (state !== "labelled")
    return p(
      { class: "state" },
      badge(state, state === "negative" ? "good" : "plain"),
      span({ class: "muted" }, STATES[state]),
    );
  return div(
    { class: "stacked" },
    labels.length
      ? p(
          { class: "proposal" },
          ...labels.flatMap((each) => [
            dot(classes.colour(each.label)),
            each.type === "number" ? `${each.label}: ${each.value} ${each.unit ?? ""}` : (each.label ?? ""),
          ]),
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
  );
}

/** @param {Annotation} each */
function sizeOf(each) {
  if (each.type === "mask")
    return `mask of ${runs(each)
      .reduce((sum, [, , long]) => sum + long, 0)
      .toLocaleString("en")} px`;
  if (each.type !== "box" && each.type !== "track") return each.type;
  const [x1, y1, x2, y2] = each.xyxy.map(Math.round);
  return `${x2 - x1} × ${y2 - y1} at ${x1}, ${y1}`;
}
