// @ts-check
/** A line chart over uPlot that follows the theme, its own width, and new figures. */
import { div, p, useEffect, useRef } from "./dom.js";
import { useTheme, useWidth } from "./use.js";
import uPlot from "../vendor/uplot.js";

/** @typedef {{label: string, colour: string, dash?: number[], points?: boolean, width?: number}} Series */

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
 * @param {{title: string, x: string, series: Series[], columns: Array<Array<number | null>>, range?: [number, number] | null, height?: number, caption: (index: number) => string}} properties `caption` says what is at a point; without a pointer over the chart, at the last
 */
export function Chart({ title, x, series, columns, range = null, height = 210, caption }) {
  const [ref, width] = useWidth();
  const theme = useTheme();
  const drawn = useRef(/** @type {uPlot | null} */ (null));
  const words = useRef(/** @type {HTMLElement | null} */ (null));
  const said = useRef(caption);
  said.current = caption;
  const last = columns[0].length - 1;
  useEffect(() => {
    if (!ref.current || !width) return undefined;
    const [muted, line] = [resolved("--muted"), resolved("--line")];
    const axis = { stroke: muted, font: "11px system-ui", labelFont: "11px system-ui", grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
    const chart = new uPlot({
      width, height,
      scales: { x: { time: false }, y: range ? { range } : {} },
      cursor: { y: false, points: { size: 7 } },
      legend: { show: false },
      hooks: { setCursor: [(/** @type {uPlot} */ at) => say(at.cursor.idx ?? null)] },
      axes: [{ ...axis, label: x, labelSize: 16, size: 34 }, { ...axis, size: 46 }],
      series: [{ label: x }, ...series.map((each) => ({
        label: each.label, stroke: resolved(each.colour), width: each.width ?? 2, dash: each.dash,
        points: { show: each.points ?? false, size: 7, fill: resolved(each.colour), stroke: resolved(each.colour) },
      }))],
    }, columns, ref.current);
    drawn.current = chart;
    return () => { drawn.current = null; chart.destroy(); };
  }, [theme, width, height, series.length, range?.join()]);
  /** @param {number | null} index */
  const say = (index) => { if (words.current) words.current.textContent = said.current(index ?? last); };
  useEffect(() => { drawn.current?.setData(columns); say(null); }, [JSON.stringify(columns)]);
  return div(
    div({ class: "chart", ref, role: "img", "aria-label": title, style: `min-height:${height}px` }),
    p({ class: "caption", ref: words }, caption(last)));
}
