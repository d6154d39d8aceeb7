// @ts-check
/** A table of any length that holds only the rows in sight; the page itself scrolls. */
import { div, table, tbody, td, thead, tr, useEffect, useRef } from "../../lib/dom.js";
import { inSight, useScrolled } from "../../lib/window.js";

/** @typedef {import("../../lib/dom.js").Child} Child */

const ROW_PX = 37;
const CLOSE_PX = 100;

/**
 * @param {{count: number, head: Child[], row: (index: number) => Child, columns: number, onRange: (first: number, last: number) => void, words: string}} properties
 * `row` draws a `tr`; `onRange` is told which rows are in sight, the last one excluded
 */
export function LongTable({ count, head, row, columns, onRange, words }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const place = useScrolled(ref, CLOSE_PX);
  const [first, last] = inSight({ ...place, row: ROW_PX, rows: count });
  useEffect(() => {
    if (last > first) onRange(first, last);
  }, [first, last]);
  const away = (/** @type {number} */ rows) =>
    rows > 0
      ? tr({ class: "away", "aria-hidden": "true" }, td({ colSpan: columns, style: `height:${rows * ROW_PX}px` }))
      : null;
  return div(
    { class: "scroll" },
    table(
      { class: "long", "aria-rowcount": count + 1, "aria-label": words },
      thead(tr(...head)),
      tbody(
        { ref },
        away(first),
        ...Array.from({ length: Math.max(0, last - first) }, (_, k) => row(first + k)),
        away(count - last),
      ),
    ),
  );
}
