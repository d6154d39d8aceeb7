// @ts-check
/** Changes of many pictures that were made lately; each can be taken back whole. */
import { h, span } from "../../../lib/dom.js";
import { act, badge, failure, grid, panel, when } from "../../../lib/parts.js";
import { useAnswer, useDeeds } from "../../../lib/use.js";

/** @typedef {{key: string, says: Record<string, unknown>, matched: number, changed: number, tasks: number, time: string, actor: string, undone: string | null}} Change */

/** @param {{name: string}} properties */
export function Made({ name }) {
  const told = useAnswer("bulk.list", { dataset: name, limit: 8 });
  const deeds = useDeeds();
  const rows = /** @type {Change[]} */ (told.data?.rows ?? []);
  if (!rows.length) return null;
  return panel(
    "Changes of many pictures",
    failure(deeds.problem),
    grid(rows, [
      { title: "what", cell: (row) => said(row.says) },
      { title: "pictures", kind: "number", cell: (row) => row.changed.toLocaleString("en") },
      { title: "when", cell: (row) => when(row.time) },
      { title: "by", cell: (row) => span({ class: "muted" }, row.actor.replace(/^user:/, "")) },
      {
        title: "",
        cell: (row) =>
          row.undone
            ? badge("taken back")
            : act("Undo", () => deeds.run(row.key, "bulk.undo", { key: row.key }, { long: true, cancel: false }), {
                kind: "quiet",
                busy: deeds.busy === row.key,
              }),
      },
    ]),
  );
}

/** In words. @param {Record<string, unknown>} says */
const said = (says) =>
  h(
    "span",
    null,
    Object.entries(says)
      .map(([key, value]) =>
        value === true
          ? (WORDS[key] ?? key)
          : `${WORDS[key] ?? key} ${Array.isArray(value) ? value.join(", ") : value}`,
      )
      .join(", "),
  );

/** @type {Record<string, string>} */
const WORDS = {
  tag: "tagged",
  untag: "tag taken off:",
  label: "class",
  labels: "classes set:",
  erase: "objects erased:",
  split: "split",
  drop: "taken out",
  queue: "sent to the queue:",
  fix: "as found:",
};
