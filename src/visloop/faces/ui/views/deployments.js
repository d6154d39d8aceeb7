// @ts-check
/** What is served: which model, how it does, whether its world still looks as it did. */
import { a, button, code, dd, div, dl, dt, h, h1, p, span, useState } from "../lib/dom.js";
import { call } from "../lib/api.js";
import { Chart } from "../lib/chart.js";
import { act, badge, empty, failure, grid, panel, percent, stateBadge, when } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

/** Surprise of a window: −log10 of its p-value, at most 12. @param {number} p_ */
const surprise = (p_) => Math.min(12, -Math.log10(Math.max(p_, 1e-12)));

/** @param {{name: string}} properties */
function Drift({ name }) {
  const { data, error } = useAnswer("monitor", { name, windows: 120 }, 2000);
  if (!data) return failure(error);
  if (!data.windows.length) return empty("No window is full yet: send some pictures.");
  const xs = data.windows.map((/** @type {any} */ row) => row.last_image);
  const alpha = data.windows[0].alpha ?? 0.01;
  return div(
    p({ class: "verdict" }, stateBadge(data.state), data.verdict),
    div({ class: "columns even" },
      div(p({ class: "muted" }, "Surprise of each window (−log₁₀ p); above the dashed line is an alarm."),
        h(Chart, { title: "drift by window", range: [0, 12.5], series: [{ label: "surprise", colour: "--accent", points: true }, { label: "alarm line", colour: "--bad", dash: [6, 5] }], columns: [xs, data.windows.map((/** @type {any} */ row) => surprise(row.p)), xs.map(() => surprise(alpha))] })),
      div(p({ class: "muted" }, "Mean confidence of the answers in each window."),
        h(Chart, { title: "mean confidence by window", range: [0, 1.02], series: [{ label: "confidence", colour: "--good", points: true }], columns: [xs, data.windows.map((/** @type {any} */ row) => row.mean_confidence)] }))),
    div({ class: "row" }, ...Object.entries(data.captured).map(([reason, n]) => badge(`${n} captured: ${reason}`))),
    data.alerts.length ? grid(data.alerts, [["alert", (row) => code(row.id)], ["state", (row) => stateBadge(row.state)], ["what", (row) => row.what, "wide"], ["since", (row) => when(row.opened)],
      ["", (row) => (row.state === "open" ? act("Acknowledge", () => call("alerts.acknowledge", { alert: row.id }), { kind: "quiet" }) : null)]]) : null);
}

/** @param {{name: string}} properties */
function Answers({ name }) {
  const { data, error } = useAnswer("predictions", { name, limit: 12 }, 2000);
  if (!data) return failure(error);
  if (!data.count) return empty("No answer yet.", `curl --data-binary @a.jpg ${location.origin}/predict/${name}`);
  return grid(data.rows, [
    ["answer", (row) => row.label ?? "–"],
    ["confidence", (row) => percent(row.confidence), "number"],
    ["model", (row) => row.model],
    ["took", (row) => (row.latency_ms != null ? `${row.latency_ms.toFixed(1)} ms` : "–"), "number"],
    ["when", (row) => when(row.time)],
    ["id", (row) => code(row.id)]]);
}

/** @param {{address: string[]}} properties */
export function Deployments({ address }) {
  const { data, error, reload } = useAnswer("deployments", {}, 3000);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  if (!data) return div(h1("Deployments"), failure(error));
  if (!data.count) return div(h1("Deployments"), empty("Nothing is served yet.", "visloop deploy MODEL@v1 --as NAME"));
  const name = address[0] || data.rows[0].name;
  const current = data.rows.find((/** @type {any} */ row) => row.name === name) ?? data.rows[0];
  const back = async () => {
    try {
      await call("rollback", { name });
      setProblem(null);
      reload();
    } catch (caught) {
      setProblem(caught);
    }
  };
  return div(
    div({ class: "title" }, h1("Deployments"),
      div({ class: "tabs", role: "group", "aria-label": "deployment" }, ...data.rows.map((/** @type {any} */ row) =>
        button({ type: "button", "aria-pressed": String(row.name === name), onClick: () => { location.hash = `/deployments/${row.name}`; } }, row.name))),
      span({ class: "grow" }),
      act("Roll back", back, { disabled: !current.previous, title: current.previous ? `back to ${current.previous}` : "no model before this one" })),
    failure(problem ?? error),
    panel("Serving", dl({ class: "facts across" },
      dt("state"), dd(stateBadge(current.state)),
      dt("model"), dd(a({ href: "#/models" }, current.model)),
      dt("before"), dd(current.previous ?? "–"),
      dt("since"), dd(when(current.changed)),
      dt("address"), dd(code(`${location.origin}/predict/${name}`)))),
    panel("Drift", h(Drift, { key: name, name })),
    panel("Newest answers", h(Answers, { key: name, name })));
}
