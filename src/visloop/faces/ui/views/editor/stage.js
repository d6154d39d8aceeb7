// @ts-check
/**
 * The picture and the canvas over it: looking closer, and every gesture of mouse, pen, fingers and arrow keys.
 * What moves under a hand is drawn at once and past the views; what a gesture ends in is told to them.
 */
import { painted } from "./brush.js";
import { freshId } from "./desk.js";
import { back, finish, move, NONE, press, release, resumed } from "./gestures.js";
import { ARM_PX, closer, paint, stroke } from "./paint.js";
import { bounds, under } from "./shapes.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("./shapes.js").Place} Place */
/** @typedef {import("./gestures.js").Gesture} Gesture */
/** @typedef {import("./paint.js").Look} Look */
/**
 * @typedef {{
 *   tool: import("./gestures.js").Tool,
 *   label: string,
 *   radius: number,
 *   erase: boolean,
 *   objects: readonly Annotation[],
 *   proposals: readonly Annotation[],
 *   locked: ReadonlySet<string>,
 *   filter: string,
 *   selected: string | null,
 *   size: {width: number, height: number},
 *   path: string,
 *   name?: string,
 *   skeleton?: {names: readonly string[], edges: ReadonlyArray<readonly number[]>},
 *   colour: (name: string | undefined) => string,
 *   onChange: (objects: Annotation[], removed: string[]) => void,
 *   onSelect: (id: string | null) => void,
 *   onPath: (places: readonly Place[]) => void,
 *   onLook: (look: Look) => void,
 * }} Given
 */

const REACH_PX = 8;
const CLOSEST = 40;
const MARGIN_PX = 12;
/** What would be smaller on the screen is looked at so closely. */
const TINY_PX = 24;
const SEEN_PX = 96;

/** @typedef {{width: number, height: number}} Size */

/**
 * How a picture stands in the middle of a frame; or, where it would be tiny so, what lies in `around`. Pure.
 * @param {Size} size
 * @param {Size} frame
 * @param {import("./shapes.js").Corners | null} around
 * @returns {Look}
 */
export function fitted(size, frame, around) {
  const [w, h] = [frame.width - 2 * MARGIN_PX, frame.height - 2 * MARGIN_PX];
  const whole = Math.max(1e-3, Math.min(w / size.width, h / size.height, CLOSEST));
  const [x1, y1, x2, y2] = around ?? [0, 0, size.width, size.height];
  const longer = Math.max(x2 - x1, y2 - y1, 1);
  const isTiny = around !== null && longer * whole < TINY_PX;
  const z = isTiny ? Math.min(CLOSEST, SEEN_PX / longer) : whole;
  const [x, y] = isTiny ? [(x1 + x2) / 2, (y1 + y2) / 2] : [size.width / 2, size.height / 2];
  return { z, x: frame.width / 2 - z * x, y: frame.height / 2 - z * y };
}

export class Stage {
  /** @param {HTMLElement} frame @param {HTMLElement} picture @param {HTMLCanvasElement} canvas @param {Given} given */
  constructor(frame, picture, canvas, given) {
    this.frame = frame;
    this.picture = picture;
    this.canvas = canvas;
    this.ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.given = given;
    /** @type {Look} */
    this.look = { z: 1, x: 0, y: 0 };
    /** @type {Gesture} */
    this.gesture = NONE;
    /** @type {Place[] | null} */
    this.strokes = null;
    /** @type {Place | null} */
    this.cross = null;
    /** Where it was last: the next one begins there. @type {Place | null} */
    this.crossWas = null;
    /** @type {Place} */
    this.pointer = { x: 0, y: 0 };
    /** @type {Map<number, Place>} */
    this.fingers = new Map();
    this.panning = false;
    this.free = false;
    this.loupe = false;
    this.frameAsked = 0;
    /** What is looked at closely. @type {Annotation | null} */
    this.closeTo = null;
    this.sight = new ResizeObserver(() => this.fit(this.closeTo));
    this.sight.observe(frame);
    this.fit();
  }

  stop() {
    this.sight.disconnect();
    cancelAnimationFrame(this.frameAsked);
  }

  /** @param {Given} given */
  set(given) {
    const other = given.size.width !== this.given.size.width || given.size.height !== this.given.size.height;
    const elsewhere = given.tool !== this.given.tool;
    const another = given.path !== this.given.path;
    this.given = given;
    if (another) this.leave();
    if (elsewhere) this.cancel();
    if (other) this.fit();
    else this.draw();
  }

