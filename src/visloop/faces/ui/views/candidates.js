// @ts-check
/** The candidates beside a deployed model: what was seen of each, the running test, what a person may do. */
import { a, dd, div, dl, dt, h, p, span } from "../lib/dom.js";
import { Chart } from "../lib/chart.js";
import { act, badge, failure, panel, when } from "../lib/parts.js";
import { address, useAnswer, useDeeds } from "../lib/use.js";
import { count, figureOf, percent } from "../lib/words.js";

/** @typedef {import("../api.d.ts").RolloutRow} Rollout */
/** @typedef {import("../api.d.ts").Arm} Arm */

const SIGNS = ["errors", "latency", "different answers", "labels"];
const COLOURS = ["--bad", "--good", "--muted", "--text"];
/** @type {Record<string, import("../lib/parts.js").Tone>} */
const TONES = { promote: "good", promoted: "good", "go on": "good", stop: "bad", stopped: "plain" };

/** @param {{name: string}} properties */
export function Candidates({ name }) {
  const rows = useAnswer("rollout.show", { name, limit: 4 }, 2000).data?.rows ?? [];
  const shown = rows.filter((row, k) => row.state === "running" || k === 0);
  return div(...shown.map((row) => h(One, { key: row.id, row })));
}

/** @param {{row: Rollout}} properties */
function One({ row }) {
  const deeds = useDeeds();
  const runs = row.state === "running";
  const word = runs ? row.verdict : row.state;
  /** @param {"promote" | "stop"} deed */
  const button = (deed) =>
    act(
      deed === "promote" ? "Promote" : "Stop",
      () =>
        deeds.run(deed, deed === "promote" ? "rollout.promote" : "rollout.stop", {
          name: row.deployment,
          kind: row.kind,
        }),
      { busy: deeds.busy === deed, title: deed === "promote" ? "it answers everything from now on" : "its trial ends" },
    );
  return panel(
    {
      title: row.kind === "canary" ? "Canary" : "Shadow",
      aside: runs ? span(button("promote"), " ", button("stop")) : when(row.ended ?? row.stepped),
    },
    failure(deeds.problem),
    p(
      { class: "candidate" },
      badge(word, TONES[word] ?? "plain"),
      " ",
      a({ href: address("models", row.model) }, row.model),
      row.kind === "canary" ? " beside " : " looks at what is asked of ",
      a({ href: address("models", row.against) }, row.against),
      `: ${row.because}`,
    ),
    div(
      { class: "columns wide" },
      h(Seen, { row }),
      row.kind === "canary" && row.evidence.path.length > 1 ? h(Path, { row }) : null,
    ),
  );
}

/** @param {Arm} arm */
const rates = (arm) =>
  arm.requests
    ? `${count(arm.requests, "request")}, ${percent(arm.errors / arm.requests, 2)} failed` +
      (arm.timed ? `, ${percent(arm.slow / arm.timed)} slow` : "")
    : "no request yet";

/** @param {{row: Rollout}} properties */
function Seen({ row }) {
  const { evidence: seen, copied } = row;
  const same = seen.compared ? 1 - seen.disagreed / seen.compared : null;
  const lost = copied.dropped + copied.failed + copied.hung + copied.crashed;
  return dl(
    { class: "facts" },
    dt("share"),
    dd(
      percent(row.share, 0),
      row.kind === "canary"
        ? span({ class: "muted" }, ` of ${row.policy.steps.map((s) => percent(s, 0)).join(", ")}`)
        : null,
    ),
    ...(row.kind === "canary"
      ? [
          dt("canary"),
          dd(rates(seen.candidate)),
          dt("champion"),
          dd(rates(seen.champion)),
          dt("slow is over"),
          dd(seen.limit_ms ? `${figureOf(seen.limit_ms)} ms (the champion's 95th percentile)` : "not known yet"),
        ]
      : []),
    dt("same answer"),
    dd(
      same === null
        ? "no picture answered by both yet"
        : [
            `${percent(same)} of ${count(seen.compared, "picture")}; it is ${figureOf(
              Math.abs(seen.score_difference / seen.compared),
            )} ${seen.score_difference < 0 ? "less" : "more"} sure`,
          ],
    ),
    dt("labels"),
    dd(
      seen.better + seen.worse
        ? `right alone on ${seen.better}, wrong alone on ${seen.worse}`
        : "no reviewed picture tells them apart",
    ),
    dt("copies"),
    dd(
      `${copied.answered.toLocaleString("en")} of ${copied.offered.toLocaleString("en")} looked at, ${lost.toLocaleString("en")} not`,
    ),
  );
}

/** The sign that speaks loudest, where one speaks. @param {number[]} signs */
const worst = (signs) => (Math.max(...signs) > 0 ? `; most from ${SIGNS[signs.indexOf(Math.max(...signs))]}` : "");

/** Evidence of harm so far, and where it stops the canary. @param {{row: Rollout}} properties */
function Path({ row }) {
  const { path } = row.evidence;
  /** @param {number} value */
  const seen = (value) => Math.max(-2, Math.min(value, 2 * row.boundary));
  return h(Chart, {
    title: `evidence of harm over ${path.length} looks`,
    x: "requests",
    range: /** @type {[number, number]} */ ([-2.2, 2 * row.boundary + 0.2]),
    height: 190,
    series: [
      { label: "all signs together", colour: "--accent", points: path.length < 40, width: 2.5 },
      { label: "stops the canary", colour: "--bad", dash: [6, 5], width: 1.5 },
      ...SIGNS.map((label, k) => ({ label, colour: COLOURS[k], width: 1, dash: [2, 3] })),
    ],
    columns: [
      path.map((point) => point.requests),
      path.map((point) => seen(point.together)),
      path.map(() => row.boundary),
      ...SIGNS.map((_, k) => path.map((point) => seen(point.signs[k]))),
    ],
    caption: (k) =>
      `after ${count(path[k].requests, "request")}: evidence of harm ${figureOf(10 ** Math.min(9, path[k].together))}, ` +
      `stopped at ${Math.round(10 ** row.boundary)}${worst(path[k].signs)}`,
  });
}
