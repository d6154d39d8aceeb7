// @ts-check
/** A grid that holds only the cells in sight, however many there are; the page itself scrolls. */
import { div, names, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./dom.js";
import { laidOut, offsetAt, scrolled } from "./tall.js";
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
 * Where the page stands over an element, as `inSight` wants it; told anew after each `step` pixels. The element of a
 * list of `height` may be lower than the list: `offset` says by how much what is in sight stands higher in it.
 *
 * @param {{current: HTMLElement | null}} ref
 * @param {number} step
 * @param {number} [height]
 */
export function useScrolled(ref, step, height = 0) {
  const [place, setPlace] = useState({ top: 0, view: innerHeight, offset: 0 });
  const now = useRef({ top: 0, offset: 0, height, tell: (/** @type {boolean} */ _always) => {} });
  now.current.height = height;
  const topOf = () => -(ref.current?.getBoundingClientRect().top ?? 0);
  now.current.tell = (always) => {
    const { top: low, offset } = now.current;
    const top = low + offset;
    setPlace((before) =>
      !always && Math.abs(before.top - top) < step && before.view === innerHeight && before.offset === offset
        ? before
        : { top, view: innerHeight, offset },
    );
  };
  /** Bring a place of the list to the top of the view, or `below` it. */
  const travel = (/** @type {number} */ to, below = 0) => {
    const offset = offsetAt(Math.max(0, to - below), now.current.height);
    scrollBy(0, to - below - offset - topOf());
    Object.assign(now.current, { top: topOf(), offset });
    now.current.tell(true);
  };
  useEffect(() => {
    let asked = 0;
    const measure = () => {
      asked = 0;
      const { by, ...stand } = scrolled(now.current, topOf(), { height: now.current.height, view: innerHeight });
      Object.assign(now.current, stand);
      if (by) scrollBy(0, by);
      now.current.tell(false);
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
  return { ...place, travel };
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
 * What can be chosen: `has` says whether a cell is, `turn` turns one (`far`: all from the one turned last to it).
 *
 * @typedef {{any: boolean, has: (index: number) => boolean, turn: (index: number, far: boolean) => void, all: () => void, clear: () => void}} Choosing
 */

/**
 * Every cell lies where it stays, so that scrolling moves nothing: what comes into sight is added, what leaves is
 * taken away, and what is between them is neither made, laid out nor painted again (decision 32). One cell is in the
 * order of Tab, and stays there however far the page is scrolled; arrows, Home, End and the page keys lead on.
 * Where cells can be chosen: Space, x or a press on the tick; with Shift, or Shift and arrows, all up to there.
 *
 * @param {{count: number, least: number, label: string, aspect?: number, below?: number, gap?: number, start?: number, cell: (index: number, tab: 0 | -1, on: boolean) => import("./dom.js").Child, choosing?: Choosing, onRange?: (first: number, last: number) => void}} properties `start`: the cell to begin at; `cell` has to be the same function as long as its cells are the same
 */
export function Window({
  count,
  least,
  label,
  aspect = 4 / 3,
  below = 34,
  gap = 12,
  start = 0,
  cell,
  choosing,
  onRange,
}) {
  const [ref, width] = useWidth();
  const [current, setCurrent] = useState({ at: start, byKey: start > 0 });
  const { columns, cell: wide, row } = layout({ width: width || 800, least, gap, aspect, below });
  const rows = Math.ceil(count / columns);
  const height = Math.max(0, rows * row - gap);
  const place = useScrolled(ref, STEP_PX, height);
  const { offset, travel } = place;
  const [first, last] = inSight({ ...place, row, rows });
  // with cells of another size the same ones stay in sight
  const held = useRef({ row, columns });
  useLayoutEffect(() => {
    const before = held.current;
    held.current = { row, columns };
    if (before.row === row && before.columns === columns) return;
    const index = Math.floor(place.top / before.row) * before.columns;
    if (index > 0) travel(Math.floor(index / columns) * row, 72);
  }, [row, columns]);
  const [from, to] = width ? [first * columns, Math.min(count, last * columns)] : [0, 0];
  const at = Math.min(current.at, count - 1);
  useEffect(() => {
    if (to > from) onRange?.(from, to);
  }, [from, to]);
  const button = () => /** @type {HTMLElement | null} */ (ref.current?.querySelector(`[data-index="${at}"] button`));
  useLayoutEffect(() => {
    if (!current.byKey || !width) return;
    onRange?.(at, at + 1);
    const top = Math.floor(at / columns) * row;
    if (height > laidOut(height) && (top < place.top + 72 || top + row > place.top + place.view))
      travel(top, Math.round(place.view / 3));
    button()?.focus({ preventScroll: height > laidOut(height) });
  }, [current, width > 0]);
  // what is moved among its neighbours loses the focus
  const focused = document.activeElement === (ref.current && button());
  useLayoutEffect(() => {
    if (focused && document.activeElement === document.body) button()?.focus({ preventScroll: true });
  });
  const made = useMemo(() => new Map(), [cell, columns, wide, count, offset]);
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);
  if (shown.length && at < from) shown.unshift(at);
  if (shown.length && at >= to) shown.push(at);
  for (const index of made.keys()) if ((index < from || index >= to) && index !== at) made.delete(index);
  for (const index of shown) {
    const tab = index === at ? 0 : -1;
    const on = choosing?.has(index) ?? false;
    const known = made.get(index);
    if (known?.tab === tab && known.on === on) continue;
    const left = (index % columns) * (wide + gap);
    const top = Math.max(0, Math.min(laidOut(height), Math.floor(index / columns) * row - offset));
    const style = `left:${left}px;top:${top}px;width:${wide}px;height:${row - gap}px`;
    made.set(index, { tab, on, drawn: item({ index, count, style, on }, cell(index, tab, on)) });
  }
  /** A press on a tick, or on a cell together with Shift, Ctrl or Cmd, chooses it. */
  const press = (/** @type {MouseEvent} */ event) => {
    const index = indexOf(event);
    if (index === null || !choosing) return;
    const tick = /** @type {HTMLElement} */ (event.target).matches('[role="checkbox"]');
    if (!tick && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    choosing.turn(index, event.shiftKey);
    setCurrent({ at: index, byKey: false });
    const pressed = ref.current?.querySelector(`[data-index="${index}"] button`);
    /** @type {HTMLElement | null} */ (pressed)?.focus({ preventScroll: true });
  };
  /** @param {KeyboardEvent} event @param {number} index @returns {boolean} whether it was one of these */
  const chose = (event, index) => {
    if (!choosing) return false;
    if ((event.ctrlKey || event.metaKey) && event.key === "a") choosing.all();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (event.key === " " || event.key.toLowerCase() === "x") choosing.turn(index, event.shiftKey);
    else if (event.key === "Escape" && choosing.any) choosing.clear();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return div(
    {
      class: names("window", choosing?.any && "choosing"),
      ref,
      role: count ? "list" : undefined,
      "aria-label": count ? label : undefined,
      style: `height:${laidOut(height)}px`,
      onClickCapture: press,
      onFocusIn: (/** @type {FocusEvent} */ event) => {
        const index = indexOf(event);
        if (index !== null && index !== at) setCurrent({ at: index, byKey: false });
      },
      onKeyDown: (/** @type {KeyboardEvent} */ event) => {
        const index = indexOf(event);
        if (index === null || chose(event, index) || event.ctrlKey || event.metaKey || event.altKey) return;
        const next = step(event.key, { at: index, count, columns, page: Math.floor(place.view / row) });
        if (next === null) return;
        event.preventDefault();
        if (event.shiftKey && choosing) choosing.turn(next, true);
        setCurrent({ at: next, byKey: true });
      },
    },
    ...shown.map((index) => made.get(index).drawn),
  );
}

/**
 * @param {{index: number, count: number, style: string, on: boolean}} place
 * @param {import("./dom.js").Child} child
 */
const item = ({ index, count, style, on }, child) =>
  div(
    {
      key: index,
      class: names("cell", on && "chosen"),
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
