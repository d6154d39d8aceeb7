// @ts-check
/** Where a question is typed: what could stand next is offered, what is wrong is shown at its place. */
import { button, div, form, input, li, p, span, strong, ul, useEffect, useRef, useState } from "../../../lib/dom.js";
import { call } from "../../../lib/api.js";

/** @typedef {import("../../../api.d.ts").Completed} Completed */

const PAUSE_MS = 120;
const LIST = "question-offers";
const EXAMPLES = {
  samples: "find pictures: annotations.label = cat and width > 640",
  objects: "find objects: label = cat and width < 20",
};

/**
 * @param {{text: string, at: string, of?: "samples" | "objects", found: string, onAsk: (text: string) => void}} properties `found`: how many, in words
 */
export function Bar({ text, at, of = "samples", found, onAsk }) {
  const [typed, setTyped] = useState(text);
  const [told, setTold] = useState(/** @type {Completed | null} */ (null));
  const [chosen, setChosen] = useState(-1);
  const [open, setOpen] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const asked = useRef({ timer: 0, number: 0 });
  const offers = (open && told?.rows) || [];

  useEffect(() => {
    setTyped(text);
    if (text) look(text, text.length, 0, false);
    else setTold(null);
  }, [text, at]);

  /** @param {string} written @param {number} cursor @param {number} pause @param {boolean} show */
  const look = (written, cursor, pause = PAUSE_MS, show = true) => {
    clearTimeout(asked.current.timer);
    const number = (asked.current.number += 1);
    asked.current.timer = setTimeout(async () => {
      const answer = await call("complete", { text: written, cursor, of, at }).catch(() => null);
      if (number !== asked.current.number) return;
      setTold(answer);
      setChosen(-1);
      setOpen(show);
    }, pause);
  };
  /** @param {number} index */
  const take = (index) => {
    const offer = told?.rows[index];
    if (!told || !offer || !field.current) return;
    const after = typed.slice(told.end);
    const open = offer.text.endsWith("(");
    const words = typed.slice(0, told.start) + offer.text + (open || after.startsWith(" ") ? "" : " ");
    setTyped(words + after);
    field.current.value = words + after;
    field.current.setSelectionRange(words.length, words.length);
    field.current.focus();
    look(words + after, words.length, 0);
  };
  const ask = () => {
    clearTimeout(asked.current.timer);
    asked.current.number += 1;
    setOpen(false);
    if (typed.trim() === text) look(typed, typed.length, 0, false);
    onAsk(typed.trim());
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const n = offers.length;
    if (event.key === "Escape" && open) setOpen(false);
    else if (event.key === "ArrowDown" && n) setChosen((chosen + 1) % n);
    else if (event.key === "ArrowUp" && n) setChosen((chosen - 1 + n) % n);
    else if (event.key === "ArrowDown") look(typed, field.current?.selectionStart ?? typed.length, 0);
    else if (event.key === "Enter" && chosen >= 0 && n) take(chosen);
    else if (event.key === "Tab" && !event.shiftKey && n && (chosen >= 0 || n === 1)) take(Math.max(0, chosen));
    else if (event.key === "Enter") ask();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const wrong = !open && told?.problem && typed.trim() === text ? told : null;
  return form(
    { class: "question", role: "search", onSubmit: (/** @type {Event} */ event) => event.preventDefault() },
    div(
      { class: "question-field" },
      input({
        ref: field,
        type: "text",
        class: "path",
        value: typed,
        placeholder: EXAMPLES[of],
        spellcheck: false,
        autocomplete: "off",
        role: "combobox",
        "aria-label": "question",
        "aria-autocomplete": "list",
        "aria-expanded": String(offers.length > 0),
        "aria-controls": LIST,
        "aria-activedescendant": offers.length && chosen >= 0 ? `${LIST}-${chosen}` : undefined,
        "aria-invalid": wrong ? "true" : undefined,
        "aria-describedby": wrong ? "question-wrong" : undefined,
        onInput: (/** @type {any} */ event) => {
          setTyped(event.target.value);
          look(event.target.value, event.target.selectionStart);
        },
        onKeyDown: key,
        onBlur: () => setOpen(false),
      }),
      ul(
        { id: LIST, class: "offers", role: "listbox", "aria-label": "what could stand next", hidden: !offers.length },
        ...offers.map((each, index) =>
          li(
            {
              id: `${LIST}-${index}`,
              role: "option",
              "aria-selected": String(index === chosen),
              ref: (/** @type {HTMLElement | null} */ one) =>
                index === chosen && one?.scrollIntoView({ block: "nearest" }),
              onMouseDown: (/** @type {Event} */ event) => {
                event.preventDefault();
                take(index);
              },
            },
            span({ class: "path" }, each.text),
            span({ class: "muted" }, each.detail || each.kind),
          ),
        ),
      ),
    ),
    button({ type: "button", class: "primary", onClick: ask }, "Find"),
    text ? button({ type: "button", onClick: () => onAsk("") }, "Clear") : null,
    span({ class: "muted", role: "status" }, wrong ? "" : found),
    wrong ? wrongPlace(text, wrong) : null,
  );
}

/** The question with the place that is wrong marked, and what may have been meant. @param {string} text @param {Completed} told */
const wrongPlace = (text, { problem, fix, problem_start: start, problem_end: end }) =>
  div(
    { id: "question-wrong", class: "question-wrong" },
    p(strong(problem)),
    p(
      { class: "path" },
      text.slice(0, start),
      span({ class: "wrong-place" }, text.slice(start, Math.max(end, start + 1)) || "…"),
      text.slice(Math.max(end, start + 1)),
    ),
    fix ? p({ class: "muted" }, fix) : null,
  );
