// @ts-check
/** What is served: which model, whether its world still looks as it did, what it answers. */
import { a, button, code, dd, div, dl, dt, h, h1, li, p, span, ul } from "../lib/dom.js";
import { answered } from "../lib/api.js";
import { act, bar, dot, empty, failure, grid, panel, Picture, stateBadge, waiting, when } from "../lib/parts.js";
import { address, go, useAnswer, useClasses, useDeeds } from "../lib/use.js";
import { CAPTURED, count, figureOf, percent } from "../lib/words.js";
import { Candidates } from "./candidates.js";
import { Verdict, Windows } from "./drift.js";
import { Keys } from "./serving/keys.js";
import { Limits } from "./serving/limits.js";
import { Trace } from "./trace.js";
import { TryIt } from "./tryit.js";

/** @typedef {import("../api.d.ts").DeploymentRow} Deployment */
/** @typedef {import("../api.d.ts").Logged} Logged */

/** @param {{captured: Record<string, number>}} properties */
function Captured({ captured }) {
  const reasons = Object.entries(captured).filter(([reason]) => reason !== "today");
  return panel(
    { title: "Captured for a person", aside: a({ href: "#/queue" }, "queue") },
    reasons.length
      ? ul(
          { class: "figures" },
          ...reasons.map(([reason, n]) =>
            li(span({ class: "figure" }, n.toLocaleString("en")), span(CAPTURED[reason] ?? reason)),
          ),
          li(span({ class: "figure" }, (captured.today ?? 0).toLocaleString("en")), span("today in all")),
        )
      : p(
          { class: "muted" },
          "Nothing yet. What is captured, and how many a day, stands in visloop.yaml under capture; it goes to the data set of the loop.",
        ),
  );
}

/** @param {{name: string}} properties */
function Alerts({ name }) {
  const rows = (useAnswer("alerts.list", {}).data?.rows ?? []).filter((row) => row.deployment === name).slice(0, 8);
  if (!rows.length) return panel("Alerts", p({ class: "muted" }, "No alarm so far."));
  return panel(
    "Alerts",
    grid(rows, [
      { title: "state", cell: (row) => stateBadge(row.state) },
      { title: "what", cell: (row) => row.what, kind: "wide" },
      { title: "windows", cell: (row) => row.windows, kind: "number" },
      { title: "model", cell: (row) => a({ href: address("models", row.model) }, row.model) },
      { title: "opened", cell: (row) => when(row.opened) },
      {
        title: "looked after by",
        cell: (row) => (row.acknowledged_by ?? row.closed_by ?? "–").replace(/^user:|^part:/, ""),
      },
    ]),
  );
}

/** @param {{name: string, dataset: string | undefined}} properties */
function Answers({ name, dataset }) {
  const { data, error } = useAnswer("predictions", { name, limit: 14 }, 2000);
  const { colour } = useClasses(dataset);
  if (!data) return panel("Newest answers", waiting(error));
  if (!data.count)
    return panel(
      "Newest answers",
      empty("No answer yet", "", `curl --data-binary @a.jpg ${location.origin}/predict/${name}`),
    );
  return panel(
    { title: "Newest answers", aside: span({ class: "muted" }, "open one to see where it came from") },
    ul({ class: "answers" }, ...data.rows.map((row) => li({ key: row.id }, h(Answer, { row, name, colour })))),
  );
}

/** What was said of a picture, in a word: its class, its number, or how many objects. @param {Logged} row */
function brief(row) {
  if (row.label) return { label: row.label, said: row.label };
  const [first] = row.answer.annotations;
  if (!first) return { label: "", said: row.answer.probabilities ? "no label" : "nothing found" };
  const said =
    first.type === "number"
      ? `${figureOf(first.value)} ${first.unit ?? ""}`
      : count(row.answer.annotations.length, "object");
  return { label: first.label ?? "", said };
}

