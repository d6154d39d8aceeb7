// @ts-check
/** What differs between two states of a sample: which object is drawn how, and in which words. Pure. */
import { outlines, placed, runs } from "../../lib/marks.js";

/** @typedef {import("../../api.d.ts").Change} Change */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("../../api.d.ts").ObjectChange} ObjectChange */
/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {{annotation: Annotation, kind: string, ghost: boolean}} Drawn */
/** @typedef {{kind: string, words: string, object: string}} Told */

/** Kinds of change of an object, what matters most first; bright on dark and on light pictures. */
export const COLOURS = /** @type {Record<string, string>} */ ({
  added: "#22c55e",
  removed: "#f43f5e",
  relabelled: "#f59e0b",
  moved: "#38bdf8",
  attributes: "#e879f9",
});
const ORDER = Object.keys(COLOURS);
export const UNCHANGED = "#cbd5e1";

/** What a list of changed samples can be narrowed to, in words. */
export const KINDS = /** @type {const} */ ([
  ["samples.added", "pictures added"],
  ["samples.removed", "pictures removed"],
  ["samples.moved", "pictures moved"],
  ["samples.changed", "pictures changed"],
  ["objects.added", "objects added"],
  ["objects.removed", "objects removed"],
  ["objects.relabelled", "objects relabelled"],
  ["objects.moved", "objects moved"],
  ["objects.attributes", "other attributes"],
  ["metadata", "metadata"],
]);

/**
 * What happened to each object that changed; of several things the one that matters most.
 * @param {readonly ObjectChange[]} objects
 */
export function kindsOf(objects) {
  /** @type {Map<string, string>} */
  const kinds = new Map();
  for (const { object, kind } of objects) {
    const before = ORDER.indexOf(kinds.get(object) ?? "");
    const now = ORDER.indexOf(kind);
    if (now >= 0 && (before < 0 || now < before)) kinds.set(object, kind);
  }
  return kinds;
}

/**
 * What is drawn on the old and on the new picture; changes lie on top.
 * @param {Change} change
 * @returns {[Drawn[], Drawn[]]}
 */
export function drawnOf({ was, now, objects }) {
  const kinds = kindsOf(objects);
  const side = (/** @type {Sample | null} */ sample) =>
    (sample?.annotations ?? [])
      .filter(placed)
      .map((annotation) => ({ annotation, kind: kinds.get(annotation.id ?? "") ?? "", ghost: false }));
  const moved = new Set(objects.filter((each) => each.kind === "moved").map((each) => each.object));
  const ghosts = side(was)
    .filter(({ annotation }) => moved.has(annotation.id ?? ""))
    .map((each) => ({ ...each, ghost: true }));
  const rank = (/** @type {Drawn} */ each) => (each.kind ? 1 + Number(!each.ghost) : 0);
  const sorted = (/** @type {Drawn[]} */ found) => found.sort((a, b) => rank(a) - rank(b));
  return [sorted(side(was)), sorted([...side(now), ...ghosts])];
}

/**
 * Everything that happened to a sample, its objects first.
 * @param {Change} change
 * @returns {Told[]}
 */
export function toldOf(change) {
  const objects = change.objects.map((each) => ({
    kind: each.kind.replaceAll("_", " "),
    words: objectInWords(each),
    object: each.object,
  }));
  const beside = change.fields
    .filter((name) => name !== "annotations" && name !== "metadata")
    .map((name) => ({ kind: name, words: name === "image" ? "other bytes" : beforeAfter(change, name), object: "" }));
  const path = change.was_path ? [{ kind: "path", words: `${change.was_path} → ${change.path}`, object: "" }] : [];
  const metadata = change.metadata.map((each) => ({ kind: "metadata", words: valueInWords(each), object: "" }));
  return [...objects, ...path, ...beside, ...metadata];
}

/** @param {Change} change @param {string} name */
function beforeAfter({ was, now }, name) {
  const of = (/** @type {Sample | null} */ sample) => plain(/** @type {any} */ (sample)?.[name]);
  return `${of(was)} → ${of(now)}`;
}

/** @param {ObjectChange} each */
function objectInWords(each) {
  const label = each.label || "no label";
  if (each.was_label !== null) return `${each.was_label || "no label"} → ${label}`;
  if (each.kind === "moved") return `${label}, IoU ${(each.iou ?? 0).toFixed(2)}`;
  if (each.kind === "attributes") return `${label}, ${each.values.map(valueInWords).join(", ")}`;
  return label;
}

/** @param {{field: string, was: any, now: any}} each */
const valueInWords = ({ field, was, now }) => `${field.replace(/^attributes\./, "")}: ${plain(was)} → ${plain(now)}`;

/**
 * A value as people read it: geometry as its figures, an object as its class and figures.
 * @param {any} value
 * @returns {string}
 */
export function plain(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  if (Array.isArray(value)) return shortened(value.map(plain).join(", "));
  if (typeof value !== "object") return shortened(String(value));
  const { label, xyxy, cxcywh, rings, counts } = value;
  const shape = xyxy ?? cxcywh;
  const where = shape
    ? sizeInWords(shape, Boolean(xyxy))
    : rings
      ? `polygon of ${rings.reduce((/** @type {number} */ n, /** @type {any[]} */ ring) => n + ring.length / 2, 0)} corners`
      : counts
        ? `mask of ${runs(value)
            .reduce((n, [, , long]) => n + long, 0)
            .toLocaleString("en")} px`
        : "";
  if (where) return label ? `${label}, ${where}` : where;
  return shortened(
    Object.entries(value)
      .filter(([key]) => key !== "id" && key !== "image")
      .map(([key, inner]) => `${key} ${plain(inner)}`)
      .join(", "),
  );
}

/** @param {number[]} shape @param {boolean} corners */
function sizeInWords([a, b, c, d], corners) {
  const [width, height] = corners ? [c - a, d - b] : [c, d];
  return `${Math.round(width)} × ${Math.round(height)} at ${Math.round(a)}, ${Math.round(b)}`;
}

/** @param {string} text */
const shortened = (text) => (text.length > 90 ? `${text.slice(0, 89)}…` : text);

/**
 * The way around an annotation as SVG, and the point where its name begins; of points, nothing.
 * @param {Annotation} each
 * @returns {{d: string, at: [number, number]}}
 */
export function wayAround(each) {
  if (each.type === "mask") {
    const found = runs(each);
    return {
      d: found.map(([x, y, long]) => `M${x} ${y}h1v${long}h-1z`).join(""),
      at: [found[0]?.[0] ?? 0, Math.min(...found.map(([, y]) => y), each.size_hw[0])],
    };
  }
  const rings = outlines(each);
  const all = rings.flat();
  const points = each.type === "points" ? each.points.map(([x, y]) => /** @type {[number, number]} */ ([x, y])) : all;
  return {
    d: rings.map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`).join(""),
    at: [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))],
  };
}
