// @ts-check
/** The keys of every view, in one dialog. */
import { dd, dialog, div, dl, dt, h2, h3, kbd, section, span, useEffect, useRef } from "../dom.js";
import { act } from "../parts.js";

/** @typedef {[string[], string]} Row keys, and what they do */
/** @typedef {{title: string, rows: Row[]}} Part */

/** @param {Row} row */
const line = ([keys, words]) => [dt(...keys.map((each) => (each === "…" ? "… " : kbd(each)))), dd(words)];

/** @param {{open: boolean, onClose: () => void, parts: Part[]}} properties */
export function Help({ open, onClose, parts }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (open) ref.current?.showModal();
    else ref.current?.close();
  }, [open]);
  return dialog(
    { ref, class: "help", onClose, "aria-label": "keys" },
    div(
      { class: "title" },
      h2({ class: "big" }, "Keys"),
      span({ class: "grow" }),
      act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" }),
    ),
    div({ class: "help-columns" }, ...parts.map(({ title, rows }) => section(h3(title), dl(...rows.flatMap(line))))),
  );
}
