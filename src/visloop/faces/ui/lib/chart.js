// @ts-check
/** A line chart over uPlot that follows the theme, its own width, and new figures. */
import { div, p, useEffect, useRef, useState } from "./dom.js";
import { useTheme, useWidth } from "./use.js";
import uPlot from "../vendor/uplot.js";

/** @typedef {{label: string, colour: string, dash?: number[], points?: boolean, width?: number, stepped?: boolean}} Series */

/** A token of the style sheet as a colour that a canvas knows. @param {string} token */
function resolved(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/**
 * Upright lines with words at their tops.
 * @param {uPlot} chart
 * @param {Array<{x: number, words: string}>} marks
 * @param {string} colour
 */
function upright(chart, marks, colour) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.font = `${11 * devicePixelRatio}px system-ui`;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { x, words } of marks) {
    const at = chart.valToPos(x, "x", true);
    const left = at + ctx.measureText(words).width + 8 > bbox.left + bbox.width;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top - 12 * devicePixelRatio);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    ctx.textAlign = left ? "right" : "left";
    ctx.fillText(words, at + (left ? -5 : 5) * devicePixelRatio, bbox.top - 5 * devicePixelRatio);
  }
  ctx.restore();
}

/**
 * @param {{title: string, x: string, series: Series[], columns: Array<Array<number | null>>, range?: [number, number] | null, height?: number, marks?: Array<{x: number, words: string}>, spans?: boolean, caption: (index: number) => import("./dom.js").Child}} properties
 * `caption` says what is at a point, without a pointer over the chart at the last; `marks` are upright lines; `spans`: lines go on where a column has a gap
 */
export function Chart({ title, x, series, columns, range = null, height = 210, marks = [], spans = false, caption }) {
  const [ref, width] = useWidth();
  const theme = useTheme();
  const drawn = useRef(/** @type {uPlot | null} */ (null));
  const marked = useRef(marks);
  marked.current = marks;
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const last = columns[0].length - 1;
  useEffect(() => {
    if (!ref.current || !width) return undefined;
    const [muted, line] = [resolved("--muted"), resolved("--line")];
    const axis = {
      stroke: muted,
      font: "11px system-ui",
      labelFont: "11px system-ui",
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1, size: 4 },
    };
    const chart = new uPlot(
      {
        width,
        height,
        scales: { x: { time: false }, y: range ? { range } : {} },
        cursor: { y: false, points: { size: 7 } },
        legend: { show: false },
        hooks: {
          setCursor: [(/** @type {uPlot} */ chart) => setAt(chart.cursor.idx ?? null)],
          draw: [(/** @type {uPlot} */ chart) => upright(chart, marked.current, muted)],
        },
        axes: [
          { ...axis, label: x, labelSize: 16, size: 34 },
          { ...axis, size: 46 },
        ],
        series: [
          { label: x },
          ...series.map((each) => ({
            label: each.label,
            stroke: resolved(each.colour),
            width: each.width ?? 2,
            dash: each.dash,
            spanGaps: spans,
            paths: each.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
            points: { show: each.points ?? false, size: 7, fill: resolved(each.colour), stroke: resolved(each.colour) },
          })),
        ],
      },
      columns,
      ref.current,
    );
    drawn.current = chart;
    return () => {
      drawn.current = null;
      chart.destroy();
    };
  }, [theme, width, height, series.map((each) => each.colour).join(), range?.join()]);
  useEffect(() => {
    drawn.current?.setData(columns);
  }, [JSON.stringify(columns)]);
  return div(
    div({ class: "chart", ref, role: "img", "aria-label": title, style: `min-height:${height}px` }),
    p({ class: "caption" }, caption(Math.min(at ?? last, last))),
  );
}
