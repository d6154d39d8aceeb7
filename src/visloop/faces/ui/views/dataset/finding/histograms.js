// @ts-check
/** How numbers and times are spread over what was found, over that of everything; a range is drawn, or typed. */
import {
  button,
  details,
  div,
  h,
  input,
  p,
  path,
  rect,
  span,
  summary,
  svg,
  useEffect,
  useRef,
  useState,
} from "../../../lib/dom.js";
import { ANYTHING, rangeOf, ranging } from "../../../lib/questions.js";
import { useAnswer, useHeld } from "../../../lib/use.js";
import { HEIGHT, endInWords, outline, placed, rangeFrom, rangeInWords, spoken } from "./ranges.js";

/** @typedef {import("./ranges.js").Histogram} Histogram */
/** @typedef {import("../../../lib/questions.js").Range} Range */
/** @typedef {{text: string, onAsk: (text: string) => void}} Asking */

const OPEN = 3;

/**
 * @param {{at: string, of: "samples" | "objects", more: string, ready: boolean} & Asking} properties `more`: a field beside those that tell most;
 * `ready`: what is counted in the first place is there
 */
export function Histograms({ at, of, more, ready, text, onAsk }) {
  const every = useAnswer("query", ready ? { text, of, at, limit: 0, histograms: "*" } : null);
  const other = useAnswer("query", ready && more ? { text, of, at, limit: 0, histograms: more } : null);
  const shown = /** @type {Histogram[]} */ (useHeld(every.data, at)?.histograms ?? []);
  const added = /** @type {Histogram[]} */ (useHeld(other.data, at + more)?.histograms ?? []).filter(
    (each) => each.least !== each.most && shown.every(({ field }) => field !== each.field),
  );
  return [...added, ...shown].map((told, place) => {
    const range = rangeOf(text, told.field);
    return details(
      { class: "facet", key: told.field, open: place < OPEN || range.from !== "" || range.to !== "" },
      summary(told.field, told.unit && told.unit !== "B" ? span({ class: "muted" }, ` ${told.unit}`) : null),
      h(Spread, { told, range, all: text === "", onRange: (to) => onAsk(ranging(text, told.field, to)) }),
    );
  });
}

/** @param {{told: Histogram, range: Range, all: boolean, onRange: (range: Range) => void}} properties `all`: everything is found */
function Spread({ told, range, all, onRange }) {
  const { field, counts } = told;
  const whole = rangeFrom(told, 0, counts.length - 1);
  const first = useRef(-1);
  const [over, setOver] = useState(/** @type {[number, number] | null} */ (null));
  const drawn = over ? rangeFrom(told, ...over) : null;
  const lies = placed(told, drawn && first.current >= 0 ? drawn : range);
  /** The bar below a pointer. @param {PointerEvent} event */
  const barAt = (event) => {
    const { left, width } = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    return Math.max(0, Math.min(counts.length - 1, Math.floor(((event.clientX - left) / width) * counts.length)));
  };
  const leave = () => {
    first.current = -1;
    setOver(null);
  };
  const drop = () => {
    if (first.current < 0 || !drawn) return;
    leave();
    onRange(JSON.stringify(drawn) === JSON.stringify(range) ? ANYTHING : drawn);
  };
  return div(
    { class: "spread" },
    svg(
      {
        viewBox: `0 0 ${counts.length} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": described(told),
        onPointerDown: (/** @type {PointerEvent} */ event) => {
          if (event.button) return;
          /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
          first.current = barAt(event);
          setOver([first.current, first.current]);
        },
        onPointerMove: (/** @type {PointerEvent} */ event) => {
          const bar = barAt(event);
          setOver([first.current < 0 ? bar : first.current, bar]);
        },
        onPointerUp: drop,
        onPointerCancel: leave,
        onPointerLeave: () => first.current < 0 && setOver(null),
      },
      lies ? rect({ class: "range", x: lies[0], y: 0, width: Math.max(lies[1] - lies[0], 0.2), height: HEIGHT }) : null,
      all ? null : path({ class: "all", d: outline(told.everything) }),
      path({ d: outline(counts) }),
    ),
    p(
      { class: "caption ends" },
      span(endInWords(told, whole.from)),
      over && drawn ? span(`${rangeInWords(told, drawn)}: ${found(told, over)}`) : null,
      span(endInWords(told, whole.to)),
    ),
    div(
      { class: "from-to" },
      h(End, {
        told,
        named: `${field} from`,
        value: range.from,
        hint: told.least,
        onEnd: (from) => onRange({ ...range, from }),
      }),
      span({ class: "muted" }, range.upper === "<" && range.to ? "to below" : "to"),
      h(End, {
        told,
        named: `${field} to`,
        value: range.to,
        hint: told.most,
        onEnd: (to) => onRange({ ...range, to }),
      }),
      range.from || range.to
        ? button(
            {
              type: "button",
              class: "quiet small",
              "aria-label": `any ${field}`,
              onClick: (/** @type {any} */ event) => {
                event.currentTarget.parentElement.querySelector("input").focus(); // the button goes
                onRange(ANYTHING);
              },
            },
            "any",
          )
        : null,
    ),
    h(Outside, { told, onRange }),
  );
}

/** Those that lie beside the picture, or have no value. @param {{told: Histogram, onRange: (range: Range) => void}} properties */
function Outside({ told, onRange }) {
  const { edges, below, above, without } = told;
  const [low, high] = [edges[0], edges[edges.length - 1]];
  /** @param {number} n @param {string} words @param {Range} range */
  const tail = (n, words, range) =>
    n
      ? button(
          { type: "button", class: "quiet small", onClick: () => onRange(range) },
          `${n.toLocaleString("en")} ${words}`,
        )
      : null;
  if (!below && !above && !without) return null;
  return div(
    { class: "outside muted small" },
    tail(below, `below ${spoken(told, low)}`, { ...ANYTHING, to: String(low), upper: "<" }),
    tail(above, `from ${spoken(told, high)}`, { ...ANYTHING, from: String(high) }),
    without ? span(`${without.toLocaleString("en")} without`) : null,
  );
}

/** One end of the range, typed. @param {{told: Histogram, named: string, value: string, hint: string | number, onEnd: (value: string) => void}} properties */
function End({ told, named, value, hint, onEnd }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const times = told.type === "time";
  return input({
    type: times || (value && Number.isNaN(Number(value))) ? "text" : "number",
    step: told.whole ? 1 : "any",
    "aria-label": named,
    placeholder: times ? String(hint).slice(0, 10) : String(Number(Number(hint).toPrecision(6))),
    value: typed,
    onInput: (/** @type {any} */ event) => setTyped(event.target.value),
    onChange: (/** @type {any} */ event) => event.target.value.trim() !== value && onEnd(event.target.value.trim()),
  });
}

/** @param {Histogram} told @param {[number, number]} over */
function found({ counts }, [one, other]) {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  return counts
    .slice(low, high + 1)
    .reduce((sum, n) => sum + n, 0)
    .toLocaleString("en");
}

/** The picture in words. @param {Histogram} told */
function described(told) {
  const { field, counts } = told;
  const most = counts.indexOf(Math.max(...counts));
  const whole = rangeInWords(told, rangeFrom(told, 0, counts.length - 1));
  return `${field}, ${whole}; most between ${rangeInWords(told, rangeFrom(told, most, most))}`;
}
