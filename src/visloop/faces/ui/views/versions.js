// @ts-check
/** Beside the pictures of a data set: its versions and what changed, commit, what was refused. */
import { a, button, form, h, input, li, ol, p, span, strong, ul, useState } from "../lib/dom.js";
import { act, failure, panel, when } from "../lib/parts.js";
import { address, useAnswer, useDeeds } from "../lib/use.js";
import { count } from "../lib/words.js";
import { versionsOf } from "./versions/words.js";

/** @typedef {import("../api.d.ts").DatasetSummary} DatasetSummary */

/** @param {{dataset: DatasetSummary, version: string, split: string}} properties */
export function Versions({ dataset, version, split }) {
  const { data, error } = useAnswer("log", { dataset: dataset.name });
  const rows = data?.rows ?? [];
  const to = (/** @type {string} */ name) => address("data", dataset.name, name, ...(split ? [split] : []));
  return panel(
    { title: "Versions", aside: a({ href: versionsOf(dataset.name) }, "Branches, compare") },
    failure(error),
    ol(
      { class: "versions" },
      li(
        { class: version === "work" ? "here" : "" },
        a({ href: to("work"), "aria-current": version === "work" ? "true" : undefined }, "work"),
        span(
          dataset.staged
            ? strong(count(dataset.staged, "change"), " to commit")
            : data?.count
              ? `the same as ${rows[0].version}`
              : data
                ? "nothing staged"
                : "",
        ),
        span({ class: "muted" }, "what the next version will hold"),
      ),
      ...rows.map((row) =>
        li(
          { class: version === row.version ? "here" : "" },
          a({ href: to(row.version), "aria-current": version === row.version ? "true" : undefined }, row.version),
          span({ class: "message" }, row.message),
          span({ class: "muted" }, count(row.samples, "picture"), ", ", when(row.time)),
        ),
      ),
    ),
    dataset.staged ? h(CommitForm, { name: dataset.name, base: dataset.version ?? undefined }) : null,
  );
}

/** `base`: the version shown; whoever committed after it is told of. @param {{name: string, base?: string}} properties */
export function CommitForm({ name, base }) {
  const [message, setMessage] = useState("");
  const deeds = useDeeds();
  const commit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await deeds.run("commit", "commit", { dataset: name, message, ...(base ? { base } : {}) })) setMessage("");
  };
  return form(
    { class: "commit", onSubmit: commit },
    input({
      type: "text",
      value: message,
      placeholder: "what changed",
      "aria-label": "message of the version",
      required: true,
      onInput: (/** @type {any} */ event) => setMessage(event.target.value),
    }),
    button({ type: "submit", class: "primary", disabled: Boolean(deeds.busy) }, deeds.busy ? "Committing …" : "Commit"),
    failure(deeds.problem),
  );
}

/** What changed from the version before. @param {{name: string, version: string}} properties */
export function Changes({ name, version }) {
  const before = Number(version.slice(1)) - 1;
  const { data } = useAnswer("diff", before >= 1 ? { a: `${name}@v${before}`, b: `${name}@${version}` } : null);
  if (!data) return null;
  const said = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts)
      .filter(([, n]) => n)
      .map(([what, n]) => `${n.toLocaleString("en")} ${what.replaceAll("_", " ")}`)
      .join(", ") || "none changed";
  return panel(
    { title: `Against v${before}`, aside: a({ href: versionsOf(name, "diff", `v${before}`, version) }, "Look") },
    p("pictures: ", said(data.samples)),
    p("labels: ", said(data.objects)),
  );
}

/** @param {{name: string}} properties */
export function Refused({ name }) {
  const { data, error } = useAnswer("quarantine.list", { dataset: name });
  const deeds = useDeeds();
  const [said, setSaid] = useState("");
  const retry = async () => {
    const done = await deeds.run("retry", "quarantine.retry", { dataset: name });
    if (done) setSaid(`${done.added + done.updated} taken, ${done.quarantined + done.left_out} still refused`);
  };
  const rows = data?.rows ?? [];
  if (!rows.length)
    return panel("Quarantine", failure(error), p({ class: "muted" }, said || (data ? "Nothing was refused." : "")));
  return panel(
    {
      title: `Quarantine: ${rows.length}`,
      aside: act("Try again", retry, {
        busy: Boolean(deeds.busy),
        title: "after the files were repaired where they lie",
      }),
    },
    failure(deeds.problem ?? error),
    said ? p({ class: "muted", role: "status" }, said) : null,
    ul(
      { class: "refused" },
      ...rows
        .slice(0, 4)
        .map((row) =>
          li(
            span({ class: "path", title: row.source }, row.path),
            span(row.reason),
            row.fix ? span({ class: "muted" }, row.fix) : null,
          ),
        ),
    ),
    p(a({ href: address("data", name, "work", "all", "quarantine") }, "Repair them or set them aside")),
  );
}
