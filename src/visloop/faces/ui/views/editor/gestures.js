// @ts-check
/**
 * What a hand does on the picture, from the press to the release, by mouse, pen, finger or keys alike. Pure.
 *
 * `press`, `move` and `release` take the gesture so far and give the next one; where one ends in something drawn, moved
 * or reshaped, `done` holds it. Places are pixels of the upright picture.
 */
import { corners, guides, handleAt, inside, moved, reshaped, snapped, under } from "./shapes.js";
import { freshId } from "./desk.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("./shapes.js").Place} Place */
/** @typedef {import("./shapes.js").Size} Size */
/** @typedef {"select" | "class" | "box" | "obb" | "polygon" | "points" | "brush"} Tool */
/**
 * @typedef {{
 *   tool: Tool,
 *   label: string,
 *   size: Size,
 *   objects: readonly Annotation[],
 *   selected: string | null,
 *   reach: number,
 *   arm: number,
 *   free: boolean,
 *   locked?: ReadonlySet<string>,
 *   name?: string,
 *   skeleton?: {names: readonly string[], edges: ReadonlyArray<readonly number[]>},
 * }} Table what lies on the table: `reach` is how near is near, `free` springs to nothing, what is `locked` is not under the hand, `name` is what is drawn next
 */
/**
 * @typedef {{
 *   kind: "none" | "draw" | "path" | "move" | "reshape",
 *   from?: Place,
 *   at?: Place,
 *   places?: Place[],
 *   object?: Annotation,
 *   handle?: import("./shapes.js").Handle,
 *   draft?: Annotation | null,
 *   done?: Annotation,
 *   select?: string | null,
 * }} Gesture
 */

/** @type {Gesture} */
export const NONE = { kind: "none" };

/** @param {Table} table */
const draws = ({ tool }) => tool !== "select" && tool !== "class";

/** @param {Table} table */
const chosen = (table) => pressable(table).find((each) => each.id === table.selected) ?? null;

/** @param {Table} table */
const pressable = ({ objects, locked }) => (locked?.size ? objects.filter(({ id = "" }) => !locked.has(id)) : objects);

/** On a guide where one is near. @param {Place} place @param {Table} table @param {string} [but] whose own edges do not count */
const sprung = (place, { free, objects, size, reach }, but = "") =>
  free
    ? inside(place, size)
    : snapped(
        inside(place, size),
        guides(
          objects.filter((each) => each.id !== but),
          size,
        ),
        reach,
      );

/** @param {Gesture} gesture @param {Place} place @param {Table} table @returns {Gesture} */
export function press(gesture, place, table) {
  if (gesture.kind === "path") return { ...gesture, ...withPlace(gesture.places ?? [], sprung(place, table), table) };
  const object = chosen(table);
  const handle = object && handleAt(object, place, table.reach * 1.5, table.arm);
  if (object && handle) return { kind: "reshape", from: place, at: place, object, handle, draft: object };
  if (!draws(table)) {
    const found = object && under([object], place, table.reach) ? object : under(pressable(table), place, table.reach);
    return found
      ? { kind: "move", from: place, at: place, object: found, draft: found }
      : { kind: "draw", from: place, at: place };
  }
  if (table.tool === "polygon" || table.tool === "points") {
    const places = [sprung(place, table)];
    return ended({ kind: "path", places, at: places[0], draft: drawn(places, table) }, table);
  }
  const from = sprung(place, table);
  return { kind: "draw", from, at: from, draft: null };
}

/** @param {Gesture} gesture @param {Place} place @param {Table} table @returns {Gesture} */
export function move(gesture, place, table) {
  const { from, object, handle } = gesture;
  switch (gesture.kind) {
    case "draw":
      return from && draws(table)
        ? { ...gesture, at: place, draft: boxed(from, sprung(place, table), table) }
        : { ...gesture, at: place };
    case "move":
      return object && from
        ? { ...gesture, at: place, draft: moved(object, place.x - from.x, place.y - from.y, table.size) }
        : gesture;
    case "reshape":
      return object && handle
        ? {
            ...gesture,
            at: place,
            draft: reshaped(object, handle, sprungHandle(place, table, object, handle), table.size),
          }
        : gesture;
    case "path":
      return { ...gesture, at: place, draft: drawn([...(gesture.places ?? []), sprung(place, table)], table) };
    default:
      return gesture;
  }
}