/** @param {{row: Logged, name: string, colour: (label: string | undefined) => string}} properties */
function Answer({ row, name, colour }) {
  const { label, said } = brief(row);
  const sure = row.confidence ?? row.answer.annotations[0]?.score;
  return button(
    { type: "button", class: "answer", onClick: () => go("deployments", name, row.id), title: "where it came from" },
    h(Picture, { src: answered(row.id, 160), alt: "" }),
    span({ class: "label" }, dot(colour(label)), said),
    span({ class: "sure" }, bar(sure ?? 0, {}), span({ class: "muted" }, percent(sure, 0))),
    span({ class: "muted small" }, `${row.latency_ms.toFixed(0)} ms, `, when(row.time)),
  );
}

/** @param {{address: string[]}} properties */
export function Deployments({ address: [wanted, prediction] }) {
  const { data, error } = useAnswer("deployments", {}, 4000);
  if (!data) return div(div({ class: "title" }, h1("Deployments")), waiting(error));
  if (!data.rows.length)
    return div(
      div({ class: "title" }, h1("Deployments")),
      panel(
        "",
        empty(
          "Nothing is served yet",
          "A deployment answers pictures under a name; the model behind it can change without a lost request.",
          "visloop deploy MODEL@v1 --as NAME",
        ),
      ),
    );
  const current = wanted ? data.rows.find((row) => row.name === wanted) : data.rows[0];
  if (!current)
    return div(
      div({ class: "title" }, h1("Deployments")),
      panel("", empty(`There is no deployment ${wanted}`, a({ href: "#/deployments" }, "See those there are"))),
    );
  return h(One, { key: current.name, current, all: data.rows, prediction });
}

/** @param {{current: Deployment, all: Deployment[], prediction: string | undefined}} properties */
function One({ current, all, prediction }) {
  const { name } = current;
  const watched = useAnswer("monitor", { name, windows: 120 }, 2000);
  const model = useAnswer("model.show", { ref: current.model }).data?.model;
  const dataset = model?.version.data.split("@")[0];
  const deeds = useDeeds();
  return div(
    div(
      { class: "title" },
      h1("Deployments"),
      div(
        { class: "tabs", role: "group", "aria-label": "deployment" },
        ...all.map((row) =>
          button(
            { type: "button", "aria-pressed": String(row.name === name), onClick: () => go("deployments", row.name) },
            row.name,
          ),
        ),
      ),
      stateBadge(current.state),
      span({ class: "grow" }),
      act("Roll back", () => deeds.run("rollback", "rollback", { name }), {
        busy: deeds.busy === "rollback",
        disabled: !current.previous && !current.canary,
        title: current.canary
          ? "end the canary"
          : current.previous
            ? `back to ${current.previous}`
            : "no model before this one",
      }),
    ),
    failure(deeds.problem),
    watched.data ? h(Verdict, { monitored: watched.data }) : failure(watched.error),
    panel(
      { title: "", class: "slim" },
      dl(
        { class: "facts across" },
        dt("model"),
        dd(a({ href: address("models", current.model) }, current.model)),
        dt("before"),
        dd(current.previous ? a({ href: address("models", current.previous) }, current.previous) : "–"),
        dt("trained on"),
        dd(model?.version.data || "–"),
        dt("since"),
        dd(when(current.changed)),
        dt("address"),
        dd(code(`POST ${location.origin}/predict/${name}`)),
      ),
    ),
    h(Candidates, { name }),
    watched.data ? h(Windows, { monitored: watched.data }) : null,
    div(
      { class: "columns wide" },
      div(h(Answers, { name, dataset }), h(Alerts, { name })),
      div(
        h(TryIt, { name, dataset }),
        watched.data ? h(Captured, { captured: watched.data.captured }) : null,
        h(Limits, { name }),
      ),
    ),
    h(Keys, { name }),
    prediction ? h(Trace, { key: prediction, prediction, onClose: () => go("deployments", name) }) : null,
  );
}
