// @ts-check
/** Who may ask: API keys, what each asked today, and signs that one of them probes the model. */
import { code, div, h, p, span } from "../../lib/dom.js";
import { Command, act, badge, empty, failure, grid, panel, waiting, when } from "../../lib/parts.js";
import { useAnswer, useDeeds } from "../../lib/use.js";
import { count, percent } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").KeyUse} Key */
/** @typedef {import("../../api.d.ts").Alert} Alert */

/** @param {Key} row */
const quota = ({ per_minute, per_day }) =>
  [per_minute && `${per_minute.toLocaleString("en")} a minute`, per_day && `${per_day.toLocaleString("en")} a day`]
    .filter(Boolean)
    .join(", ") || "none";

/** @param {"near" | "unsure" | "repeated"} sign @returns {(row: Key) => string} */
const share = (sign) => (row) => (row.looked_at ? percent((row[sign] ?? 0) / row.looked_at, 0) : "–");

/** A key whose questions look like an attack. @param {{alert: Alert}} properties */
function Probing({ alert }) {
  const deeds = useDeeds();
  /** @param {"acknowledge" | "close"} deed @param {string} words */
  const button = (deed, words) =>
    act(words, () => deeds.run(deed, `alerts.${deed}`, { alert: alert.id }), { busy: deeds.busy === deed });
  return div(
    { class: "failure", role: "alert" },
    div(
      p({ class: "what" }, alert.what),
      p({ class: "fix" }, "It may be honest: look whose key it is. End it with ", code("visloop key remove NAME"), "."),
      failure(deeds.problem),
    ),
    alert.state === "open" ? button("acknowledge", "Acknowledge") : null,
    button("close", "Close"),
  );
}

/** @param {{name: string}} properties */
export function Keys({ name }) {
  const { data, error } = useAnswer("key.list", {}, 5000);
  const alerts = useAnswer("alerts.list", {}, 5000).data?.rows ?? [];
  if (!data) return panel("API keys", waiting(error));
  const rows = data.rows.filter((row) => !row.deployments.length || row.deployments.includes(name));
  const live = alerts.filter((each) => !each.deployment && each.state !== "closed");
  return panel(
    {
      title: "API keys",
      aside: span({ class: "muted" }, rows.length ? `${count(rows.length, "key")}, use of today` : ""),
    },
    div(
      { class: "stacked" },
      ...live.map((alert) => h(Probing, { key: alert.id, alert })),
      rows.length
        ? grid(rows, [
            { title: "key", cell: (row) => [row.name, span({ class: "muted" }, ` …${row.hint}`)] },
            { title: "for", cell: (row) => row.deployments.join(", ") || "every deployment" },
            { title: "at most", cell: quota },
            { title: "asked", cell: (row) => (row.asked ?? 0).toLocaleString("en"), kind: "number" },
            { title: "refused", cell: (row) => (row.refused ?? 0).toLocaleString("en"), kind: "number" },
            { title: "near the last", cell: share("near"), kind: "number" },
            { title: "the same", cell: share("repeated"), kind: "number" },
            { title: "unsure", cell: share("unsure"), kind: "number" },
            {
              title: "",
              cell: (row) =>
                live.some((each) => each.what.startsWith(`key '${row.name}'`)) ? badge("probes", "bad") : null,
            },
            { title: "made", cell: (row) => when(row.created) },
          ])
        : empty(
            "No key is for this deployment",
            "Who asks from this machine needs none; where other machines reach the server, everybody needs one.",
            `visloop key add NAME --for ${name} --per-minute 600`,
          ),
      rows.length ? h(Command, { text: `visloop key add NAME --for ${name}` }) : null,
    ),
  );
}
