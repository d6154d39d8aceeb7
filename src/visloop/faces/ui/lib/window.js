// @ts-check
/** A grid that holds only the cells in sight, however many there are; the page itself scrolls. */
import { div, useEffect, useLayoutEffect, useMemo, useState } from "./dom.js";
import { useWidth } from "./use.js";

const AHEAD_PX = 600;
/** How far the page is scrolled until cells are added: less than a row, much less than what is ahead. */
const STEP_PX = 150;

/**
 * Which rows are in sight. Pure.
 *
 * @param {{top: number, view: number, row: number, rows: number}} measure pixels from the grid's top to the view's top, height of the view, of a row; rows in all
 * @returns {[number, number]} the first row, and the one behind the last
 */
export function inSight({ top, view, row, rows }) {
  const first = Math.floor((top - AHEAD_PX) / row);
  const last = Math.ceil((top + view + AHEAD_PX) / row);
  return [Math.max(0, Math.min(first, rows)), Math.max(0, Math.min(last, rows))];
}

/**
 * Columns and the size of a cell. Pure.
 *
 * @param {{width: number, least: number, gap: number, aspect: number, below: number}} measure
 */
export function layout({ width, least, gap, aspect, below }) {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const cell = (width - gap * (columns - 1)) / columns;
  return { columns, cell, row: Math.round(cell / aspect + below) + gap };
}

/**
 * Where the page stands over an element, as `inSight` wants it; told anew after each `step` pixels.
 *
 * @param {{current: HTMLElement | null}} ref
 * @param {number} step
 */
export function useScrolled(ref, step) {
  const [place, setPlace] = useState({ top: 0, view: innerHeight });
  useEffect(() => {
    let asked = 0;
    const measure = () => {
      asked = 0;
      const top = -(ref.current?.getBoundingClientRect().top ?? 0);
      setPlace((before) =>
        Math.abs(before.top - top) < step && before.view === innerHeight ? before : { top, view: innerHeight },
      );
    };
    const on = () => {
      asked ||= requestAnimationFrame(measure);
    };
    addEventListener("scroll", on, { passive: true });
    addEventListener("resize", on);
    measure();
    return () => {
      removeEventListener("scroll", on);
      removeEventListener("resize", on);
      cancelAnimationFrame(asked);
    };
  }, []);
  return place;
}

/**
 * Where a key leads from a cell; null: it is none of these keys. Pure.
 *
 * @param {string} key
 * @param {{at: number, count: number, columns: number, page: number}} measure `page`: rows that are in sight
 */
export function step(key, { at, count, columns, page }) {
  const by = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * page,
    PageDown: columns * page,
  }[key];
  const to = { Home: 0, End: count - 1 }[key] ?? (by === undefined ? null : at + by);
  if (to === null) return null;
  // a step over the edge stays where it is; a page goes as far as it can
  if (key.startsWith("Arrow")) return to < 0 || to >= count ? at : to;
  return Math.max(0, Math.min(count - 1, to));
}

/**
 * Every cell lies where it stays, so that scrolling moves nothing: what comes into sight is added, what leaves is
 * taken away, and what is between them is neither made, laid out nor painted again (decision 32). One cell is in the
 * order of Tab, and stays there however far the page is scrolled; arrows, Home, End and the page keys lead on.
 *
 * @param {{count: number, least: number, label: string, aspect?: number, below?: number, gap?: number, cell: (index: number, tab: 0 | -1) => import("./dom.js").Child, onRange?: (first: number, last: number) => void}} properties `cell` has to be the same function as long as its cells are the same
 */
export function Window({ count, least, label, aspect = 4 / 3, below = 34, gap = 12, cell, onRange }) {
  const [ref, width] = useWidth();
  const place = useScrolled(ref, STEP_PX);
  const [current, setCurrent] = useState({ at: 0, byKey: false });
  const { columns, cell: wide, row } = layout({ width: width || 800, least, gap, aspect, below });
  const rows = Math.ceil(count / columns);
  const [first, last] = inSight({ ...place, row, rows });
  const [from, to] = width ? [first * columns, Math.min(count, last * columns)] : [0, 0];
  const at = Math.min(current.at, count - 1);
  useEffect(() => {
    if (to > from) onRange?.(from, to);
  }, [from, to]);
  const button = () => /** @type {HTMLElement | null} */ (ref.current?.querySelector(`[data-index="${at}"] button`));
  useLayoutEffect(() => {
    if (!current.byKey) return;
    onRange?.(at, at + 1);
    button()?.focus();
  }, [current]);
  // what is moved among its neighbours loses the focus
  const focused = document.activeElement === (ref.current && button());
  useLayoutEffect(() => {
    if (focused && document.activeElement === document.body) button()?.focus({ preventScroll: true });
  });
  const made = useMemo(() => new Map(), [cell, columns, wide, count]);
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);
  if (shown.length && at < from) shown.unshift(at);
  if (shown.length && at >= to) shown.push(at);
  for (const index of made.keys()) if ((index < from || index >= to) && index !== at) made.delete(index);
  for (const index of shown) {
    const tab = index === at ? 0 : -1;
    if (made.get(index)?.tab === tab) continue;
    const left = (index % columns) * (wide + gap);
    const style = `left:${left}px;top:${Math.floor(index / columns) * row}px;width:${wide}px;height:${row - gap}px`;
    made.set(index, { tab, drawn: item({ index, count, style }, cell(index, tab)) });
  }
  return div(
    {
      class: "window",
      ref,
      role: count ? "list" : undefined,
      "aria-label": count ? label : undefined,
      style: `height:${Math.max(0, rows * row - gap)}px`,
      onFocusIn: (/** @type {FocusEvent} */ event) => {
        const index = indexOf(event);
        if (index !== null && index !== at) setCurrent({ at: index, byKey: false });
      },
      onKeyDown: (/** @type {KeyboardEvent} */ event) => {
        const index = indexOf(event);
        if (index === null || event.ctrlKey || event.metaKey || event.altKey) return;
        const next = step(event.key, { at: index, count, columns, page: Math.floor(place.view / row) });
        if (next === null) return;
        event.preventDefault();
        setCurrent({ at: next, byKey: true });
      },
    },
    ...shown.map((index) => made.get(index).drawn),
  );
}

/**
 * @param {{index: number, count: number, style: string}} place
 * @param {import("./dom.js").Child} child
 */
const item = ({ index, count, style }, child) =>
  div(
    {
      key: index,
      class: "cell",
      role: "listitem",
      "aria-setsize": count,
      "aria-posinset": index + 1,
      "data-index": index,
      style,
    },
    child,
  );

/** Which cell an event is of. @param {Event} event */
const indexOf = (event) => {
  const index = /** @type {HTMLElement} */ (event.target).closest(".cell")?.getAttribute("data-index");
  return index ? Number(index) : null;
};
