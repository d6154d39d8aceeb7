// @ts-check
/**
 * Shapes that are drawn, moved, reshaped, hit: in pixels of the upright picture, always inside of it. Pure.
 *
 * A handle is a place of a shape that can be dragged: a corner or edge of a box, a corner of a polygon, a point.
 */
import { outlines, runs } from "../../lib/marks.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {Extract<Annotation, {type: "box"}>} Box */
/** @typedef {{x: number, y: number}} Place */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {Place & {part: string, at: number}} Handle */
/** @typedef {[number, number, number, number]} Corners */

const LEAST_PX = 1;

/** A hundredth of a pixel is finer than anybody draws. @param {number} value */
const fine = (value) => Math.round(value * 100) / 100;

/** @param {number} value @param {number} most */
const within = (value, most) => Math.max(0, Math.min(most, value));

/** @param {Place} place @param {Size} size @returns {Place} */
export const inside = ({ x, y }, { width, height }) => ({ x: fine(within(x, width)), y: fine(within(y, height)) });

/** The box between two places; null when it has no area. @param {Place} a @param {Place} b @param {Size} size @returns {Corners | null} */
export function corners(a, b, size) {
  const [p, q] = [inside(a, size), inside(b, size)];
  const [x1, x2] = [Math.min(p.x, q.x), Math.max(p.x, q.x)];
  const [y1, y2] = [Math.min(p.y, q.y), Math.max(p.y, q.y)];
  return x2 - x1 >= LEAST_PX && y2 - y1 >= LEAST_PX ? [x1, y1, x2, y2] : null;
}

/** The corners of what has an outline, or the points. @param {Annotation} each @returns {Place[]} */
function places(each) {
  if (each.type === "points") return each.points.filter(([, , seen]) => seen).map(([x, y]) => ({ x, y }));
  return outlines(each).flatMap((ring) => ring.map(([x, y]) => ({ x, y })));
}

/** The enclosing box; null where it lies nowhere. @param {Annotation} each @returns {Corners | null} */
export function bounds(each) {
  const found =
    each.type === "mask"
      ? runs(each).flatMap(([x, y, long]) => [
          { x, y },
          { x: x + 1, y: y + long },
        ])
      : places(each);
  if (!found.length) return null;
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of found) {
    x1 = Math.min(x1, x);
    y1 = Math.min(y1, y);
    x2 = Math.max(x2, x);
    y2 = Math.max(y2, y);
  }
  return [x1, y1, x2, y2];
}

/** @param {Annotation} each */
export function area(each) {
  const around = bounds(each);
  return around ? (around[2] - around[0]) * (around[3] - around[1]) : 0;
}

/** Even-odd. @param {Array<[number, number]>} ring @param {Place} place */
function holds(ring, { x, y }) {
  let found = false;
  for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
    const [[xk, yk], [xj, yj]] = [ring[k], ring[j]];
    if (yk > y !== yj > y && x < ((xj - xk) * (y - yk)) / (yj - yk) + xk) found = !found;
  }
  return found;
}

/**
 * Whether a place is on the shape, or nearer than `reach` to one of its points.
 * @param {Annotation} each
 * @param {Place} place
 * @param {number} reach
 */
export function hits(each, place, reach) {
  if (each.type === "mask") {
    const [column, row] = [Math.floor(place.x), Math.floor(place.y)];
    return runs(each).some(([x, y, long]) => x === column && row >= y && row < y + long);
  }
  if (each.type === "points") return places(each).some((at) => Math.hypot(at.x - place.x, at.y - place.y) <= reach);
  return outlines(each).some((ring) => holds(ring, place));
}

/** The smallest shape at a place: what lies within another can be reached. @param {readonly Annotation[]} all @param {Place} place @param {number} reach */
export function under(all, place, reach) {
  const found = all.filter((each) => hits(each, place, reach));
  return found.sort((a, b) => area(a) - area(b))[0] ?? null;
}

