// @ts-check
/** What of a picture is in sight and may be touched: hidden and locked objects, and the light it is looked at in. */
import { button, div, input, label, span, useState } from "../../lib/dom.js";
import { act } from "../../lib/parts.js";
import { remember, shelf } from "../../lib/sending/shelf.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {{brightness: number, contrast: number, shapes: number}} Light percent of the picture's own; `shapes`: how dense they are */

const LIGHT = "visloop.light";
/** Least and most. @type {Record<keyof Light, [number, number]>} */
const PERCENT = { brightness: [25, 400], contrast: [25, 400], shapes: [10, 100] };
const STEP = 5;
/** @type {Light} */
const AS_IT_IS = { brightness: 100, contrast: 100, shapes: 100 };

/** @param {ReadonlySet<string>} set @param {string} id */
function toggled(set, id) {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Kept while the editor is open; nothing of it is written to the labels. */
export function useSight() {
  const [none, setNone] = useState(false);
  const [hidden, setHidden] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const [locked, setLocked] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const isHidden = (/** @type {Annotation} */ { id = "" }) => none || hidden.has(id);
  return {
    locked,
    isHidden,
    /** By itself, not with all others. */
    marks: (/** @type {Annotation} */ { id = "" }) => ({ hidden: hidden.has(id), locked: locked.has(id) }),
    hide: (/** @type {string} */ id) => setHidden(toggled(hidden, id)),
    lock: (/** @type {string} */ id) => setLocked(toggled(locked, id)),
    hideAll: () => setNone(!none),
    showAll: () => (setNone(false), setHidden(new Set())),
  };
}

/** @typedef {ReturnType<typeof useSight>} Sight */

/** Hide and lock, beside an object of the list. @param {{object: Annotation, named: string, sight: Sight}} properties */
export function Switches({ object, named, sight }) {
  const { id = "" } = object;
  const { hidden, locked } = sight.marks(object);
  const one = (/** @type {string} */ word, /** @type {boolean} */ on, /** @type {(id: string) => void} */ toggle) =>
    button(
      {
        type: "button",
        class: "quiet switch",
        "aria-pressed": String(on),
        "aria-label": `${word} ${named}`,
        title: { hide: "out of sight (H)", lock: "not to be moved by mistake (i)" }[word],
        onClick: () => toggle(id),
      },
      on ? { hide: "hidden", lock: "locked" }[word] : word,
    );
  return span({ class: "switches" }, one("hide", hidden, sight.hide), one("lock", locked, sight.lock));
}

/** @returns {Light} */
function remembered() {
  try {
    return { ...AS_IT_IS, ...JSON.parse(shelf.getItem(LIGHT) ?? "{}") };
  } catch {
    return AS_IT_IS;
  }
}

/** The light that pictures are looked at in: the same from picture to picture; their pixels stay what they are. */
export function useLight() {
  const [light, setLight] = useState(remembered);
  const set = (/** @type {Light} */ next) => {
    remember(LIGHT, JSON.stringify(next));
    setLight(next);
  };
  const own = Object.values(light).every((value) => value === 100);
  const filtered = light.brightness !== 100 || light.contrast !== 100;
  return { light, set, own, filter: filtered ? `brightness(${light.brightness}%) contrast(${light.contrast}%)` : "" };
}

/** @param {{lit: ReturnType<typeof useLight>}} properties */
export function Light({ lit: { light, set, own } }) {
  const [open, setOpen] = useState(false);
  const one = (/** @type {keyof Light} */ name) =>
    label(
      span(name, " ", span({ class: "muted" }, `${light[name]} %`)),
      input({
        type: "range",
        ...{ min: PERCENT[name][0], max: PERCENT[name][1], step: STEP, value: light[name] },
        "aria-label": name,
        onInput: (/** @type {any} */ event) => set({ ...light, [name]: Number(event.target.value) }),
      }),
    );
  return div(
    { class: "edit-light" },
    button(
      {
        type: "button",
        "aria-expanded": String(open),
        class: own ? "quiet" : "",
        title: "see it brighter, with more contrast, or with fainter shapes; what is stored stays what it is",
        onClick: () => setOpen(!open),
      },
      own ? "Light" : "Light changed",
    ),
    open
      ? div(
          { class: "edit-sliders" },
          one("brightness"),
          one("contrast"),
          one("shapes"),
          act("As it is", () => set(AS_IT_IS), { kind: "quiet", disabled: own }),
        )
      : null,
  );
}
