// @ts-check
/** The closed loop: where it stands, what it waits for, every turn so far. */
import {
  a,
  circle,
  code,
  dd,
  div,
  dl,
  dt,
  g,
  h,
  h1,
  p,
  path,
  span,
  strong,
  svg,
  text,
  useEffect,
  useState,
} from "../lib/dom.js";
import { act, bar, empty, failure, grid, panel, stateBadge, toneOf, waiting, when } from "../lib/parts.js";
import { address, useAnswer, useDeeds } from "../lib/use.js";
import { count, duration, verdictInWords } from "../lib/words.js";
import { FirstSteps } from "./start.js";

/** @typedef {import("../api.d.ts").Verbs["loop.status"]["answer"]} Status */
/** @typedef {import("../api.d.ts").TurnRow} Turn */

const STOPS = ["captured", "labelled", "committed", "trained", "gated", "approved", "promoted", "healed"];
/** @type {Record<string, string>} */
const DOING = {
  labelled: "committing …",
  committed: "training …",
  trained: "judging …",
  gated: "approval …",
  approved: "switching …",
  shadow: "in the shadow …",
  canary: "canary …",
  promoted: "settling …",
};

/** On the way from one stop to the next. @type {Record<string, string>} */
const BEHIND = { shadow: "approved", canary: "approved" };

/** What is known at each stop of the turn under way. @param {Status} status @returns {string[]} */
function known({ state, waiting: queued, accepted, needed, history }) {
  const turn = state === "waiting" ? undefined : history[0];
  const labels = turn ? count(turn.because.labels, "label") : `${accepted} of ${needed}`;
  return [
    `${queued.toLocaleString("en")} wait`,
    labels,
    turn?.version ?? "",
    turn?.model ?? "",
    turn?.verdict ?? "",
    turn?.approval ?? "",
    "",
    !turn && history[0]?.time_to_heal_s ? `in ${duration(history[0].time_to_heal_s)}` : "",
  ];
}

/** @param {{status: Status}} properties */
function Circle({ status }) {
  const { state, on, waiting: queued, accepted } = status;
  const reached = state === "waiting" ? (queued || accepted ? 0 : -1) : STOPS.indexOf(BEHIND[state] ?? state);
  const [cx, cy, r] = [280, 196, 128];
  const facts = known(status);
  const stops = STOPS.map((name, k) => {
    const turn = (k / STOPS.length) * 2 * Math.PI - Math.PI / 2;
    return { name, k, x: cx + r * Math.cos(turn), y: cy + r * Math.sin(turn), side: Math.cos(turn) };
  });
  return svg(
    {
      viewBox: "0 0 560 392",
      class: "circle",
      role: "img",
      "aria-label": `the loop: ${state}, waits for ${status.waiting_for || "nothing"}`,
    },
    circle({ cx, cy, r, class: "track" }),
    reached > 0 ? path({ class: "done", d: arc(cx, cy, r, reached / STOPS.length) }) : null,
    ...stops.map(({ name, k, x, y, side }) => {
      const kind = k <= reached ? "past" : k === reached + 1 ? "now" : "";
      const anchor = side > 0.3 ? "start" : side < -0.3 ? "end" : "middle";
      const dx = side > 0.3 ? 18 : side < -0.3 ? -18 : 0;
      const dy = Math.abs(side) <= 0.3 ? (y < cy ? -32 : 28) : -1;
      return g(
        { class: `stop ${kind}` },
        circle({ cx: x, cy: y, r: kind === "now" ? 9 : 7 }),
        text({ x: x + dx, y: y + dy, "text-anchor": anchor }, name),
        text(
          { x: x + dx, y: y + dy + 16, "text-anchor": anchor, class: "known" },
          kind === "now" && DOING[state] ? DOING[state] : facts[k],
        ),
      );
    }),
    text({ x: cx, y: cy - 2, "text-anchor": "middle", class: "middle" }, state),
    text({ x: cx, y: cy + 20, "text-anchor": "middle", class: "under" }, on ? "runs by itself" : "moves when you step"),
  );
}

/**
 * @param {number} cx
 * @param {number} cy
 * @param {number} r
 * @param {number} share
 */
function arc(cx, cy, r, share) {
  const turn = share * 2 * Math.PI - Math.PI / 2;
  return `M ${cx} ${cy - r} A ${r} ${r} 0 ${share > 0.5 ? 1 : 0} 1 ${(cx + r * Math.cos(turn)).toFixed(2)} ${(cy + r * Math.sin(turn)).toFixed(2)}`;
}