/** What can be dragged. @param {Annotation} each @param {number} [arm] how far the handle that turns stands off, px @returns {Handle[]} */
export function handles(each, arm = 20) {
  if (each.type === "box" || each.type === "track") {
    const [x1, y1, x2, y2] = each.xyxy;
    const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2];
    /** @type {Array<[string, number, number]>} */
    const all = [
      ["nw", x1, y1],
      ["n", cx, y1],
      ["ne", x2, y1],
      ["e", x2, cy],
      ["se", x2, y2],
      ["s", cx, y2],
      ["sw", x1, y2],
      ["w", x1, cy],
    ];
    return all.map(([part, x, y], at) => ({ part, x, y, at }));
  }
  if (each.type === "obb") {
    const [ring] = outlines(each);
    const turn = (each.angle_deg * Math.PI) / 180;
    const far = each.cxcywh[3] / 2 + arm;
    const knob = { x: each.cxcywh[0] + far * Math.sin(turn), y: each.cxcywh[1] - far * Math.cos(turn) };
    return [...ring.map(([x, y], at) => ({ part: "corner", x, y, at })), { ...knob, part: "turn", at: 4 }];
  }
  if (each.type === "polygon")
    return each.rings
      .flatMap((ring) => Array.from({ length: ring.length / 2 }, (_, k) => ({ x: ring[2 * k], y: ring[2 * k + 1] })))
      .map((place, at) => ({ ...place, part: "corner", at }));
  if (each.type === "points")
    return each.points.flatMap(([x, y, seen], at) => (seen ? [{ x, y, part: "point", at }] : []));
  return [];
}

/** @param {Annotation} each @param {Place} place @param {number} reach @param {number} [arm] */
export function handleAt(each, place, reach, arm) {
  const far = (/** @type {Handle} */ one) => Math.hypot(one.x - place.x, one.y - place.y);
  const near = handles(each, arm).filter((one) => far(one) <= reach);
  return near.sort((a, b) => far(a) - far(b))[0] ?? null;
}

/** Rings of a polygon, every place put through `f`. @param {readonly (readonly number[])[]} rings @param {(place: Place, at: number) => Place} f */
function mapped(rings, f) {
  let at = 0;
  return rings.map((ring) => {
    const next = [];
    for (let k = 0; k < ring.length; k += 2) {
      const { x, y } = f({ x: ring[k], y: ring[k + 1] }, at++);
      next.push(x, y);
    }
    return next;
  });
}

/**
 * The shape elsewhere, as far as it stays in the picture.
 * @param {Annotation} each
 * @param {number} dx
 * @param {number} dy
 * @param {Size} size
 * @returns {Annotation}
 */
export function moved(each, dx, dy, size) {
  const around = bounds(each);
  if (!around || each.type === "mask") return each;
  const x = fine(Math.max(-around[0], Math.min(size.width - around[2], dx)));
  const y = fine(Math.max(-around[1], Math.min(size.height - around[3], dy)));
  if (each.type === "box" || each.type === "track") {
    const [x1, y1, x2, y2] = each.xyxy;
    return { ...each, xyxy: [fine(x1 + x), fine(y1 + y), fine(x2 + x), fine(y2 + y)] };
  }
  if (each.type === "obb") {
    const [cx, cy, w, h] = each.cxcywh;
    return { ...each, cxcywh: [fine(cx + x), fine(cy + y), w, h] };
  }
  if (each.type === "polygon")
    return { ...each, rings: mapped(each.rings, (at) => ({ x: fine(at.x + x), y: fine(at.y + y) })) };
  if (each.type === "points")
    return { ...each, points: each.points.map(([px, py, seen]) => [fine(px + x), fine(py + y), seen]) };
  return each;
}

/**
 * The shape with one of its handles elsewhere; as it was where it would have no area.
 * @param {Annotation} each
 * @param {Handle} handle
 * @param {Place} to
 * @param {Size} size
 * @returns {Annotation}
 */
