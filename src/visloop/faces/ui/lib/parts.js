// @ts-check
/** Small parts that every view uses. */
import {
  button,
  code,
  div,
  h,
  h2,
  img,
  p,
  path,
  pre,
  section,
  span,
  svg,
  table,
  tbody,
  td,
  th,
  thead,
  time,
  tr,
  useLayoutEffect,
  useState,
} from "./dom.js";
import { isReached, onReachable } from "./pulse.js";
import { ago } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {"good" | "bad" | "busy" | "plain"} Tone */

/**
 * A titled panel; `aside` stands at the right of the title.
 * @param {string | {title: string, aside?: Child, class?: string}} head
 * @param {...Child} children
 */
export function panel(head, ...children) {
  const { title, aside = null, class: kind = "" } = typeof head === "string" ? { title: head } : head;
  return section(
    { class: `panel ${kind}` },
    title || aside ? div({ class: "panel-head" }, h2(title), aside) : null,
    ...children,
  );
}

/** Words with `code` in them. @param {string} text */
export const coded = (text) => text.split("`").map((part, k) => (k % 2 ? code(part) : part));

/**
 * What to do when there is nothing yet.
 * @param {string} title
 * @param {Child} words
 * @param {...string} commands
 */
export const empty = (title, words, ...commands) =>
  div(
    { class: "empty" },
    p({ class: "empty-title" }, title),
    words ? p(typeof words === "string" ? coded(words) : words) : null,
    ...commands.map((each) => h(Command, { text: each })),
  );

/** Browsers give the clipboard to https and to this machine alone; elsewhere what is marked is copied. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const field = document.createElement("textarea");
    field.value = text;
    ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    before?.focus();
    return done;
  }
}

const TOLD_MS = 1500;

/** A button that copies, and says whether it did. @param {{text: string, words?: string, kind?: string, named?: string}} properties */
export function Copy({ text, words = "copy", kind = "quiet", named }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    setSaid((await copied(text)) ? "copied" : "mark it yourself");
    setTimeout(() => setSaid(""), TOLD_MS);
  };
  return button({ type: "button", class: kind, onClick: copy, "aria-label": named }, said || words);
}

/** A command with a button that copies it. @param {{text: string}} properties */
export const Command = ({ text }) =>
  div({ class: "command" }, pre(code(text)), h(Copy, { text, named: `copy: ${text}` }));

/**
 * @param {{what: string, fix: string} | null} error
 * @param {...Child} more
 */
export const failure = (error, ...more) =>
  error
    ? div(
        { class: "failure", role: "alert" },
        div(p({ class: "what" }, error.what), error.fix ? p({ class: "fix" }, ...coded(error.fix)) : null),
        ...more,
      )
    : null;

/**
 * While the first answer is on its way: nothing for a moment, then a word.
 * @param {{what: string, fix: string} | null} error
 */
export const waiting = (error) => (error ? failure(error) : p({ class: "waiting" }, "Loading …"));

/**
 * A coloured word.
 * @param {Child} word
 * @param {Tone} [tone]
 */
export const badge = (word, tone = "plain") => span({ class: `badge ${tone}` }, word);

/** @type {[Tone, string[]][]} */
const TONES = [
  ["good", "done live accepted approved pass champion closed calm clean".split(" ")],
  ["bad", ["cut off", ..."failed refused rejected fail open lost alarm critical".split(" ")]],
  ["busy", "running queued waiting labelled committed trained gated shadow canary".split(" ")],
  ["busy", "promoted acknowledged warning filling".split(" ")],
];

/** @param {string} state @returns {Tone} */
export const toneOf = (state) => TONES.find(([, states]) => states.includes(state))?.[0] ?? "plain";

/** @param {string} state */
export const stateBadge = (state) => badge(state, toneOf(state));

/**
 * @template R
 * @typedef {{title: string, cell: (row: R) => Child, kind?: string}} Column
 */

/**
 * A table; a row that leads somewhere has its link in `href`.
 * @template R
 * @param {readonly R[]} rows
 * @param {Array<Column<R>>} columns
 * @param {(row: R) => string} [href]
 */
export const grid = (rows, columns, href) =>
  div(
    { class: "scroll" },
    table(
      thead(tr(...columns.map(({ title, kind = "" }) => th({ class: kind, scope: "col" }, title)))),
      tbody(
        ...rows.map((row) =>
          tr(
            {
              class: href ? "pickable" : "",
              onClick: href ? (/** @type {MouseEvent} */ event) => follow(event, href(row)) : undefined,
            },
            ...columns.map(({ cell, kind = "" }) => td({ class: kind }, cell(row))),
          ),
        ),
      ),
    ),
  );

