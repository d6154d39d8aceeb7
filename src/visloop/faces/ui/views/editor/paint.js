// @ts-check
/** Shapes on a canvas: one call draws them all, so that three hundred cost no more than a frame. */
import { outlines, runs } from "../../lib/marks.js";
import { isFollowed } from "./film/course.js";
import { handles } from "./shapes.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {{z: number, x: number, y: number}} Look image pixels to CSS pixels: `z` times, then `x`, `y` further */
/**
 * @typedef {{
 *   objects: readonly Annotation[],
 *   proposals: readonly Annotation[],
 *   draft: Annotation | null | undefined,
 *   path: ReadonlyArray<{x: number, y: number}>,
 *   selected: string | null,
 *   locked: ReadonlySet<string>,
 *   cross: {x: number, y: number} | null,
 *   size: {width: number, height: number},
 *   colour: (name: string | undefined) => string,
 * }} Scene
 */

export const ARM_PX = 22;
const HANDLE_PX = 4;
const LOUPE_PX = 90;
const LOUPE_TIMES = 4;

/** @type {WeakMap<Annotation, HTMLCanvasElement>} */
const bitmaps = new WeakMap();

/** @param {CanvasRenderingContext2D} ink @param {Scene} scene @param {Look} look @param {number} density device pixels a CSS pixel */
export function paint(ink, scene, look, density) {
  ink.setTransform(1, 0, 0, 1, 0, 0);
  ink.clearRect(0, 0, ink.canvas.width, ink.canvas.height);
  ink.setTransform(density * look.z, 0, 0, density * look.z, density * look.x, density * look.y);
  const replaced = scene.draft?.id;
  for (const each of scene.objects)
    if (each.id !== replaced)
      shape(ink, each, scene.colour(each.label), look.z, each.id === scene.selected ? "selected" : "plain");
  for (const each of scene.proposals)
    shape(ink, each, scene.colour(each.label), look.z, each.id === scene.selected ? "offered" : "proposed");
  if (scene.draft) shape(ink, scene.draft, scene.colour(scene.draft.label), look.z, "selected");
  const grasped = scene.draft ?? scene.objects.find(({ id = "" }) => id === scene.selected && !scene.locked.has(id));
  if (grasped && !scene.path.length) grips(ink, grasped, scene.colour(grasped.label), look.z);
  if (scene.path.length) trail(ink, scene.path, look.z);
  if (scene.cross) crosshair(ink, scene.cross, scene.size, look.z);
}

/** @param {CanvasRenderingContext2D} ink @param {Annotation} each @param {string} colour @param {number} z @param {"plain" | "selected" | "proposed" | "offered"} how */
function shape(ink, each, colour, z, how) {
  ink.strokeStyle = colour;
  ink.fillStyle = colour;
  ink.lineWidth = (how === "selected" || how === "offered" ? 3 : 2) / z;
  const placed = !isFollowed(each) || each.key_frame !== false;
  ink.setLineDash(how === "proposed" || how === "offered" ? [6 / z, 4 / z] : placed ? [] : [10 / z, 5 / z]);
  if (each.review === "draft") ink.setLineDash([2 / z, 5 / z]);
  if (each.type === "mask") {
    ink.globalAlpha = how === "selected" ? 0.6 : 0.45;
    ink.imageSmoothingEnabled = false;
    ink.drawImage(bitmap(each, colour), 0, 0);
    ink.globalAlpha = 1;
    return;
  }
  if (each.type === "points") return bones(ink, each, z);
  ink.beginPath();
  for (const ring of outlines(each)) {
    ring.forEach(([x, y], k) => (k ? ink.lineTo(x, y) : ink.moveTo(x, y)));
    ink.closePath();
  }
  if (how === "selected" || how === "offered") {
    ink.globalAlpha = 0.14;
    ink.fill("evenodd");
    ink.globalAlpha = 1;
  }
  ink.stroke();
  return undefined;
}

/** @param {CanvasRenderingContext2D} ink @param {Extract<Annotation, {type: "points"}>} each @param {number} z */
function bones(ink, each, z) {
  ink.beginPath();
  for (const [from, to] of each.edges ?? []) {
    const [a, b] = [each.points[from], each.points[to]];
    if (!a?.[2] || !b?.[2]) continue;
    ink.moveTo(a[0], a[1]);
    ink.lineTo(b[0], b[1]);
  }
  ink.stroke();
  for (const [x, y, seen] of each.points) {
    if (!seen) continue;
    ink.beginPath();
    ink.arc(x, y, 4 / z, 0, 2 * Math.PI);
    if (seen === 2) ink.fill();
    else ink.stroke();
  }
}