export function reshaped(each, handle, to, size) {
  const place = inside(to, size);
  if (each.type === "box" || each.type === "track") return boxReshaped(each, handle.part, place, size);
  if (each.type === "obb") return turnedOrReshaped(each, handle, to, size);
  if (each.type === "polygon")
    return { ...each, rings: mapped(each.rings, (was, at) => (at === handle.at ? place : was)) };
  if (each.type === "points")
    return {
      ...each,
      points: each.points.map((was, at) => (at === handle.at ? [place.x, place.y, was[2]] : [...was])),
    };
  return each;
}

/** @param {Extract<Annotation, {type: "box" | "track"}>} each @param {string} part @param {Place} place @param {Size} size */
function boxReshaped(each, part, place, size) {
  const [x1, y1, x2, y2] = each.xyxy;
  const a = { x: part.includes("w") ? place.x : x1, y: part.includes("n") ? place.y : y1 };
  const b = { x: part.includes("e") ? place.x : x2, y: part.includes("s") ? place.y : y2 };
  const next = corners(a, b, size);
  return next ? { ...each, xyxy: next } : each;
}

/** The corner across stays where it is. @param {Extract<Annotation, {type: "obb"}>} each @param {Handle} handle @param {Place} to @param {Size} size */
function turnedOrReshaped(each, handle, to, size) {
  const [cx, cy] = each.cxcywh;
  if (handle.part === "turn") {
    const degrees = (Math.atan2(to.x - cx, cy - to.y) * 180) / Math.PI;
    return { ...each, angle_deg: fine(degrees) };
  }
  const place = inside(to, size);
  const [ring] = outlines(each);
  const [ox, oy] = ring[(handle.at + 2) % 4];
  const turn = (each.angle_deg * Math.PI) / 180;
  const [dx, dy] = [place.x - ox, place.y - oy];
  const w = Math.abs(dx * Math.cos(turn) + dy * Math.sin(turn));
  const h = Math.abs(-dx * Math.sin(turn) + dy * Math.cos(turn));
  if (w < LEAST_PX || h < LEAST_PX) return each;
  return {
    ...each,
    cxcywh: /** @type {Corners} */ ([fine((place.x + ox) / 2), fine((place.y + oy) / 2), fine(w), fine(h)]),
  };
}

/** @param {Annotation} each @param {number} degrees clockwise @returns {Annotation} */
export function turned(each, degrees) {
  if (each.type === "obb") return { ...each, angle_deg: fine(((each.angle_deg + degrees + 540) % 360) - 180) };
  if (each.type !== "box") return each;
  const [x1, y1, x2, y2] = each.xyxy;
  const { xyxy: _, type: __, ...rest } = each;
  return { ...rest, type: "obb", cxcywh: [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], angle_deg: fine(degrees) };
}

/** Where edges of other boxes and of the picture are: what a drawn edge springs to. @param {readonly Annotation[]} all @param {Size} size */
export function guides(all, size) {
  const xs = [0, size.width];
  const ys = [0, size.height];
  for (const each of all) {
    if (each.type !== "box" && each.type !== "track") continue;
    xs.push(each.xyxy[0], each.xyxy[2]);
    ys.push(each.xyxy[1], each.xyxy[3]);
  }
  return { xs, ys };
}

/** The place, on a guide where one is nearer than `reach`. @param {Place} place @param {{xs: number[], ys: number[]}} lines @param {number} reach @returns {Place} */
export function snapped({ x, y }, { xs, ys }, reach) {
  const nearest = (/** @type {number} */ value, /** @type {number[]} */ all) =>
    all.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best), Infinity);
  const [nx, ny] = [nearest(x, xs), nearest(y, ys)];
  return { x: Math.abs(nx - x) <= reach ? nx : x, y: Math.abs(ny - y) <= reach ? ny : y };
}
