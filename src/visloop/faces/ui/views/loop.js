// @ts-check
/** Where the loop stands and why: the circle, what it waits for, every turn so far. */
import { circle, div, dd, dl, dt, g, h, h1, p, path, span, svg, text } from "../lib/dom.js";
import { call } from "../lib/api.js";
import { act, empty, failure, grid, panel, stateBadge, when } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

const STEPS = ["captured", "labelled", "committed", "trained", "gated", "approved", "promoted", "healed"];
/** @type {Record<string, number>} */
const AT = { waiting: 0, labelled: 1, committed: 2, trained: 3, gated: 4, approved: 5, promoted: 6, done: 7, refused: 4 };

/** @param {{state: string, on: boolean}} properties */
function Circle({ state, on }) {
  const at = AT[state] ?? 0;
  const [cx, cy, r] = [210, 150, 104];
  const points = STEPS.map((name, k) => {
    const turn = (k / STEPS.length) * 2 * Math.PI - Math.PI / 2;
    return { name, k, x: cx + r * Math.cos(turn), y: cy + r * Math.sin(turn), side: Math.cos(turn) };
  });
  return svg({ viewBox: "0 0 420 300", class: "circle", role: "img", "aria-label": `the loop: ${state}` },
    circle({ cx, cy, r, class: "track" }),
    at > 0 ? path({ class: "done", d: arc(cx, cy, r, at / STEPS.length) }) : null,
    ...points.map(({ name, k, x, y, side }) => {
      const kind = k < at ? "past" : k === at ? "now" : "";
      const anchor = side > 0.3 ? "start" : side < -0.3 ? "end" : "middle";
      const dx = side > 0.3 ? 14 : side < -0.3 ? -14 : 0;
      const dy = Math.abs(side) <= 0.3 ? (y < cy ? -16 : 24) : 5;
      return g({ class: `stop ${kind}` }, circle({ cx: x, cy: y, r: k === at ? 9 : 6 }), text({ x: x + dx, y: y + dy, "text-anchor": anchor }, name));
    }),
    text({ x: cx, y: cy - 2, "text-anchor": "middle", class: "middle" }, state),
    text({ x: cx, y: cy + 20, "text-anchor": "middle", class: "under" }, on ? "runs by itself" : "stopped"));
}

/**
 * @param {number} cx
 * @param {number} cy
 * @param {number} r
 * @param {number} share
 */
function arc(cx, cy, r, share) {
  const turn = share * 2 * Math.PI - Math.PI / 2;
  return `M ${cx} ${cy - r} A ${r} ${r} 0 ${share > 0.5 ? 1 : 0} 1 ${cx + r * Math.cos(turn)} ${cy + r * Math.sin(turn)}`;
}

/** @param {{accepted: number, needed: number, waiting: number}} properties */
function Labels({ accepted, needed, waiting }) {
  const share = Math.min(1, accepted / needed);
  return div({ class: "meter" },
    div({ class: "bar", role: "progressbar", "aria-valuenow": accepted, "aria-valuemax": needed, "aria-label": "accepted labels" }, div({ style: `width:${100 * share}%` })),
    p(`${accepted} of ${needed} labels accepted, ${waiting} pictures in the queue`));
}

/** @param {any} row */
function reason(row) {
  const { because } = row;
  return because.what ? `${because.labels} labels after: ${because.what}` : `${because.labels} labels`;
}

export function Loop() {
  const { data, error, reload } = useAnswer("loop.status", {}, 1500);
  if (!data && error) {
    return div(h1("Loop"), error.code === "config.invalid"
      ? empty("No loop is set up yet. Say in visloop.yaml which deployment, data set and model belong together:", "loop: {deployment: desk, dataset: cards, model: reader}")
      : failure(error));
  }
  if (!data) return h1("Loop");
  const change = async (/** @type {string} */ verb) => { await call(verb); reload(); };
  return div(
    div({ class: "title" }, h1("Loop"), span({ class: "grow" }),
      act("Step now", () => change("loop.step"), { kind: "quiet", title: "move on by one step by hand" }),
      data.on ? act("Stop", () => change("loop.stop")) : act("Start", () => change("loop.start"), { kind: "primary" })),
    failure(error),
    div({ class: "columns" },
      panel("", h(Circle, { state: data.state, on: data.on })),
      panel("Now", dl({ class: "facts" },
        dt("deployment"), dd(data.deployment),
        dt("state"), dd(stateBadge(data.state)),
        dt("waits for"), dd(data.waiting_for || "nothing")), h(Labels, data))),
    panel("Turns", data.history.length
      ? grid(data.history, [
        ["turn", (row) => row.cycle],
        ["state", (row) => stateBadge(row.state)],
        ["because", reason, "wide"],
        ["data", (row) => row.version ?? "–"],
        ["model", (row) => row.model ?? "–"],
        ["healed in", (row) => (row.time_to_heal_s ? `${row.time_to_heal_s.toFixed(0)} s` : "–"), "number"],
        ["began", (row) => when(row.opened)],
        ["problem", (row) => row.error ?? (row.checks?.length ? row.checks.join(", ") : "–")]])
      : empty("No turn yet: it begins when enough labels are accepted.")));
}

