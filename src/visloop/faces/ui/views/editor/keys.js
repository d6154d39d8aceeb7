// @ts-check
/** The editor's keyboard: everything that a hand on a mouse can do. */
import { useLayoutEffect, useRef } from "../../lib/dom.js";

/** @typedef {import("./gestures.js").Tool} Tool */

/** @type {Array<{tool: Tool, key: string, title: string}>} */
export const TOOLS = [
  { tool: "select", key: "v", title: "Select" },
  { tool: "class", key: "w", title: "Whole picture" },
  { tool: "box", key: "b", title: "Box" },
  { tool: "obb", key: "o", title: "Turned box" },
  { tool: "polygon", key: "p", title: "Polygon" },
  { tool: "brush", key: "m", title: "Mask" },
  { tool: "points", key: "k", title: "Points" },
];

/** What the help says. @type {Array<[string[], string]>} */
export const EDITOR_KEYS = [
  [TOOLS.map(({ key }) => key), "edit: select, whole picture, box, turned box, polygon, mask, points"],
  [["1", "…", "9"], "edit: the class of what is selected, or of what is drawn next"],
  [["arrows"], "edit: move what is selected, else a crosshair; Shift: 10 px or 1 px; Ctrl: the size"],
  [["Enter"], "edit: a corner at the crosshair; close a polygon; take the proposal; Shift: take all"],
  [["Backspace", "Del"], "edit: the last corner back, or remove"],
  [["[", "]"], "edit: turn a box, or the brush's size; x: erase"],
  [["n", "N"], "edit: next, previous object"],
  [["d", "a"], "edit: next, previous picture"],
  [["Ctrl Enter"], "edit: for the queue: hand in what is drawn, and have the next picture"],
  [["r"], "edit: go on with what was left half drawn here"],
  [["c"], "edit: copy the objects of the previous picture"],
  [["e"], "edit: there is nothing here"],
  [["t", "f"], "edit: in a film: follow what is selected; a key frame here, or none"],
  [[",", "."], "edit: in a film: previous, next key frame; Home, End: first, last frame; Space: play"],
  [["l", "L"], "edit: in a film: out of sight after this frame; end here; Shift Del: remove the track"],
  [["s", "q"], "edit: in a film: split the track here; something stands before it"],
  [["h", "H", "i"], "edit: hide all objects, or the selected one; lock it, so that it is not moved by mistake"],
  [["z"], "edit: hold for a magnifier"],
  [["Ctrl z", "Ctrl y"], "edit: undo, redo"],
];

/** Held down, these go on: they move, size, or lead on; the others decide, and do it once. */
const GOES_ON = /^((Ctrl\+)?(Shift\+)?(Arrow\w+|z|y)|Page\w+|[[\]+=,.adnN-])$/;

/**
 * @param {Record<string, (event: KeyboardEvent) => void>} bindings by the key, `Ctrl+` before it where it is held
 * @param {(key: string) => void} [released]
 */
export function useEditorKeys(bindings, released = () => {}) {
  const now = useRef({ bindings, released });
  now.current = { bindings, released };
  useLayoutEffect(() => {
    // what is seen can be pressed at once
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.key === "Escape" && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) target.blur();
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || event.altKey || document.querySelector("dialog[open]"))
        return;
      const held = event.ctrlKey || event.metaKey;
      if (!held && /^(Enter| )$/.test(event.key) && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)) return;
      const key =
        event.key.length === 1 && !held ? event.key : event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const { bindings: all } = now.current;
      const shifted = event.shiftKey ? all[`Shift+${key}`] : undefined;
      const name = `${held ? "Ctrl+" : ""}${held && event.shiftKey ? "Shift+" : ""}${key}`;
      const action = shifted && !held ? shifted : all[name];
      if (!action) return;
      event.preventDefault();
      if (!event.repeat || GOES_ON.test(name)) action(event);
    };
    const off = (/** @type {KeyboardEvent} */ event) => now.current.released(event.key);
    document.addEventListener("keydown", on); // before what the key does everywhere, which the window hears
    addEventListener("keyup", off);
    return () => {
      document.removeEventListener("keydown", on);
      removeEventListener("keyup", off);
    };
  }, []);
}
