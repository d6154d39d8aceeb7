// @ts-check
/** One run: what was trained on what, with which settings, what came out; its curves, files and notes. */
import { a, code, dd, div, dl, dt, form, h, h1, li, p, span, textarea, ul, useState } from "../../lib/dom.js";
import { act, badge, failure, panel, stateBadge, waiting, when } from "../../lib/parts.js";
import { address, useAnswer, useDeeds } from "../../lib/use.js";
import { between, bytes, count, duration, figureOf, percent } from "../../lib/words.js";
import { epochs } from "../epochs.js";
import { Curves } from "./curves.js";
import { Search } from "./search.js";

const LIVE_MS = 2000;
const MOST_FILES = 60;

/** `line@v1:train` as a link to the data. @param {string} ref */
export function dataLink(ref) {
  if (!ref) return "–";
  const [name, version = "", split = ""] = ref.split(/[@:]/);
  return a({ href: address("data", name, ...(version ? [version] : []), ...(split ? [split] : [])) }, ref);
}

/** @typedef {import("../../lib/dom.js").Child} Child */

/** @param {Array<[string, Child]>} rows */
const list = (rows) => dl({ class: "facts" }, ...rows.flatMap(([key, value]) => [dt(key), dd(value)]));

/** Values by their names, nested ones by dotted names. @param {Record<string, any>} values @param {string} [prefix] @returns {Array<[string, Child]>} */
const named = (values, prefix = "") =>
  Object.entries(values).flatMap(([key, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? named(value, `${prefix}${key}.`)
      : [/** @type {[string, Child]} */ ([prefix + key.replaceAll("_", " "), said(value)])],
  );

/** @param {unknown} value */
function said(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return figureOf(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? code(JSON.stringify(value)) : String(value);
}

/** @param {{id: string}} properties */
export function Detail({ id }) {
  const [live, setLive] = useState(false);
  const { data, error, reload } = useAnswer("runs.show", { run: id, points: 1 }, live ? LIVE_MS : 0);
  const parent = data?.run.parent;
  const title = div(
    { class: "title" },
    a({ href: "#/runs", class: "crumb" }, "Runs"),
    parent ? a({ href: address("runs", parent), class: "crumb" }, parent) : null,
    h1(data?.run.name || id),
    data ? stateBadge(data.run.status) : null,
    data?.run.progress?.total ? badge(howFar(data.run.progress), "busy") : null,
    data?.run.name ? span({ class: "muted" }, code(id)) : null,
  );
  if (!data) return div(title, waiting(error));
  const { run } = data;
  if (live !== (run.status === "running")) setLive(run.status === "running");
  const metrics = Object.entries(run.metrics);
  const times = metrics
    .filter(([key]) => key.startsWith("time."))
    .map(([key, value]) => /** @type {[string, number]} */ ([key.slice(5).replace(/_s$/, ""), value]));
  const { packages = {}, ...environment } = run.environment;
  return div(
    title,
    failure(error),
    run.error ? failure({ what: run.error.what ?? JSON.stringify(run.error), fix: run.error.fix ?? "" }) : null,
    run.source === "tune" ? h(Search, { run: id, live }) : null,
    run.source === "tune" ? null : h(Curves, { runs: [id], live }),
    epochs(id, data.predictions),
    div(
      { class: "masonry" },
      panel(
        "Run",
        list([
          ["data", dataLink(run.data)],
          ["model", run.model ? a({ href: address("models", run.model) }, run.model) : "–"],
          ["recipe", run.recipe || run.source],
          ...(run.experiment ? [/** @type {[string, Child]} */ (["experiment", run.experiment])] : []),
          ["began", when(run.started)],
          ["took", between(run.started, run.ended)],
          ["computed", duration(run.cpu_s)],
          ["attempt", String(run.attempt)],
          ["by", run.actor.replace(/^user:|^part:/, "")],
          ["seed", String(run.seed)],
          ["threads", run.threads ? String(run.threads) : "–"],
          ["code", run.commit ? [code(run.commit.slice(0, 12)), run.dirty ? " with changes" : ""] : "no Git commit"],
          ...Object.entries(run.pictures).map(
            ([key, n]) =>
              /** @type {[string, Child]} */ ([
                key === "used" ? "pictures" : `left out: ${key}`,
                n.toLocaleString("en"),
              ]),
          ),
        ]),
      ),
      panel(
        "Measured",
        list(
          metrics
            .filter(([key]) => !key.startsWith("time."))
            .map(([key, value]) => [
              key.replaceAll("_", " "),
              key.endsWith("accuracy") ? percent(value) : figureOf(value),
            ]),
        ),
      ),
      times.length ? panel("Time", list(times.map(([key, value]) => [key, duration(value)]))) : null,
      panel("Parameters", list(named(run.params))),
      h(Notes, { id, notes: run.notes, tags: run.tags, onSaved: reload }),
      h(Files, { id, live }),
      panel("Environment", list(named(environment))),
      panel("Packages", list(named(packages))),
    ),
  );
}

/** @param {Record<string, any>} progress */
function howFar({ done, total, left_s: left }) {
  const share = `${Math.round((100 * done) / total)} %`;
  return left === null || left === undefined ? share : `${share}, ${duration(left)} left`;
}

/** What people say of a run. @param {{id: string, notes: string, tags: Record<string, string>, onSaved: () => void}} properties */
function Notes({ id, notes, tags, onSaved }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const { busy, problem, run } = useDeeds();
  const save = async () => {
    if (!(await run("note", "runs.note", { run: id, notes: text ?? "" }))) return;
    setText(null);
    onSaved();
  };
  return panel(
    {
      title: "Notes",
      aside: text === null ? act(notes ? "Edit" : "Write", () => setText(notes), { kind: "quiet" }) : null,
    },
    failure(problem),
    text === null
      ? p({ class: notes ? "notes-of" : "muted" }, notes || "Nobody has said anything yet.")
      : form(
          {
            class: "fields",
            onSubmit: (/** @type {Event} */ event) => {
              event.preventDefault();
              save();
            },
          },
          textarea({
            "aria-label": "notes",
            rows: 4,
            value: text,
            onInput: (/** @type {any} */ event) => setText(event.target.value),
          }),
          div(
            act("Save", save, { kind: "primary", busy: busy === "note" }),
            " ",
            act("Cancel", () => setText(null), { kind: "quiet" }),
          ),
        ),
    Object.keys(tags).length ? list(named(tags)) : null,
  );
}

/** The files that a run keeps. @param {{id: string, live: boolean}} properties */
function Files({ id, live }) {
  const { data } = useAnswer("runs.artifacts", { run: id }, live ? 4 * LIVE_MS : 0);
  const rows = data?.rows ?? [];
  if (!rows.length) return null;
  return panel(
    { title: "Files", aside: span({ class: "muted small" }, count(rows.length, "file")) },
    ul(
      { class: "files" },
      ...rows
        .slice(0, MOST_FILES)
        .map((row) =>
          li(
            { key: row.path },
            a({ href: fileOf(id, row.path), target: "_blank", rel: "noopener" }, row.path),
            span({ class: "muted" }, bytes(row.size)),
          ),
        ),
    ),
    rows.length > MOST_FILES ? p({ class: "muted small" }, code(`visloop runs artifacts ${id}`), " lists all.") : null,
  );
}

/** @param {string} run @param {string} path */
const fileOf = (run, path) =>
  `/api/v1/runs/${encodeURIComponent(run)}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
