// @ts-check
/** Whether the world of a deployment still looks as it did: the verdict in words, window by window. */
import { div, h, li, p, span, ul } from "../lib/dom.js";
import { Chart } from "../lib/chart.js";
import { act, bar, empty, failure, panel, toneOf, when } from "../lib/parts.js";
import { useDeeds } from "../lib/use.js";
import { count, percent, surprise, verdictInWords } from "../lib/words.js";

/** @typedef {import("../api.d.ts").Verbs["monitor"]["answer"]} Monitored */

/** @type {Record<string, string>} */
const STATES = {
  calm: "Calm",
  alarm: "Alarm",
  acknowledged: "Alarm, somebody looks after it",
  filling: "Watching",
  "no-reference": "Not watched",
};

/** @type {Record<string, string>} */
const FAMILIES = {
  statistics: "how they look",
  embedding: "what they show",
  softmax: "how sure it is",
  classes: "which classes",
};

/** The verdict in words, and what a person may do about it. @param {{monitored: Monitored}} properties */
export function Verdict({ monitored }) {
  const deeds = useDeeds();
  const live = monitored.alerts[0];
  const tone = toneOf(monitored.state);
  return div(
    { class: `notice ${tone}` },
    div(
      { class: "notice-words", role: "status" },
      p(
        { class: "what" },
        STATES[monitored.state] ?? monitored.state,
        live
          ? span(
              { class: "muted" },
              " since ",
              when(live.opened),
              live.windows ? `, ${count(live.windows, "window")}` : "",
            )
          : null,
      ),
      p(verdictInWords(monitored)),
      failure(deeds.problem),
    ),
    live?.state === "open"
      ? act("Acknowledge", () => deeds.run("acknowledge", "alerts.acknowledge", { alert: live.id }), {
          busy: deeds.busy === "acknowledge",
          title: "say that you look after it",
        })
      : null,
    live
      ? act("Close", () => deeds.run("close", "alerts.close", { alert: live.id }), {
          busy: deeds.busy === "close",
          title: "a new alarm opens a new one",
        })
      : null,
  );
}

/** @param {string} words */
const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** @param {import("../api.d.ts").Window} row */
const where = (row) => `pictures ${row.first_image.toLocaleString("en")} … ${row.last_image.toLocaleString("en")}`;

/** @param {{monitored: Monitored}} properties */
export function Windows({ monitored: { windows } }) {
  const newest = windows.at(-1);
  if (!newest)
    return panel(
      "Drift",
      empty(
        "No window is full yet",
        `Answers are compared with the training pictures window by window. Send some pictures.`,
      ),
    );
  const xs = windows.map((row) => row.last_image);
  const strange = windows.map((row) => surprise(row.p));
  const marks = windows
    .filter((row, k) => k > 0 && row.model !== windows[k - 1].model)
    .map((row) => ({ x: row.first_image, words: row.model }));
  return div(
    { class: "columns drift" },
    panel(
      { title: "Drift", aside: span({ class: "muted" }, "above the dashed line is an alarm") },
      h(Chart, {
        title: `drift of ${windows.length} windows, ${windows.filter((row) => row.alarm).length} of them alarms`,
        x: "pictures",
        range: [0, 12.6],
        marks,
        series: [
          { label: "surprise", colour: "--accent", points: true },
          { label: "alarm", colour: "--bad", points: true, width: 0 },
          { label: "alarm line", colour: "--bad", dash: [6, 5], width: 1.5 },
        ],
        columns: [
          xs,
          strange,
          windows.map((row, k) => (row.alarm ? strange[k] : null)),
          windows.map((row) => surprise(row.alpha)),
        ],
        caption: (k) =>
          `${where(windows[k])}: surprise ${strange[k].toFixed(1)} (−log₁₀ p), ${windows[k].alarm ? "an alarm" : "as expected"}`,
      }),
    ),
    panel(
      { title: "Confidence", aside: span({ class: "muted" }, "mean of each window") },
      h(Chart, {
        title: "mean confidence of each window",
        x: "pictures",
        marks,
        series: [{ label: "confidence", colour: "--good", points: true }],
        columns: [xs, windows.map((row) => row.mean_confidence)],
        caption: (k) => `${where(windows[k])}: ${percent(windows[k].mean_confidence, 2)} sure`,
      }),
    ),
    panel(
      { title: "Newest window", aside: span({ class: "muted" }, where(newest)) },
      ul(
        { class: "signs" },
        ...Object.entries(newest.families).map(([name, p_]) =>
          li(
            span(FAMILIES[name] ?? name),
            bar(surprise(p_) / 12, {
              label: FAMILIES[name] ?? name,
              value: `surprise ${surprise(p_).toFixed(1)}`,
              colour: p_ <= newest.alpha ? "var(--bad)" : "var(--good)",
            }),
          ),
        ),
      ),
      p({ class: "muted" }, sentence(newest.what)),
    ),
  );
}
