// @ts-check
/** Ctrl-K or Cmd-K: any place and any action of the open view, by a few letters of its name. */
import {
  dialog,
  div,
  h,
  input,
  kbd,
  li,
  mark,
  p,
  span,
  ul,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "../dom.js";
import { useEntries } from "./entries.js";
import { stays } from "../parts.js";
import { partsOf } from "../use.js";
import { ranked } from "./fuzzy.js";
import { visited } from "./recent.js";
import { shelf } from "../sending/shelf.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./entries.js").View} View */

const SHOWN = 60;
const SETTLED_MS = 700;

/** @param {{views: readonly View[], own: Entry[]}} properties `own`: what the shell itself can do */
export function Palette({ views, own }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const there = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog.palette[open]"));
      if (there)
        there.close(); // and the focus goes back
      else setOpen(true);
    };
    const asked = () => setOpen(true);
    addEventListener("keydown", on, true);
    addEventListener("visloop:palette", asked);
    return () => {
      removeEventListener("keydown", on, true);
      removeEventListener("visloop:palette", asked);
    };
  }, []);
  useVisits();
  return open ? h(Opened, { views, own, onClose: () => setOpen(false) }) : null;
}

/** Note where a person stays for a moment. */
function useVisits() {
  useEffect(() => {
    let timer = 0;
    const on = () => {
      clearTimeout(timer);
      timer = /** @type {any} */ (setTimeout(note, SETTLED_MS));
    };
    const note = () => {
      const words = partsOf(location.hash).join(" / ");
      if (words.includes(" / ")) visited(shelf, { address: location.hash, words });
    };
    on();
    addEventListener("hashchange", on);
    return () => removeEventListener("hashchange", on);
  }, []);
}

/** @param {{views: readonly View[], own: Entry[], onClose: () => void}} properties */
function Opened({ views, own, onClose }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [asked, setAsked] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries({ views, own, open: true });
  const found = ranked(asked, entries).slice(0, SHOWN);
  const chosen = Math.min(at, found.length - 1);
  useLayoutEffect(() => ref.current?.showModal(), []); // before the next key
  useEffect(
    () => ref.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }),
    [chosen, asked],
  );
  // the browser's own event of closing comes later than the next key may
  const close = () => {
    ref.current?.close();
    onClose();
  };
  const run = (/** @type {Entry | undefined} */ entry) => {
    if (!entry) return;
    close();
    entry.run();
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => setAt((chosen + 1) % Math.max(found.length, 1)),
    ArrowUp: () => setAt((chosen - 1 + found.length) % Math.max(found.length, 1)),
    Enter: () => run(found[chosen]),
  };
  return dialog(
    {
      ref,
      class: "palette",
      onCancel: (/** @type {Event} */ event) => {
        event.preventDefault();
        close();
      },
      onClose: stays(onClose),
      "aria-label": "go to, or do",
    },
    input({
      type: "text",
      role: "combobox",
      autofocus: true,
      placeholder: "Go to a view, a data set, a model, a run; or do something here",
      "aria-label": "go to, or do",
      "aria-expanded": "true",
      "aria-controls": "palette-list",
      "aria-activedescendant": found.length ? `palette-${chosen}` : undefined,
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: false,
      value: asked,
      onInput: (/** @type {any} */ event) => {
        setAsked(event.target.value);
        setAt(0);
      },
      onKeyDown: (/** @type {KeyboardEvent} */ event) => {
        if (!keys[event.key]) return;
        event.preventDefault();
        event.stopPropagation();
        keys[event.key]();
      },
    }),
    found.length
      ? ul(
          { id: "palette-list", role: "listbox", "aria-label": "found" },
          ...found.map((each, k) =>
            li(
              {
                id: `palette-${k}`,
                role: "option",
                "aria-selected": k === chosen ? "true" : "false",
                onMouseMove: () => k !== chosen && setAt(k),
                onClick: () => run(each),
              },
              span({ class: "words" }, ...lit(each.words, each.at)),
              span({ class: "muted" }, each.hint ? `${each.group} · ${each.hint}` : each.group),
            ),
          ),
        )
      : p({ class: "muted nothing", role: "status" }, `Nothing is called so. Try fewer letters.`),
    div(
      { class: "palette-keys muted", "aria-hidden": "true" },
      kbd("↑"),
      kbd("↓"),
      " choose ",
      kbd("Enter"),
      " go ",
      kbd("Esc"),
      " close",
    ),
  );
}

/** A text with the letters that were found marked. @param {string} text @param {number[]} at */
function lit(text, at) {
  const places = new Set(at);
  return [...text].map((letter, k) => (places.has(k) ? mark(letter) : letter));
}
