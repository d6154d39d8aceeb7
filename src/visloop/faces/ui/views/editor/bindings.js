// @ts-check
/** What each key of the editor does. */
import { moved, reshaped, turned } from "./shapes.js";
import { TOOLS } from "./keys.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("./gestures.js").Tool} Tool */
/**
 * @typedef {{
 *   stage: {current: import("./stage.js").Stage | null},
 *   tool: Tool,
 *   objects: readonly Annotation[],
 *   isHidden: (each: Annotation) => boolean,
 *   current: Annotation | null,
 *   names: string[],
 *   size: {width: number, height: number},
 *   change: (put: Annotation[], removed?: string[]) => void,
 *   chooseClass: (name: string, also?: boolean) => void,
 *   takeTool: (tool: Tool) => void,
 *   select: (id: string | null) => void,
 *   undo: () => void,
 *   redo: () => void,
 *   brush: (times: number) => void,
 *   erase: () => void,
 *   hide: () => void,
 *   hideOne: () => void,
 *   lock: () => void,
 *   next: () => void,
 *   previous: () => void,
 *   copy: () => void,
 *   goOn: () => void,
 *   nothing: () => void,
 *   handIn: (() => void) | null,
 *   offered: Annotation | null,
 *   take: () => void,
 *   takeAll: () => void,
 *   film: (import("./film/reel.js").Reeling["deeds"] & {current: Annotation | null}) | null,
 * }} Deeds
 */

const COARSE = 8;
const TURN_DEG = 1;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DIGITS = "123456789";
const SHIFTED = "!@#$%^&*(";

/** @param {Deeds} all @returns {Record<string, (event: KeyboardEvent) => void>} */
export function bindings(all) {
  return { ...tools(all), ...classes(all), ...arrows(all), ...drawing(all), ...pictures(all), ...film(all) };
}

/** In a film. @param {Deeds} all @returns {Record<string, () => unknown>} */
function film({ film: deeds }) {
  if (!deeds) return {};
  return {
    t: () => deeds.start(deeds.current),
    f: deeds.key,
    l: deeds.leave,
    L: deeds.end,
    q: deeds.occluded,
    s: deeds.split,
    "Shift+Delete": deeds.remove,
    " ": deeds.play,
    ",": deeds.previousKey,
    ".": deeds.nextKey,
    Home: () => deeds.go(0),
    End: () => deeds.go(Infinity),
  };
}

/** @param {Deeds} all */
const tools = ({ takeTool }) => Object.fromEntries(TOOLS.map(({ tool, key }) => [key, () => takeTool(tool)]));

/** @param {Deeds} all */
const classes = ({ names, chooseClass }) =>
  Object.fromEntries(
    names.slice(0, 9).flatMap((/** @type {string} */ name, /** @type {number} */ k) => [
      [DIGITS[k], () => chooseClass(name)],
      [SHIFTED[k], () => chooseClass(name, true)],
    ]),
  );

/** What is selected moves; else the crosshair does. @param {Deeds} all */
function arrows({ stage, current, size, change }) {
  const held = current && !stage.current?.busy && current.type !== "mask" ? current : null;
  const plain = Object.entries(ARROWS).map(([key, [dx, dy]]) => [
    key,
    (/** @type {KeyboardEvent} */ { shiftKey }) => {
      const by = held ? (shiftKey ? 10 : 1) : shiftKey ? 1 : COARSE / (stage.current?.look.z ?? 1);
      if (held) change([moved(held, by * dx, by * dy, size)]);
      else stage.current?.step(by * dx, by * dy);
    },
  ]);
  const sizing = Object.entries(ARROWS).flatMap(([key, [dx, dy]]) => {
    const resize = (/** @type {number} */ by) => () => {
      if (held?.type !== "box" && held?.type !== "track") return;
      const [, , x, y] = held.xyxy;
      change([reshaped(held, { part: "se", x, y, at: 4 }, { x: x + by * dx, y: y + by * dy }, size)]);
    };
    return [
      [`Ctrl+${key}`, resize(1)],
      [`Ctrl+Shift+${key}`, resize(10)],
    ];
  });
  return Object.fromEntries([...plain, ...sizing]);
}

/** @param {Deeds} all */
function drawing({
  stage,
  tool,
  objects,
  isHidden,
  current,
  change,
  select,
  undo,
  redo,
  brush,
  erase,
  offered,
  take,
  takeAll,
}) {
  const remove = () => (stage.current?.busy ? stage.current.back() : current && change([], [current.id ?? ""]));
  const turn = (/** @type {number} */ by) => () => {
    if (tool === "brush") brush(by > 0 ? 1.25 : 0.8);
    else if (current) change([turned(current, by * TURN_DEG)]);
  };
  const step = (/** @type {number} */ by) => () => {
    const many = objects.length;
    const at = objects.findIndex((/** @type {Annotation} */ each) => each.id === current?.id);
    const from = at < 0 && by < 0 ? 0 : at;
    const others = objects.map((_, k) => objects[(from + by * (k + 1) + 2 * many) % many]);
    const next = others.find((each) => !isHidden(each));
    if (next) select(next.id ?? null);
  };
  return {
    Enter: (/** @type {KeyboardEvent} */ { shiftKey }) => {
      if (shiftKey) return takeAll();
      if (offered) return take();
      return stage.current?.gesture.kind === "path" && !stage.current.cross
        ? stage.current.finish()
        : stage.current?.enter();
    },
    Escape: () => (stage.current?.busy ? stage.current.cancel() : select(null)),
    Backspace: remove,
    Delete: remove,
    "[": turn(-1),
    "]": turn(1),
    x: erase,
    n: step(1),
    N: step(-1),
    "Ctrl+z": undo,
    "Ctrl+Shift+z": redo,
    "Ctrl+y": redo,
  };
}

/** @param {Deeds} all */
const pictures = ({ stage, next, previous, copy, goOn, nothing, hide, hideOne, lock, handIn }) => ({
  ...(handIn ? { "Ctrl+Enter": handIn } : {}),
  d: next,
  a: previous,
  PageDown: next,
  PageUp: previous,
  c: copy,
  r: goOn,
  e: nothing,
  h: hide,
  H: hideOne,
  i: lock,
  "+": () => stage.current?.closer(1.5),
  "=": () => stage.current?.closer(1.5),
  "-": () => stage.current?.closer(1 / 1.5),
  0: () => stage.current?.fit(),
  z: () => {
    if (!stage.current) return;
    stage.current.loupe = true;
    stage.current.draw();
  },
});