/** What it waits for, and what a person can do about it. @param {{status: Status}} properties */
function Now({ status }) {
  const { state, accepted, needed, waiting: queued, history } = status;
  const turn = state === "waiting" ? undefined : history[0];
  return panel(
    "Now",
    p(
      { class: "headline" },
      BEHIND[state] ? "" : turn ? "Next: " : "Waits for ",
      strong(status.waiting_for.replace(/ \([^()]*\)$/, "") || "nothing"),
    ),
    turn ? null : bar(accepted / needed, { label: "accepted labels", value: `${accepted} of ${needed}` }),
    p(
      { class: "muted" },
      turn
        ? [`a turn with ${count(turn.because.labels, "label")}, begun `, when(turn.opened)]
        : `${accepted} of ${count(needed, "label")} accepted; ${count(queued, "picture")} wait${queued === 1 ? "s" : ""} in the queue`,
    ),
    BEHIND[state]
      ? p(
          { class: "muted" },
          `${turn?.model} stands beside the champion; it takes its place, or is taken back, by what it does there.`,
        )
      : null,
    div(
      { class: "row" },
      BEHIND[state]
        ? a({ class: "button", href: address("deployments", status.deployment) }, `Look at the ${state}`)
        : null,
      queued ? a({ class: "button primary", href: "#/queue" }, "Label pictures") : null,
      state === "gated" && turn?.model
        ? a({ class: "button primary", href: address("models", turn.model) }, `Decide about ${turn.model}`)
        : null,
    ),
    turn?.error
      ? failure({ what: turn.error, fix: "The step is tried again by itself; nothing that was done is lost." })
      : null,
  );
}

/** The deployment in one line. @param {{name: string}} properties */
function Production({ name }) {
  const { data, error } = useAnswer("monitor", { name, windows: 1 }, 3000);
  return panel(
    { title: "Production", aside: a({ href: address("deployments", name) }, name) },
    data ? div({ class: "production" }, stateBadge(data.state), p(verdictInWords(data))) : failure(error),
  );
}

/** The newest turn that came to its end. @param {{turn: Turn}} properties */
function Last({ turn }) {
  return panel(
    { title: "Last turn", aside: stateBadge(turn.state) },
    dl(
      { class: "facts" },
      dt("healed in"),
      dd(turn.time_to_heal_s !== undefined ? strong(duration(turn.time_to_heal_s)) : "–"),
      dt("labels used"),
      dd(String(turn.because.labels)),
      dt("model"),
      dd(
        turn.model ? a({ href: address("models", turn.model) }, turn.model) : "–",
        turn.champion ? ` after ${turn.champion}` : "",
      ),
      dt("data"),
      dd(turn.version ? a({ href: address("data", ...turn.version.split("@")) }, turn.version) : "–"),
    ),
  );
}

/** @param {Turn} row */
const reason = ({ because }) =>
  because.what ? `${count(because.labels, "label")} after: ${because.what}` : count(because.labels, "label");

/** @param {{rows: Turn[]}} properties */
const Turns = ({ rows }) =>
  panel(
    "Turns",
    rows.length
      ? grid(rows, [
          { title: "turn", cell: (row) => code(row.cycle) },
          { title: "state", cell: (row) => stateBadge(row.state) },
          { title: "because", cell: reason, kind: "wide" },
          {
            title: "data",
            cell: (row) => (row.version ? a({ href: address("data", ...row.version.split("@")) }, row.version) : "–"),
          },
          { title: "model", cell: (row) => (row.model ? a({ href: address("models", row.model) }, row.model) : "–") },
          { title: "gate", cell: (row) => (row.verdict ? stateBadge(row.verdict) : "–") },
          { title: "healed in", cell: (row) => duration(row.time_to_heal_s), kind: "number" },
          { title: "began", cell: (row) => when(row.opened) },
          {
            title: "problem",
            cell: (row) => row.error ?? row.why ?? (row.checks?.length ? row.checks.join(", ") : "–"),
            kind: "wide",
          },
        ])
      : empty(
          "No turn yet",
          "It begins when enough labels are accepted: commit, train, judge, approve where the policy asks, switch, and look again.",
        ),
  );

export function Loop() {
  const [often, setOften] = useState(2000);
  const { data, error } = useAnswer("loop.status", {}, often);
  const deeds = useDeeds();
  const missing = !data && error?.code === "config.invalid";
  useEffect(() => {
    if (missing) setOften(0);
  }, [missing]);
  if (missing) return h(FirstSteps, {});
  if (!data) return div(div({ class: "title" }, h1("Loop")), waiting(error));
  const ended = data.history.find((row) => row.ended);
  return div(
    div(
      { class: "title" },
      h1("Loop"),
      span({ class: "muted" }, `of ${data.deployment}`),
      stateBadge(data.state),
      span({ class: "grow" }),
      act("Step now", () => deeds.run("step", "loop.step", {}, { long: true, cancel: false }), {
        busy: deeds.busy === "step",
        title: "move on by one step by hand",
      }),
      data.on
        ? act("Stop", () => deeds.run("stop", "loop.stop", {}), { busy: deeds.busy === "stop" })
        : act("Start", () => deeds.run("start", "loop.start", {}), {
            kind: "primary",
            busy: deeds.busy === "start",
            title: "from now on it moves by itself",
          }),
    ),
    failure(deeds.problem ?? error),
    deeds.progress ? p({ class: `notice ${toneOf("running")}`, role: "status" }, deeds.progress) : null,
    div(
      { class: "columns loop" },
      panel({ title: "", class: "ring" }, h(Circle, { status: data })),
      div(
        { class: "stack" },
        h(Now, { status: data }),
        h(Production, { name: data.deployment }),
        ended ? h(Last, { turn: ended }) : null,
      ),
    ),
    h(Turns, { rows: data.history }),
  );
}