  /** @returns {import("./gestures.js").Table} */
  get table() {
    const { tool, label, size, objects, locked, selected, skeleton, name } = this.given;
    const [reach, arm] = [REACH_PX / this.look.z, ARM_PX / this.look.z];
    return { tool, label, size, objects, locked, selected, skeleton, name, reach, arm, free: this.free };
  }

  /** The whole picture, in the middle; or an object of it that would be tiny so. @param {Annotation | null} [object] */
  fit(object = null) {
    const { clientWidth: width, clientHeight: height } = this.frame;
    const density = devicePixelRatio || 1;
    this.closeTo = object;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    this.see(fitted(this.given.size, { width, height }, object && bounds(object)));
  }

  /** @param {Look} look */
  see(look) {
    this.look = look;
    this.picture.style.transform = `translate(${look.x}px, ${look.y}px) scale(${look.z})`;
    this.picture.style.imageRendering = look.z > 3 ? "pixelated" : "auto";
    this.given.onLook(look);
    this.draw();
  }

  /** Closer at a place of the frame, which stays where it is. @param {number} times @param {Place} [at] CSS pixels */
  closer(times, at = { x: this.frame.clientWidth / 2, y: this.frame.clientHeight / 2 }) {
    const z = Math.max(0.02, Math.min(CLOSEST, this.look.z * times));
    const by = z / this.look.z;
    this.see({ z, x: at.x - (at.x - this.look.x) * by, y: at.y - (at.y - this.look.y) * by });
  }

  /** @param {number} dx @param {number} dy CSS pixels */
  pan(dx, dy) {
    this.see({ ...this.look, x: this.look.x + dx, y: this.look.y + dy });
  }

  /** Drawn with the next frame. */
  draw() {
    if (this.frameAsked) return;
    this.frameAsked = requestAnimationFrame(() => {
      this.frameAsked = 0;
      const { objects, proposals, selected, locked, size, colour } = this.given;
      const { draft, places = [], kind } = this.gesture;
      const path = kind === "path" ? places : [];
      const scene = { objects, proposals, selected, locked, size, colour, draft, path, cross: this.cross };
      const density = devicePixelRatio || 1;
      paint(this.ink, scene, this.look, density);
      const { given, look, pointer } = this;
      if (this.strokes) stroke(this.ink, this.strokes, given.radius, given.erase ? "#000000" : colour(given.label));
      const picture = this.loupe ? this.picture.querySelector("img") : null;
      if (picture?.naturalWidth) closer(this.ink, picture, { look, pointer, size, filter: given.filter }, density);
    });
  }

  /** @param {MouseEvent} event @returns {Place} CSS pixels in the frame */
  spot(event) {
    const box = this.frame.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {Place} spot @returns {Place} pixels of the picture */
  place({ x, y }) {
    return { x: (x - this.look.x) / this.look.z, y: (y - this.look.y) / this.look.z };
  }

  /** A gesture goes on; what it ends in is told. @param {Gesture} gesture */
  go(gesture) {
    const { done, select, ...rest } = gesture;
    const { kind } = this.gesture;
    if (kind === "path" && done && !done.label) return this.given.onChange([done], []); // it says why; the path stays
    this.gesture = rest;
    if (kind === "path" || rest.kind === "path") this.given.onPath(rest.places ?? []);
    if (done) this.given.onChange([done], []);
    if (select === null) this.given.onSelect(this.offered());
    else if (select !== undefined) this.given.onSelect(select);
    return this.draw();
  }

  /** The proposal under the pointer, where no object is. */
  offered() {
    return under(this.given.proposals, this.place(this.pointer), REACH_PX / this.look.z)?.id ?? null;
  }

  /** @param {PointerEvent} event */
  down(event) {
    const spot = this.spot(event);
    this.frame.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") this.fingers.set(event.pointerId, spot);
    const second = this.fingers.size === 2;
    this.panning = event.button === 1 || this.panning || second;
    if (this.panning) {
      // a polygon that is half drawn stays, less the corner of the finger that came first
      if (this.gesture.kind !== "path") this.gesture = NONE;
      else if (second) this.back();
      this.strokes = null;
      this.pointer = spot;
      return;
    }
    if (event.button) return;
    this.pointer = spot;
    this.cross = null;
    this.crossWas = null;
    this.free = event.altKey;
    if (this.given.tool === "brush") this.strokes = [this.place(spot)];
    else this.go(press(this.gesture, this.place(spot), this.table));
    this.draw();
  }

  /** @param {PointerEvent} event */
  moving(event) {
    const spot = this.spot(event);
    if (this.fingers.size === 2) this.pinch(event.pointerId, spot);
    else if (this.panning && event.buttons) this.pan(spot.x - this.pointer.x, spot.y - this.pointer.y);
    else if (this.strokes) this.strokes.push(this.place(spot));
    else {
      this.free = event.altKey;
      this.gesture = move(this.gesture, this.place(spot), this.table);
    }
    this.pointer = spot;
    this.draw();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const twoFingers = this.fingers.size === 2;
    this.fingers.delete(event.pointerId);
    if (event.button === 1 || twoFingers) this.panning = false;
    else if (this.strokes) this.endStroke(this.strokes);
    else if (!this.panning) this.go(release(this.gesture, this.place(this.spot(event)), this.table));
  }

  /** The system took the pointer away. @param {PointerEvent} event */
  lost(event) {
    this.fingers.delete(event.pointerId);
    this.panning = false;
    this.strokes = null;
    if (this.gesture.kind !== "path") this.go(NONE);
    this.draw();
  }

  /** @param {number} finger @param {Place} to */
  pinch(finger, to) {
    const was = this.fingers.get(finger);
    const other = [...this.fingers].find(([id]) => id !== finger)?.[1];
    this.fingers.set(finger, to);
    if (!was || !other) return;
    const apart = (/** @type {Place} */ a) => Math.hypot(a.x - other.x, a.y - other.y);
    this.pan((to.x - was.x) / 2, (to.y - was.y) / 2);
    this.closer(apart(to) / Math.max(1, apart(was)), { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 });
  }

  /** @param {Place[]} places */
  endStroke(places) {
    this.strokes = null;
    const { objects, locked, selected, label, size, radius, erase } = this.given;
    const held = objects.find(({ id = "" }) => id === selected && !locked.has(id));
    const mask = held?.type === "mask" ? held : null;
    const next = painted(mask, { id: freshId(), label }, size, places, radius, erase);
    if (next) {
      this.given.onChange([next], []);
      this.given.onSelect(next.id ?? null);
    } else if (mask) this.given.onChange([], [mask.id ?? ""]);
    this.draw();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || !event.shiftKey) this.closer(Math.exp(-event.deltaY / 400), this.spot(event));
    else this.pan(-event.deltaY, 0);
  }

