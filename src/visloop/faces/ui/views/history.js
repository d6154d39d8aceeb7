// @ts-check
/** Everything that happened, and whether the record is whole. */
import { code, div, h1, span, useState } from "../lib/dom.js";
import { call } from "../lib/api.js";
import { act, badge, failure, grid, panel, when } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

/** @param {Record<string, any>} payload */
const words = (payload) => Object.entries(payload ?? {}).filter(([, value]) => value !== null && value !== "").slice(0, 6)
  .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");

export function History() {
  const { data, error } = useAnswer("facts", { limit: 200 }, 3000);
  const [audit, setAudit] = useState(/** @type {any} */ (null));
  const rows = [...(data?.rows ?? [])].reverse();
  return div(
    div({ class: "title" }, h1("History"), span({ class: "grow" }),
      audit ? badge(audit.ok ? `${audit.facts} facts, chain whole` : audit.problem, audit.ok ? "good" : "bad") : null,
      act("Verify", async () => setAudit(await call("audit")))),
    failure(error),
    panel("", grid(rows, [
      ["no.", (row) => row.seq, "number"],
      ["what", (row) => code(row.kind)],
      ["about", (row) => row.subject],
      ["by", (row) => row.actor],
      ["details", (row) => words(row.payload), "wide muted"],
      ["when", (row) => when(row.time)]])));
}
