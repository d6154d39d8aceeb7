// @ts-check
/** Fields of forms: a word above, the control, a hint below. */
import { datalist, div, input, label, option, select, span, textarea } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {{words: string, hint?: Child, wide?: boolean}} Said */

/** @param {Said} said @param {...Child} control */
const field = ({ words, hint, wide }, ...control) =>
  label(
    { class: wide ? "field wide" : "field" },
    span({ class: "field-name" }, words),
    ...control,
    hint ? span({ class: "hint" }, hint) : null,
  );

/** @param {(value: string) => void} onValue */
const typed = (onValue) => (/** @type {any} */ event) => onValue(event.target.value);

/**
 * @param {Said & {value: string, onValue: (value: string) => void, placeholder?: string, required?: boolean, offers?: readonly string[], id?: string, type?: string, step?: string}} properties `offers` need an `id`
 */
export const textField = ({ value, onValue, placeholder, required, offers, id, type = "text", step, ...said }) =>
  field(
    said,
    input({ type, step, value, placeholder, required, list: offers ? id : undefined, onInput: typed(onValue) }),
    offers ? datalist({ id }, ...offers.map((each) => option({ value: each }))) : null,
  );

/** @param {Said & {value: string, onValue: (value: string) => void, rows?: number, placeholder?: string, required?: boolean}} properties */
export const longField = ({ value, onValue, rows = 3, placeholder, required, ...said }) =>
  field(said, textarea({ value, rows, placeholder, required, spellcheck: false, onInput: typed(onValue) }));

/** @param {Said & {value: string, onValue: (value: string) => void, choices: ReadonlyArray<{value: string, words: string}>}} properties */
export const choiceField = ({ value, onValue, choices, ...said }) =>
  field(
    said,
    select(
      { value, onChange: typed(onValue) },
      ...choices.map((each) => option({ value: each.value, selected: each.value === value }, each.words)),
    ),
  );

/** @param {{words: string, hint?: Child, checked: boolean, onChecked: (checked: boolean) => void}} properties */
export const tick = ({ words, hint, checked, onChecked }) =>
  label(
    { class: "tick" },
    input({ type: "checkbox", checked, onChange: (/** @type {any} */ event) => onChecked(event.target.checked) }),
    span(words, hint ? span({ class: "hint" }, hint) : null),
  );

/** @param {...Child} children */
export const fields = (...children) => div({ class: "fields" }, ...children);