/** @param {CanvasRenderingContext2D} ink @param {Annotation} each @param {string} colour @param {number} z */
function grips(ink, each, colour, z) {
  ink.setLineDash([]);
  ink.lineWidth = 1.5 / z;
  ink.strokeStyle = colour;
  ink.fillStyle = "#ffffff";
  const half = HANDLE_PX / z;
  for (const { x, y, part } of handles(each, ARM_PX / z)) {
    ink.beginPath();
    if (part === "turn" || part === "point") ink.arc(x, y, half * 1.2, 0, 2 * Math.PI);
    else ink.rect(x - half, y - half, 2 * half, 2 * half);
    ink.fill();
    ink.stroke();
  }
}

/** Places of a polygon that is not closed yet. @param {CanvasRenderingContext2D} ink @param {Scene["path"]} places @param {number} z */
function trail(ink, places, z) {
  ink.setLineDash([]);
  ink.fillStyle = "#ffffff";
  ink.strokeStyle = "#000000";
  ink.lineWidth = 1 / z;
  for (const { x, y } of places) {
    ink.beginPath();
    ink.arc(x, y, 3.5 / z, 0, 2 * Math.PI);
    ink.fill();
    ink.stroke();
  }
}

/** @param {CanvasRenderingContext2D} ink @param {{x: number, y: number}} at @param {Scene["size"]} size @param {number} z */
function crosshair(ink, { x, y }, { width, height }, z) {
  ink.beginPath();
  ink.moveTo(x, 0);
  ink.lineTo(x, height);
  ink.moveTo(0, y);
  ink.lineTo(width, y);
  for (const [colour, dash] of /** @type {Array<[string, number[]]>} */ ([
    ["#000000", []],
    ["#ffffff", [5 / z, 5 / z]],
  ])) {
    ink.setLineDash(dash);
    ink.strokeStyle = colour;
    ink.lineWidth = 1 / z;
    ink.stroke();
  }
}

/** What a brush passes over. @param {CanvasRenderingContext2D} ink as `paint` left it @param {ReadonlyArray<{x: number, y: number}>} places @param {number} radius @param {string} colour */
export function stroke(ink, places, radius, colour) {
  ink.setLineDash([]);
  ink.lineCap = ink.lineJoin = "round";
  ink.lineWidth = 2 * radius;
  ink.globalAlpha = 0.5;
  ink.strokeStyle = colour;
  ink.beginPath();
  places.forEach(({ x, y }, k) => (k ? ink.lineTo(x, y) : ink.moveTo(x, y)));
  ink.lineTo(places[places.length - 1].x + 1e-3, places[places.length - 1].y);
  ink.stroke();
  ink.globalAlpha = 1;
}

/**
 * What is under the pointer, four times closer.
 * @param {CanvasRenderingContext2D} ink
 * @param {HTMLImageElement} picture
 * @param {{look: Look, pointer: {x: number, y: number}, size: Scene["size"], filter: string}} sight `pointer`: CSS pixels
 * @param {number} density
 */
export function closer(ink, picture, { look, pointer, size, filter }, density) {
  const reach = LOUPE_PX / look.z / LOUPE_TIMES;
  const by = picture.naturalWidth / size.width;
  const from = [(pointer.x - look.x) / look.z - reach, (pointer.y - look.y) / look.z - reach];
  const [x, y, wide] = [pointer.x - LOUPE_PX, pointer.y - LOUPE_PX, 2 * LOUPE_PX];
  ink.setTransform(density, 0, 0, density, 0, 0);
  ink.save();
  ink.beginPath();
  ink.arc(pointer.x, pointer.y, LOUPE_PX, 0, 2 * Math.PI);
  ink.clip();
  ink.fillStyle = "#000000";
  ink.fill();
  ink.imageSmoothingEnabled = false;
  ink.filter = filter || "none";
  ink.drawImage(picture, from[0] * by, from[1] * by, 2 * reach * by, 2 * reach * by, x, y, wide, wide);
  ink.filter = "none";
  ink.setLineDash([]);
  ink.lineWidth = 1;
  ink.strokeStyle = "#ffffff";
  ink.strokeRect(pointer.x - 0.5, y, 1, wide);
  ink.strokeRect(x, pointer.y - 0.5, wide, 1);
  ink.restore();
}

/** A mask as a picture of its own, made once. @param {Extract<Annotation, {type: "mask"}>} mask @param {string} colour */
function bitmap(mask, colour) {
  const known = bitmaps.get(mask);
  if (known && known.dataset.colour === colour) return known;
  const [height, width] = mask.size_hw;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.dataset.colour = colour;
  const ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ink.fillStyle = colour;
  for (const [x, y, long] of runs(mask)) ink.fillRect(x, y, 1, long);
  bitmaps.set(mask, canvas);
  return canvas;
}