/** What turns does not spring. @param {Place} place @param {Table} table @param {Annotation} object @param {import("./shapes.js").Handle} handle */
const sprungHandle = (place, table, object, handle) =>
  handle.part === "turn" ? place : sprung(place, table, object.id ?? "");

/** @param {Gesture} gesture @param {Place} place @param {Table} table @returns {Gesture} */
export function release(gesture, place, table) {
  if (gesture.kind === "path" || gesture.kind === "none") return gesture;
  const { draft, object, from } = move(gesture, place, table);
  const still = from ? Math.hypot(place.x - from.x, place.y - from.y) < table.reach / 2 : true;
  if (gesture.kind === "draw") {
    if (!still && draft) return { ...NONE, done: draft, select: draft.id };
    return { ...NONE, select: under(pressable(table), place, table.reach)?.id ?? null };
  }
  if (!draft || !object) return NONE;
  if (still) return { ...NONE, select: gesture.kind === "move" ? pickedAgain(object, place, table) : object.id };
  return { ...NONE, done: draft, select: object.id };
}

/** A click on what is selected reaches what lies within it. @param {Annotation} object @param {Place} place @param {Table} table */
const pickedAgain = (object, place, table) => under(pressable(table), place, table.reach)?.id ?? object.id;

/** Enough places: the polygon is closed, the points are done. @param {Gesture} gesture @param {Table} table @returns {Gesture} */
export function finish(gesture, table) {
  if (gesture.kind !== "path") return gesture;
  const draft = drawn(gesture.places ?? [], table);
  return draft ? { ...NONE, done: draft, select: draft.id } : gesture;
}

/** A path goes on where it was left. @param {Place[]} places @param {Table} table @returns {Gesture} */
export const resumed = (places, table) => ({
  kind: "path",
  places,
  at: places[places.length - 1],
  draft: drawn(places, table),
});

/** The last place is taken back. @param {Gesture} gesture @param {Table} table @returns {Gesture} */
export function back(gesture, table) {
  const places = (gesture.places ?? []).slice(0, -1);
  return gesture.kind === "path" && places.length
    ? { ...gesture, places, draft: drawn([...places, gesture.at ?? places[0]], table) }
    : NONE;
}

/** @param {Place[]} places @param {Place} next @param {Table} table @returns {Partial<Gesture>} */
function withPlace(places, next, table) {
  const [first] = places;
  const last = places[places.length - 1];
  const near = (/** @type {Place} */ one) => Math.hypot(one.x - next.x, one.y - next.y) <= table.reach;
  if (table.tool === "polygon" && ((places.length > 2 && near(first)) || near(last)))
    return finish({ kind: "path", places }, table);
  const all = [...places, next];
  return ended({ kind: "path", places: all, at: next, draft: drawn(all, table) }, table);
}

/** A skeleton whose points are all there is done. @param {Gesture} gesture @param {Table} table @returns {Gesture} */
const ended = (gesture, table) =>
  table.tool === "points" && table.skeleton && (gesture.places ?? []).length >= table.skeleton.names.length
    ? finish(gesture, table)
    : gesture;

/** @param {Place} from @param {Place} to @param {Table} table @returns {Annotation | null} */
function boxed(from, to, table) {
  const xyxy = corners(from, to, table.size);
  if (!xyxy) return null;
  const same = { id: table.name ?? freshId(), label: table.label };
  const [x1, y1, x2, y2] = xyxy;
  return table.tool === "obb"
    ? { type: "obb", ...same, cxcywh: [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], angle_deg: 0 }
    : { type: "box", ...same, xyxy };
}

/** @param {Place[]} places @param {Table} table @returns {Annotation | null} */
function drawn(places, { tool, label, skeleton, name }) {
  const same = { id: name ?? freshId(), label };
  if (tool === "points")
    return {
      type: "points",
      ...same,
      points: places.map(({ x, y }) => [x, y, 2]),
      ...(skeleton ? { names: [...skeleton.names], edges: skeleton.edges.map((each) => [each[0], each[1]]) } : {}),
    };
  const ring = places.flatMap(({ x, y }) => [x, y]);
  return places.length > 2 ? { type: "polygon", ...same, rings: [ring] } : null;
}
