// @ts-check
/** A line chart over uPlot that follows the theme and its own width. */
import { div, useEffect, useRef } from "./dom.js";
import uPlot from "../vendor/uplot.js";

const colour = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * @param {{series: Array<{label: string, colour: string, points?: boolean, dash?: number[], bars?: boolean}>, columns: Array<Array<number | null>>, height?: number, range?: [number, number], title: string}} properties
 */
export function Chart({ series, columns, height = 180, range, title }) {
  const ref = useRef(null);
  const drawn = useRef(/** @type {any} */ (null));
  const theme = document.documentElement.dataset.theme;
  useEffect(() => {
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    drawn.current = new uPlot({
      width: ref.current.clientWidth, height,
      scales: { x: { time: false }, y: range ? { range } : {} },
      cursor: { points: { size: 6 } },
      legend: { live: true },
      axes: [{ ...axis, label: "pictures", labelSize: 18, font: "11px system-ui", labelFont: "11px system-ui" }, { ...axis, size: 44, font: "11px system-ui" }],
      series: [{ label: "picture" }, ...series.map((each) => ({
        label: each.label, stroke: colour(each.colour), width: 2, dash: each.dash, points: { show: each.points ?? false, size: 6, fill: colour(each.colour) },
      }))],
    }, columns, ref.current);
    const watch = new ResizeObserver(() => drawn.current?.setSize({ width: ref.current.clientWidth, height }));
    watch.observe(ref.current);
    return () => { watch.disconnect(); drawn.current.destroy(); drawn.current = null; };
  }, [theme, series.length]);
  useEffect(() => { drawn.current?.setData(columns); }, [JSON.stringify(columns)]);
  return div({ class: "chart", ref, role: "img", "aria-label": title });
}
