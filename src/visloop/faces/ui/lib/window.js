// @ts-check
/** A grid that holds only the cells in sight, however many there are; the page itself scrolls. */
import { div, useEffect, useState } from "./dom.js";
import { useWidth } from "./use.js";

const AHEAD_PX = 600;

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
 * @param {{count: number, least: number, aspect?: number, below?: number, gap?: number, cell: (index: number) => import("./dom.js").Child, onRange?: (first: number, last: number) => void}} properties
 */
export function Window({ count, least, aspect = 4 / 3, below = 34, gap = 12, cell, onRange }) {
  const [ref, width] = useWidth();
  const place = useScrolled(ref, 40);
  const { columns, row } = layout({ width: width || 800, least, gap, aspect, below });
  const rows = Math.ceil(count / columns);
  const [first, last] = inSight({ ...place, row, rows });
  const [from, to] = [first * columns, Math.min(count, last * columns)];
  useEffect(() => {
    if (width && to > from) onRange?.(from, to);
  }, [from, to, width]);
  const shown = width ? Array.from({ length: Math.max(0, to - from) }, (_, k) => cell(from + k)) : [];
  return div(
    { class: "window", ref, style: `height:${Math.max(0, rows * row - gap)}px` },
    div(
      {
        class: "cards",
        style: `transform:translateY(${first * row}px);grid-template-columns:repeat(${columns},minmax(0,1fr));grid-auto-rows:${row - gap}px;gap:${gap}px`,
      },
      ...shown,
    ),
  );
}