/** A click anywhere in the row, unless it was on a link or button or marked text. @param {MouseEvent} event @param {string} to */
function follow(event, to) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("a, button") || getSelection()?.toString()) return;
  location.hash = to;
}

/** @param {string | null | undefined} moment RFC 3339 */
export const when = (moment) =>
  moment ? time({ datetime: moment, title: new Date(moment).toLocaleString("en-GB") }, ago(moment)) : "–";

/**
 * @param {Child} words
 * @param {() => void} onClick
 * @param {{key?: string, kind?: "primary" | "danger" | "quiet", disabled?: boolean, busy?: boolean, title?: string}} [more]
 */
export const act = (words, onClick, { key, kind, disabled, busy, title } = {}) =>
  button(
    {
      class: `${kind ?? ""} ${busy ? "busy" : ""}`,
      onClick,
      disabled: disabled || busy,
      title,
      type: "button",
      "aria-busy": busy ? "true" : undefined,
    },
    words,
    key ? span({ class: "key", "aria-hidden": "true" }, key) : null,
  );

/**
 * How far a long deed is, and giving it up.
 * @param {{busy: string, progress: string, stopped: boolean, cancel: (() => void) | null}} deeds
 * @param {string} [words] before the first report
 * @param {string} [kept] what stays of one that was given up
 */
export const underWay = ({ busy, progress, stopped, cancel }, words = "", kept = "") =>
  busy && (progress || words)
    ? div(
        { class: "row far" },
        p({ class: "muted", role: "status" }, progress || `${words} …`),
        cancel ? act("Cancel", cancel, { kind: "quiet" }) : null,
      )
    : stopped && !busy
      ? p({ class: "muted", role: "status" }, `Given up. ${kept}`)
      : null;

/** @param {string} colour */
export const dot = (colour) => span({ class: "dot", style: `background:${colour}`, "aria-hidden": "true" });

/**
 * A share as a bar.
 * @param {number} share 0 … 1
 * @param {{label?: string, value?: string, colour?: string}} [more]
 */
export const bar = (share, { label, value, colour } = {}) =>
  div(
    {
      class: "bar",
      role: label ? "progressbar" : undefined,
      "aria-label": label,
      "aria-valuenow": label ? Math.round(100 * share) : undefined,
      "aria-valuetext": value,
      "aria-hidden": label ? undefined : "true",
    },
    div({
      style: `width:${(100 * Math.max(0, Math.min(1, share))).toFixed(2)}%${colour ? `;background:${colour}` : ""}`,
    }),
  );

/** A dialog's closing, which the browser tells late: not of one that was left for another place. @param {() => void} onClose */
export const stays = (onClose) => (/** @type {any} */ event) => event.target.isConnected && onClose();

/**
 * A picture that says so when it is gone, and comes back with the server.
 * @param {{src: string, alt: string, eager?: boolean, fallback?: string}} properties
 */
export function Picture({ src, alt, eager = false, fallback = "" }) {
  const [failed, setFailed] = useState(/** @type {string[]} */ ([]));
  useLayoutEffect(
    () =>
      onReachable((reached) => {
        if (reached) setFailed([]);
      }),
    [],
  );
  const shown = [src, fallback].find((each) => each && !failed.includes(each));
  const words = isReached() ? "not kept" : "not here yet";
  if (!shown) return span({ class: "gone", role: "img", "aria-label": `${alt}: ${words}` }, words);
  return img({
    src: shown,
    alt,
    loading: eager ? "eager" : "lazy",
    decoding: "async",
    draggable: false,
    onError: () => setFailed([...failed, shown]),
  });
}

/** @type {Record<string, string>} */
const SHAPES = {
  sun: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12 1v3M12 20v3M4.2 4.2l2.1 2.1M17.7 17.7l2.1 2.1M1 12h3M20 12h3M4.2 19.8l2.1-2.1M17.7 6.3l2.1-2.1",
  moon: "M21 13A9 9 0 1 1 11 3a7 7 0 0 0 10 10z",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M19 10h.01M7 14h10",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  close: "M5 5l14 14M19 5L5 19",
  check: "M4 12.5l5 5L20 6.5",
  find: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
};

/** @param {keyof typeof SHAPES} name */
export const icon = (name) =>
  svg({ class: "icon", viewBox: "0 0 24 24", width: 17, height: 17, "aria-hidden": "true" }, path({ d: SHAPES[name] }));
