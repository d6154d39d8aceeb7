// @ts-check
/** The map itself: points that are moved, brought closer, and picked by pointer or keyboard. */
import { canvas, div, img, path, svg, useEffect, useLayoutEffect, useRef, useState } from "../../../lib/dom.js";
import { thumbnail } from "../../../lib/api.js";
import { drawer } from "./drawing.js";
import { around, close, inside, nearest, onMap, onScreen, rectangle, towards, whole, zoomed } from "./places.js";

/** @typedef {import("./places.js").View} View */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {"replace" | "add" | "remove"} How */

const REACH_PX = 14;
const THUMB_PX = 60;
const MORE = 10;
/** @type {Record<string, Place>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {{points: Float32Array, rgba: Uint8Array, picked: ReadonlySet<number>, current: number, tool: "move" | "line" | "box", image: (index: number) => string, onTool: (tool: "move" | "line" | "box") => void, onCurrent: (index: number) => void, onPick: (indexes: number[], how: How) => void, onOpen: (index: number) => void, describedBy: string}} properties
 */
export function Surface({
  points,
  rgba,
  picked,
  current,
  tool,
  image,
  onTool,
  onCurrent,
  onPick,
  onOpen,
  describedBy,
}) {
  const room = useRef(/** @type {HTMLDivElement | null} */ (null));
  const sheet = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const pen = useRef(/** @type {import("./drawing.js").Drawer | null} */ (null));
  const view = useRef(/** @type {View | null} */ (null));
  const wanted = useRef(0);
  const settled = useRef(0);
  const hand = useRef({ touches: new Map(), line: /** @type {Place[]} */ ([]), moved: false, apart: 0 });
  const [drawn, setDrawn] = useState(/** @type {Place[]} */ ([]));
  const [shown, setShown] = useState(/** @type {ReturnType<typeof close>} */ ([]));
  const [hover, setHover] = useState(-1);
  const [, redraw] = useState(0);

  const size = () => /** @type {Place} */ ([room.current?.clientWidth ?? 1, room.current?.clientHeight ?? 1]);
  const paint = () => {
    wanted.current = 0;
    const { current: now } = view;
    if (!now) return;
    pen.current?.draw(now, points.length > 20000 ? 3 : points.length > 2000 ? 5 : 7);
  };
  /** Draw at the next frame; what lies over the points follows when the map rests. */
  const move = (/** @type {View} */ next) => {
    view.current = next;
    wanted.current ||= requestAnimationFrame(paint);
    if (shown.length) setShown([]);
    if (hover >= 0) setHover(-1);
    clearTimeout(settled.current);
    settled.current = setTimeout(rest, 120);
  };
  const rest = () => {
    const [width, height] = size();
    if (view.current) setShown(close(points, view.current, width, height, THUMB_PX));
    redraw((n) => n + 1);
  };
  useLayoutEffect(() => {
    const [on, within] = [sheet.current, room.current];
    if (!on || !within) return undefined;
    pen.current = drawer(on);
    pen.current.points(points);
    const fit = () => {
      const [width, height] = size();
      [on.width, on.height] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
      view.current ??= whole(width, height);
      paint();
      rest();
    };
    const watch = new ResizeObserver(fit);
    watch.observe(within);
    return () => watch.disconnect();
  }, [points]);
  useLayoutEffect(() => {
    pen.current?.colours(rgba);
    paint();
  }, [rgba, points]);
  useEffect(
    () => () => {
      clearTimeout(settled.current);
      cancelAnimationFrame(wanted.current);
    },
    [],
  );
  useEffect(() => {
    // the current point comes into sight
    const [width, height] = size();
    if (current < 0 || !view.current) return;
    const [left, top] = onScreen(view.current, width, height, points[2 * current], points[2 * current + 1]);
    if (left < 20 || top < 20 || left > width - 20 || top > height - 20)
      move({ ...view.current, x: points[2 * current], y: points[2 * current + 1] });
  }, [current]);

  /** @param {{clientX: number, clientY: number}} event @returns {Place} */
  const at = (event) => {
    const box = room.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  /** @param {Place} place */
  const under = ([left, top]) => {
    if (!view.current) return -1;
    const [x, y] = onMap(view.current, ...size(), left, top);
    return nearest(points, x, y, REACH_PX / view.current.scale);
  };
  /** @param {{altKey: boolean, ctrlKey: boolean, metaKey: boolean}} event @returns {How} */
  const how = ({ altKey, ctrlKey, metaKey }) => (altKey ? "remove" : ctrlKey || metaKey ? "add" : "replace");

  /** @param {PointerEvent} event */
  const down = (event) => {
    if (event.button !== 0) return;
    room.current?.setPointerCapture(event.pointerId);
    hand.current.touches.set(event.pointerId, at(event));
    hand.current.moved = false;
    hand.current.line = event.shiftKey || tool !== "move" ? [at(event)] : [];
  };
  /** @param {PointerEvent} event */
  const moved = (event) => {
    const { touches, line } = hand.current;
    const [before, now] = [touches.get(event.pointerId), at(event)];
    if (!before) {
      const found = under(now);
      if (found !== hover) setHover(found);
      return;
    }
    if (Math.hypot(now[0] - before[0], now[1] - before[1]) < (hand.current.moved ? 1 : 4)) return;
    hand.current.moved = true;
    touches.set(event.pointerId, now);
    const view1 = view.current;
    if (!view1) return;
    if (touches.size === 2) {
      const [[x1, y1], [x2, y2]] = [...touches.values()];
      const apart = Math.hypot(x1 - x2, y1 - y2);
      if (hand.current.apart) move(zoomed(view1, ...size(), (x1 + x2) / 2, (y1 + y2) / 2, apart / hand.current.apart));
      hand.current.apart = apart;
    } else if (line.length) {
      hand.current.line = tool === "box" ? [line[0], now] : [...line, now];
      setDrawn(tool === "box" ? rectangle(line[0], now) : hand.current.line);
    } else
      move({
        ...view1,
        x: view1.x - (now[0] - before[0]) / view1.scale,
        y: view1.y + (now[1] - before[1]) / view1.scale,
      });
  };
  /** @param {PointerEvent} event */
  const up = (event) => {
    const { touches, line, moved: dragged } = hand.current;
    if (!touches.delete(event.pointerId)) return;
    hand.current.apart = 0;
    setDrawn([]);
    const { current: now } = view;
    if (!now || event.type === "pointercancel") return;
    if (line.length > 1) {
      const corners = tool === "box" ? rectangle(line[0], line[1]) : line;
      const around = corners.map(([left, top]) => onMap(now, ...size(), left, top));
      onPick(inside(points, around), how(event));
    } else if (!dragged) {
      const found = under(at(event));
      if (found >= 0) onCurrent(found);
      if (found >= 0 && (event.ctrlKey || event.metaKey || event.shiftKey))
        onPick([found], picked.has(found) ? "remove" : "add");
    }
    hand.current.line = [];
  };
  /** @param {WheelEvent} event */
  const wheel = (event) => {
    event.preventDefault();
    if (view.current) move(zoomed(view.current, ...size(), ...at(event), Math.exp(-event.deltaY / 400)));
  };
  useEffect(() => {
    const on = room.current;
    on?.addEventListener("wheel", wheel, { passive: false });
    return () => on?.removeEventListener("wheel", wheel);
  });
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || !view.current) return;
    const [width, height] = size();
    const start = current >= 0 ? current : nearest(points, view.current.x, view.current.y);
    /** @type {Record<string, () => void>} */
    const deeds = {
      " ": () => onPick([start], picked.has(start) ? "remove" : "add"),
      n: () => onPick(more(start), "add"),
      l: () => onTool(tool === "line" ? "move" : "line"),
      r: () => onTool(tool === "box" ? "move" : "box"),
      Enter: () => onOpen(start),
      Escape: () => (tool === "move" ? onPick([], "replace") : onTool("move")),
      "+": () => view.current && move(zoomed(view.current, width, height, width / 2, height / 2, 1.4)),
      "-": () => view.current && move(zoomed(view.current, width, height, width / 2, height / 2, 1 / 1.4)),
      0: () => move(whole(width, height)),
    };
    const way = WAYS[event.key];
    if (way) {
      const found = current < 0 ? start : towards(points, start, ...way);
      if (found >= 0) onCurrent(found);
    } else if (deeds[event.key] && start >= 0) deeds[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** The nearest that are not picked yet. @param {number} index */
  const more = (index) =>
    around(points, index, picked.size + MORE + 1)
      .filter((each) => !picked.has(each))
      .slice(0, MORE);

  const lit = hover >= 0 ? hover : current;
  const [width, height] = size();
  /** @param {number} index */
  const style = (index) => {
    if (!view.current) return "display:none";
    const [left, top] = onScreen(view.current, width, height, points[2 * index], points[2 * index + 1]);
    return `transform:translate(${left.toFixed(1)}px,${top.toFixed(1)}px)`;
  };
  return div(
    {
      ref: room,
      class: `map tool-${tool}`,
      tabIndex: 0,
      role: "application",
      "aria-label": "map of the pictures",
      "aria-describedby": describedBy,
      onPointerDown: down,
      onPointerMove: moved,
      onPointerUp: up,
      onPointerCancel: up,
      onPointerLeave: () => setHover(-1),
      onDblClick: (/** @type {MouseEvent} */ event) => {
        const found = under(at(event));
        if (found >= 0) onOpen(found);
      },
      onKeyDown: key,
    },
    canvas({ ref: sheet, "aria-hidden": "true" }),
    ...shown.map(({ index }) =>
      image(index)
        ? img({
            key: index,
            class: picked.has(index) ? "map-picture picked" : "map-picture",
            style: style(index),
            src: thumbnail(image(index), 64),
            alt: "",
            draggable: false,
          })
        : null,
    ),
    lit >= 0 && image(lit)
      ? div(
          { class: lit === current ? "map-lit current" : "map-lit", style: style(lit), "aria-hidden": "true" },
          img({ src: thumbnail(image(lit), 160), alt: "", draggable: false }),
        )
      : null,
    drawn.length
      ? svg(
          { class: "map-line", "aria-hidden": "true" },
          path({ d: `M${drawn.map((each) => each.map((n) => n.toFixed(1)).join(" ")).join("L")}Z` }),
        )
      : null,
  );
}