  /** Whether something is half drawn, or under the hand. */
  get half() {
    return this.gesture.kind !== "none" || this.strokes !== null;
  }

  /** Whether keys mean what is being drawn: half of it is there, or a crosshair. */
  get busy() {
    return this.half || this.cross !== null;
  }

  /** Another picture is here: what is half drawn was of the one before, and is kept with it. */
  leave() {
    this.gesture = NONE;
    this.cross = null;
    this.crossWas = null;
    this.strokes = null;
  }

  /** What was half drawn is gone on with. @param {Place[]} places */
  resume(places) {
    this.go(resumed(places, this.table));
  }

  cancel() {
    this.cross = null;
    this.strokes = null;
    this.go(NONE);
  }

  finish() {
    this.go(finish(this.gesture, this.table));
  }

  back() {
    this.strokes = null;
    this.go(back(this.gesture, this.table));
  }

  /** A crosshair that keys move; from where it is, or was, or the middle. @param {number} dx @param {number} dy */
  step(dx, dy) {
    const { width, height } = this.given.size;
    const at =
      this.cross ?? this.crossWas ?? this.place({ x: this.frame.clientWidth / 2, y: this.frame.clientHeight / 2 });
    this.cross = { x: Math.max(0, Math.min(width, at.x + dx)), y: Math.max(0, Math.min(height, at.y + dy)) };
    this.gesture = move(this.gesture, this.cross, { ...this.table, free: true });
    this.keepInSight(this.cross);
    this.draw();
  }

  /** What a press of the button does at the crosshair: one corner, then the other. */
  enter() {
    if (!this.cross) return this.step(0, 0);
    const table = { ...this.table, free: true };
    if (this.gesture.kind === "none" && this.given.tool === "brush") return this.endStroke([this.cross]);
    if (this.gesture.kind === "none" || this.gesture.kind === "path") this.go(press(this.gesture, this.cross, table));
    else this.go(release(this.gesture, this.cross, table));
    if (this.gesture.kind === "none") [this.cross, this.crossWas] = [null, this.cross];
    return this.draw();
  }

  /** @param {Place} at */
  keepInSight({ x, y }) {
    const spot = { x: x * this.look.z + this.look.x, y: y * this.look.z + this.look.y };
    const over = (/** @type {number} */ value, /** @type {number} */ most) =>
      Math.min(0, value) + Math.max(0, value - most);
    const [dx, dy] = [over(spot.x, this.frame.clientWidth), over(spot.y, this.frame.clientHeight)];
    if (dx || dy) this.pan(-dx, -dy);
  }
}
