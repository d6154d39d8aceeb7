// @ts-check
/** A search over parameters: the best so far, what mattered, every trial. */
import { a, b, code, div, h, p, span } from "../../lib/dom.js";
import { Chart } from "../../lib/chart.js";
import { act, bar, failure, grid, panel, stateBadge, waiting } from "../../lib/parts.js";
import { address, go, useAnswer } from "../../lib/use.js";
import { duration, figureOf } from "../../lib/words.js";
import { Coordinates } from "./parallel.js";

/** @typedef {{number: number, state: string, value: number | null, so_far: number | null, recipe: string, params: Record<string, any>, run: string, took_s: number | null, steps: number[], why: string}} Trial */
/** @typedef {{recipe: string, parameter: string, share: number}} Share */

const LIVE_MS = 2000;
const COMPARED = 6;

/** @param {{run: string, live: boolean}} properties */
export function Search({ run, live }) {
  const { data, error } = useAnswer("tune.show", { run, importance: "none" }, live ? LIVE_MS : 0);
  const mattered = useAnswer("tune.show", live ? null : { run, importance: "fanova" });
  const listed = useAnswer("runs.list", { parent: run, limit: 1000 }, live ? LIVE_MS : 0);
  if (!data) return panel("Search", waiting(error));
  const trials = /** @type {Trial[]} */ (data.rows);
  const shares = /** @type {Share[]} */ (mattered.data?.importance ?? []);
  const best = /** @type {Trial | null} */ (data.trial);
  const ended = trials.filter((each) => !["running", "waiting"].includes(each.state)).length;
  return div(
    failure(error),
    panel(
      "Search",
      div(
        { class: "big-figures" },
        figure(figureOf(data.value), `best ${data.metric.replaceAll("_", " ")}`),
        figure(best ? a({ href: address("runs", best.run) }, `trial ${best.number}`) : "–", "made it"),
        figure(`${ended} of ${data.budget}`, "trials"),
        figure(String(data.trials.pruned ?? 0), `stopped early (${data.prune})`),
        data.trials.failed ? figure(String(data.trials.failed), "failed") : null,
      ),
      best ? p({ class: "muted" }, "with ", ...settings(best)) : null,
      p(
        { class: "muted small" },
        "The best of many trials on one held-out set is too good to be true of new pictures: judge the model on a split that the search never saw.",
      ),
    ),
    div(
      { class: "two" },
      panel("Best so far", h(Progress, { trials, metric: data.metric })),
      panel(
        "What mattered",
        shares.length ? importance(shares) : p({ class: "muted" }, unknown(live, mattered.data === null)),
      ),
    ),
    listed.data?.rows.length ? h(Coordinates, { rows: listed.data.rows, metric: data.metric }) : null,
    panel(
      {
        title: "Trials",
        aside: act("Compare the best", () => go("runs", "compare", theBest(trials, data.direction).join(",")), {
          disabled: theBest(trials, data.direction).length < 2,
        }),
      },
      table(trials, data.metric, best),
    ),
    panel(
      "The study itself",
      p("Optuna keeps it in a file of its own: ", code(`optuna-dashboard sqlite:///${data.file}`)),
    ),
  );
}

/** Why nothing is known of what mattered. @param {boolean} live @param {boolean} asked */
const unknown = (live, asked) =>
  live ? "Told when the search has ended." : asked ? "Being worked out …" : "Too few finished trials that differ.";

/** @param {import("../../lib/dom.js").Child} value @param {string} words */
const figure = (value, words) => div(b(value), span({ class: "muted" }, words));

/** @param {Trial} trial */
const settings = (trial) => [
  trial.recipe ? span(trial.recipe, " ") : null,
  code(
    Object.entries(trial.params)
      .map(([key, value]) => `${key}=${typeof value === "number" ? figureOf(value) : value}`)
      .join(", "),
  ),
];

/** @param {Trial[]} trials @param {string} direction */
const theBest = (trials, direction) =>
  trials
    .filter((each) => each.value !== null)
    .sort((one, other) => (direction === "minimize" ? 1 : -1) * (Number(one.value) - Number(other.value)))
    .slice(0, COMPARED)
    .map((each) => each.run);

/** @param {{trials: Trial[], metric: string}} properties */
function Progress({ trials, metric }) {
  const done = trials.filter((each) => each.value !== null);
  if (!done.length) return p({ class: "muted" }, "No trial has ended yet.");
  const columns = [done.map((each) => each.number), done.map((each) => each.value), done.map((each) => each.so_far)];
  return h(Chart, {
    title: `${metric} of each trial, and the best so far`,
    x: "trial",
    height: 240,
    series: [
      { label: "trial", colour: "--edge", width: 0, points: true },
      { label: "best so far", colour: "--accent", width: 2.2, stepped: true },
    ],
    columns,
    caption: (at) =>
      `trial ${columns[0][at]}: ${metric} ${figureOf(columns[1][at])}, best so far ${figureOf(columns[2][at])}`,
  });
}

/** @param {Share[]} shares */
const importance = (shares) =>
  div(
    { class: "shares" },
    ...shares.flatMap(({ recipe, parameter, share }) => {
      const name = recipe ? parameter : "the recipe";
      const words = shares.some((each) => !each.recipe) && recipe ? `${recipe}: ${name}` : name;
      return [
        span(words),
        bar(share, { label: `share of ${words}`, value: `${Math.round(100 * share)} %` }),
        span({ class: "share" }, `${Math.round(100 * share)} %`),
      ];
    }),
  );

/** @param {Trial[]} trials @param {string} metric @param {Trial | null} best */
function table(trials, metric, best) {
  const names = [...new Set(trials.flatMap((each) => Object.keys(each.params)))];
  const recipes = new Set(trials.map((each) => each.recipe)).size > 1;
  return grid(
    [...trials].reverse(),
    [
      { title: "trial", cell: (row) => a({ href: address("runs", row.run) }, String(row.number)), kind: "number" },
      {
        title: "state",
        cell: (row) => (row.why ? span({ title: row.why }, stateBadge(row.state)) : stateBadge(row.state)),
      },
      {
        title: metric.replaceAll("_", " "),
        cell: (row) => span({ class: row.number === best?.number ? "best" : "" }, figureOf(row.value)),
        kind: "number",
      },
      ...(recipes ? [{ title: "recipe", cell: (/** @type {Trial} */ row) => row.recipe }] : []),
      ...names.map((name) => ({
        title: name.replaceAll("_", " "),
        cell: (/** @type {Trial} */ row) => {
          const value = row.params[name];
          return typeof value === "number" ? figureOf(value) : value === undefined ? "–" : String(value);
        },
        kind: "number",
      })),
      { title: "steps", cell: (row) => (row.steps.length ? String(row.steps.at(-1)) : "–"), kind: "number" },
      { title: "took", cell: (row) => duration(row.took_s), kind: "number" },
    ],
    (row) => address("runs", row.run),
  );
}
