// @ts-check
/** What annotations say, drawn over a picture in the upright picture's own pixels. */
import { circle, g, path, polygon, rect, svg, text } from "./dom.js";

/** @typedef {NonNullable<import("../api.d.ts").Sample["annotations"]>[number]} Annotation */

/**
 * The corners of what lies somewhere: one list of x, y pairs a part.
 * @param {Annotation} each
 * @returns {Array<Array<[number, number]>>}
 */
export function outlines(each) {
  if (each.type === "box" || each.type === "track") {
    const [x1, y1, x2, y2] = each.xyxy;
    return [
      [
        [x1, y1],
        [x2, y1],
        [x2, y2],
        [x1, y2],
      ],
    ];
  }
  if (each.type === "obb") {
    const [cx, cy, w, height] = each.cxcywh;
    const turn = (each.angle_deg * Math.PI) / 180;
    const corner = (/** @type {number} */ x, /** @type {number} */ y) =>
      /** @type {[number, number]} */ ([
        cx + x * Math.cos(turn) - y * Math.sin(turn),
        cy + x * Math.sin(turn) + y * Math.cos(turn),
      ]);
    return [
      [corner(-w / 2, -height / 2), corner(w / 2, -height / 2), corner(w / 2, height / 2), corner(-w / 2, height / 2)],
    ];
  }
  if (each.type === "polygon")
    return each.rings.map((ring) => Array.from({ length: ring.length / 2 }, (_, k) => [ring[2 * k], ring[2 * k + 1]]));
  return [];
}

/**
 * The runs of a mask: `[x, y, height]` of each, from its run lengths down the columns, zeros first. Pure.
 * @param {{size_hw: [number, number], counts: readonly number[]}} mask
 * @returns {Array<[number, number, number]>}
 */
export function runs({ size_hw: [height], counts }) {
  /** @type {Array<[number, number, number]>} */
  const found = [];
  let at = 0;
  counts.forEach((n, k) => {
    for (let from = at; k % 2 && from < at + n;) {
      const y = from % height;
      const long = Math.min(height - y, at + n - from);
      found.push([(from - y) / height, y, long]);
      from += long;
    }
    at += n;
  });
  return found;
}

/** Whether an annotation lies somewhere. @param {Annotation} each */
export const placed = (each) => outlines(each).length > 0 || each.type === "points" || each.type === "mask";

/**
 * What lies somewhere and is not hidden, as an SVG over the picture.
 * @param {{sample: {width: number, height: number, annotations?: readonly Annotation[]}, colour: (name: string | undefined) => string, hidden?: readonly string[], lit?: Annotation | null, words?: boolean, named?: boolean}} properties
 */
export function Marks({ sample, colour, hidden = [], lit = null, words = false, named = false }) {
  const found = (sample.annotations ?? []).filter((each) => placed(each) && !hidden.includes(each.label ?? ""));
  if (!found.length) return null;
  const size = Math.max(sample.width, sample.height) / 60;
  return svg(
    {
      class: "marks",
      viewBox: `0 0 ${sample.width} ${sample.height}`,
      preserveAspectRatio: "xMidYMid meet",
      "aria-hidden": "true",
    },
    ...found.map((each) =>
      g(
        { class: lit && lit !== each ? "dim" : "", style: `--mark:${colour(each.label)}`, "data-label": each.label },
        shape(each),
        named || (lit === each && words) ? name(each, size) : null,
      ),
    ),
  );
}

/**
 * The same in as few elements as can be, where hundreds are in sight: one path a class.
 * @param {{sample: {width: number, height: number, annotations?: readonly Annotation[]}, colour: (name: string | undefined) => string, hidden?: readonly string[], part?: readonly number[]}} properties `part`: x1 y1 x2 y2 of what is shown of it
 */
export function Sketch({ sample, colour, hidden = [], part: [x1, y1, x2, y2] = [0, 0, sample.width, sample.height] }) {
  /** @type {Map<string, {d: string, kind: string, label: string}>} */
  const drawn = new Map();
  for (const each of sample.annotations ?? []) {
    const { type, label = "" } = each;
    if (!placed(each) || hidden.includes(label)) continue;
    const kind = type === "mask" || type === "points" ? type : "";
    const before = drawn.get(kind + label)?.d ?? "";
    drawn.set(kind + label, { d: before + drawing(each, sample), kind, label });
  }
  if (!drawn.size) return null;
  return svg(
    { class: "sketch", viewBox: `${x1} ${y1} ${x2 - x1} ${y2 - y1}`, "aria-hidden": "true" },
    ...[...drawn.values()].map(({ d, kind, label }) =>
      path({ d, class: kind || undefined, [kind === "mask" ? "fill" : "stroke"]: colour(label), "data-label": label }),
    ),
  );
}

/**
 * What lies somewhere, as the data of one path; what leaves the picture ends at its edge.
 * @param {Annotation} each
 * @param {{width: number, height: number}} sample
 */
function drawing(each, { width, height }) {
  if (each.type === "mask") return columns(each);
  if (each.type === "points") return each.points.map(([x, y, seen]) => (seen > 0 ? `M${x} ${y}h0` : "")).join("");
  return outlines(each)
    .map((ring) => `M${ring.map(([x, y]) => `${within(x, width)} ${within(y, height)}`).join("L")}z`)
    .join("");
}

/** @param {number} at @param {number} end */
const within = (at, end) => Math.max(0, Math.min(end, at));

/** @param {Parameters<typeof runs>[0]} mask */
const columns = (mask) =>
  runs(mask)
    .map(([x, y, long]) => `M${x} ${y}h1v${long}h-1z`)
    .join("");

/** @param {Annotation} each */
function shape(each) {
  if (each.type === "box" || each.type === "track") {
    const [x1, y1, x2, y2] = each.xyxy;
    return rect({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
  }
  if (each.type === "mask") return path({ class: "mask", d: columns(each) });
  if (each.type === "points")
    return g(...each.points.filter(([, , seen]) => seen > 0).map(([x, y]) => circle({ cx: x, cy: y, r: 3 })));
  return g(...outlines(each).map((ring) => polygon({ points: ring.map((at) => at.join(",")).join(" ") })));
}

/**
 * @param {Annotation} each
 * @param {number} size
 */
function name(each, size) {
  const [[x, y]] = outlines(each)[0] ?? [each.type === "mask" ? (runs(each)[0] ?? [0, 0]) : [0, 0]];
  return text(
    { x: x + size / 4, y: y > size * 1.4 ? y - size / 3 : y + size * 1.1, "font-size": size },
    each.label ?? "",
  );
}
