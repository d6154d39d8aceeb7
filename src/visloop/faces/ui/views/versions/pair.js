// @ts-check
/** Pictures beside one another, their objects drawn by what happened to them. */
import { circle, div, figcaption, figure, g, h, path, svg, text } from "../../lib/dom.js";
import { large, sharp, thumbnail } from "../../lib/api.js";
import { COLOURS, UNCHANGED, wayAround } from "./changes.js";
import { Picture } from "../../lib/parts.js";
import { useZoom, Zoom } from "./zoom.js";

/** From here on every pixel of the picture counts. */
const SHARP = 1.5;

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./changes.js").Drawn} Drawn */
/** @typedef {{title: import("../../lib/dom.js").Child, sample: Sample | null, drawn: Drawn[], none?: string}} Side */

/**
 * @param {{sides: Side[], lit?: string}} properties `lit`: the id of the object that is looked at
 */
export function Sides({ sides, lit = "" }) {
  const zoom = useZoom();
  return div(
    sides.some((side) => side.sample) ? h(Zoom, zoom) : null,
    div(
      { class: `pair of-${sides.length}` },
      ...sides.map((side) =>
        figure(
          { class: "side-picture" },
          figcaption(...[side.title].flat()),
          side.sample
            ? h(Shown, { sample: side.sample, drawn: side.drawn, lit, many: sides.length, zoom })
            : div({ class: "nothing muted" }, side.none ?? "not there"),
        ),
      ),
    ),
  );
}

/** @param {{sample: Sample, drawn: Drawn[], lit: string, many: number, zoom: ReturnType<typeof useZoom>}} properties */
const Shown = ({ sample, drawn, lit, many, zoom }) =>
  div(
    { class: "stage" },
    div(
      {
        ...zoom.frame,
        class: "frame close",
        role: "group",
        "aria-label": `${sample.path}: + and - zoom, arrows move`,
        style: `aspect-ratio:${sample.width}/${sample.height};max-width:min(100%,calc(62vh*${(sample.width / sample.height).toFixed(4)}))`,
      },
      div(
        { class: "canvas", style: zoom.canvas },
        h(Picture, {
          key: sample.image,
          src: zoom.look.z > SHARP ? sharp(sample) : large(sample),
          fallback: thumbnail(sample.image, 640),
          alt: sample.path,
          eager: true,
        }),
        h(Changes, { sample, drawn, lit, many: many / zoom.look.z }),
      ),
    ),
  );

/** @param {{sample: Sample, drawn: Drawn[], lit: string, many: number}} properties */
function Changes({ sample, drawn, lit, many }) {
  const size = (Math.max(sample.width, sample.height) * many) / 72;
  return svg(
    { class: "changes", viewBox: `0 0 ${sample.width} ${sample.height}`, "aria-hidden": "true" },
    ...drawn.map((each) => h(Mark, { each, size, dim: Boolean(lit) && lit !== each.annotation.id })),
    ...drawn
      .filter(({ kind, ghost, annotation }) => kind && !ghost && (!lit || annotation.id === lit))
      .map(({ annotation }) => {
        const [left, y] = wayAround(annotation).at;
        const label = annotation.label ?? "";
        const x = Math.max(0, Math.min(left, sample.width - 0.62 * size * label.length));
        return text({ x, y: y > size * 1.4 ? y - size / 3 : y + size * 1.1, "font-size": size }, label);
      }),
  );
}

/** @param {{each: Drawn, size: number, dim: boolean}} properties */
function Mark({ each, size, dim }) {
  const { annotation, kind, ghost } = each;
  const { d } = wayAround(annotation);
  const filled = annotation.type === "mask" || annotation.type === "polygon";
  const dashed = ghost || kind === "removed";
  return g(
    {
      class: dim ? "dim" : "",
      style: `--mark:${COLOURS[kind] ?? UNCHANGED}`,
      "data-kind": ghost ? "ghost" : kind || "same",
    },
    kind && !ghost && annotation.type !== "mask" ? path({ class: "halo", d }) : null,
    d && filled && !ghost ? path({ class: "area", d }) : null,
    annotation.type === "mask"
      ? null
      : path({ class: kind ? `line${dashed ? " dashed" : ""}${ghost ? " ghost" : ""}` : "line same", d }),
    ...(annotation.type === "points"
      ? annotation.points.filter(([, , seen]) => seen > 0).map(([cx, cy]) => circle({ cx, cy, r: size / 4 }))
      : []),
  );
}
