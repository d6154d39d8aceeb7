// @ts-check
/** Facts as sentences. Pure. */
import { bytes, count, duration, percent, shortened } from "./words.js";

/** @typedef {import("../api.d.ts").FactRow} FactRow */
/** @typedef {Record<string, any>} Payload */

const GROUPS = {
  data: "data",
  view: "data",
  label: "labels",
  run: "runs",
  model: "models",
  gate: "models",
  deployment: "deployments",
  canary: "deployments",
  shadow: "deployments",
  monitor: "monitoring",
  alert: "monitoring",
  loop: "loop",
  store: "housekeeping",
};

/** @param {string} kind for example `data.committed` @returns {string} */
export const groupOf = (kind) => GROUPS[/** @type {keyof typeof GROUPS} */ (kind.split(".")[0])] ?? "other";

/** @type {Record<string, (payload: Payload) => string>} */
const SENTENCES = {
  "data.added": (p) => parts(p, ["added", "updated", "unchanged", "quarantined", "left_out"]),
  "data.committed": (p) => `${count(p.count, "picture")}${p.message ? `: ${p.message}` : ""}`,
  "data.split": (p) =>
    `${Object.entries(p.shares ?? {})
      .map(([name, share]) => `${name} ${percent(/** @type {number} */ (share), 0)}`)
      .join(", ")}; ${count(p.changed ?? 0, "picture")} changed`,
  "data.dataset_created": () => "made",
  "data.dataset_removed": (p) =>
    `put into the trash, with ${count(p.versions ?? 0, "version")}${p.reason ? `: ${p.reason}` : ""}`,
  "data.dataset_restored": () => "taken out of the trash",
  "data.dataset_purged": (p) => `purged for good, with ${count(p.versions ?? 0, "version")}`,
  "data.tagged": (p) => `tag ${p.tag}${p.was ? `, before at v${p.was}` : ""}`,
  "data.tag_removed": (p) => `tag ${p.tag} taken away`,
  "data.branched": (p) => `begins at v${p.version}`,
  "data.branch_removed": (p) => `taken away; it ended at ${p.version}`,
  "data.switched": (p) => `${p.branch} is worked on, before: ${p.was}`,
  "data.merged": (p) => `${p.named} merged${merged(p)}`,
  "data.reverted": (p) => `${p.named} taken back${merged(p)}`,
  "data.merge_waits": (p) => `${count(p.conflicts ?? 0, "conflict")} to decide`,
  "data.merge_aborted": (p) => `given up: ${p.what}`,
  "data.classes_added": (p) => `${named(p)}added`,
  "data.classes_imported": (p) => `${named(p)}read from a file`,
  "data.class_set": (p) => `${named(p)}described`,
  "view.saved": (p) => `a view of ${p.of} saved`,
  "view.removed": () => "view removed",
  "label.queued": (p) => `${count(p.tasks?.length ?? 0, "picture")} queued for a person`,
  "label.accepted": (p) =>
    `${p.label}${p.agreed ? ", as proposed" : p.agreed === false ? ", corrected" : ""}; to ${p.split}`,
  "label.rejected": () => "left out",
  "label.undone": () => "decision taken back",
  "run.started": (p) => [p.recipe ?? p.source, p.data].filter(Boolean).join(" on "),
  "run.finished": (p) => (p.model ? `made ${p.model}` : "done"),
  "run.failed": (p) => `${p.code}`,
  "run.pruned": () => "others were further by then",
  "model.registered": (p) => `trained on ${p.data}`,
  "model.evaluated": (p) => `on ${p.data}`,
  "model.variant_judged": (p) => `as ${p.target}: ${p.passed ? `taken${p.model ? `, ${p.model}` : ""}` : p.why}`,
  "model.promoted": (p) => `now ${p.alias}${p.previous ? `, before: ${p.previous}` : ""}`,
  "gate.passed": (p) => `on ${p.data}`,
  "gate.failed": (p) => `on ${p.data}`,
  "deployment.reverted": (p) => `${p.failed} was taken back, ${p.model} answers: ${p.because}`,
  "canary.started": (p) => `${p.model} gets ${percent(p.share, 0)} beside ${p.against}`,
  "canary.stepped": (p) => `${p.model} gets ${percent(p.share, 0)}: ${p.because}`,
  "canary.stopped": (p) => `${p.model}, ${p.against} answers all: ${p.because}`,
  "canary.promoted": (p) => `${p.model} in place of ${p.against}: ${p.because}`,
  "shadow.started": (p) => `${p.model} looks at what ${p.against} answers`,
  "shadow.stopped": (p) => `${p.model}: ${p.because}`,
  "deployment.limited": (p) =>
    `limits: ${
      Object.entries(p.limits)
        .map(([k, v]) => `${k}=${v}`)
        .join(", ") || "none"
    }`,
  "deployment.changed": (p) => `serves ${p.model}${p.previous ? `, before: ${p.previous}` : ""}`,
  "key.added": (p) =>
    `API key made${p.per_day ? `, ${p.per_day} pictures a day` : ""}${p.per_minute ? `, ${p.per_minute} a minute` : ""}`,
  "key.removed": () => "API key ended",
  "monitor.reference_set": (p) => `compares with what ${p.model} saw when it was trained`,
  "monitor.rebased": (p) => `compares with what ${p.model} sees now`,
  "alert.opened": (p) => (p.deployment ? `${p.deployment}: ${p.what}` : `${p.what}`),
  "loop.opened": (p) => `${count(p.labels ?? 0, "label")}${p.what ? ` after: ${p.what}` : ""}`,
  "loop.committed": (p) => `${p.version}`,
  "loop.trained": (p) => `${p.model}`,
  "loop.gated": () => "the gate said yes",
  "loop.refused": (p) =>
    p.why ?? (p.approval ? `approval ${p.approval}` : `the gate said no: ${(p.checks ?? []).join(", ")}`),
  "loop.approved": (p) => `approval ${p.approval}`,
  "loop.shadow": () => "looks at copies of the requests",
  "loop.canary": (p) => `gets a share of the requests${p.shadow ? `; in the shadow it ${p.shadow}` : ""}`,
  "store.collected": (p) => `${count(p.removed ?? 0, "blob")} removed, ${bytes(p.freed_bytes ?? 0)} given back`,
  "store.verified": (p) => `${p.quick ? "quickly; " : ""}${p.problems ? count(p.problems, "problem") : "all was well"}`,
  "loop.done": (p) => `healed in ${duration(p.time_to_heal_s)}`,
};

/** Its classes, as they were called then. @param {Payload} payload */
const named = ({ names = [], ids = [] }) => `${names.join(", ") || count(ids.length, "class", "classes")} `;

/** @param {Payload} payload */
const merged = ({ samples, conflicts, rule }) =>
  `: ${count(samples ?? 0, "picture")}${conflicts ? `, ${count(conflicts, "conflict")} decided${rule ? ` by ${rule}` : ""}` : ""}`;

/** @param {Payload} payload @param {string[]} names */
const parts = (payload, names) =>
  names
    .filter((name) => payload[name])
    .map((name) => `${payload[name].toLocaleString("en")} ${name.replaceAll("_", " ")}`)
    .join(", ") || "nothing new";

/** What happened, in a few words. @param {Pick<FactRow, "kind" | "payload">} fact */
export function factInWords({ kind, payload }) {
  const sentence = Object.hasOwn(SENTENCES, kind) ? SENTENCES[kind](payload) : plain(payload);
  return shortened(sentence);
}

/** @param {Payload} payload */
const plain = (payload) =>
  Object.entries(payload)
    .filter(([, value]) => value !== null && value !== "" && typeof value !== "object")
    .slice(0, 5)
    .map(([key, value]) => `${key.replaceAll("_", " ")} ${value}`)
    .join(", ");

/**
 * Where the subject of a fact is shown; empty where nowhere.
 * @param {Pick<FactRow, "kind" | "subject" | "payload">} fact
 * @returns {string[]}
 */
export function placeOf({ kind, subject, payload }) {
  const group = groupOf(kind);
  if (kind === "data.dataset_removed" || kind === "data.dataset_purged") return ["housekeeping"];
  if (group === "data") return ["data", ...subject.split("@")];
  if (group === "labels") return kind === "label.queued" ? ["queue"] : payload.dataset ? ["data", payload.dataset] : [];
  if (group === "runs") return ["runs", subject];
  if (group === "models") return ["models", subject];
  if (group === "deployments" || kind.startsWith("monitor.")) return ["deployments", subject];
  if (kind.startsWith("alert.")) return payload.deployment ? ["deployments", payload.deployment] : ["deployments"];
  return group === "loop" || group === "housekeeping" ? [group] : [];
}

const FOLDED = 4;

/**
 * Many facts of one kind by one actor in a row, as one: lists of facts, newest first.
 * @template {Pick<FactRow, "kind" | "actor">} F
 * @param {readonly F[]} rows
 * @returns {F[][]}
 */
export function folded(rows) {
  /** @type {F[][]} */
  const groups = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last && last[0].kind === row.kind && last[0].actor === row.actor) last.push(row);
    else groups.push([row]);
  }
  return groups.flatMap((group) => (group.length < FOLDED ? group.map((row) => [row]) : [group]));
}

/** Several facts of one kind in a few words. @param {ReadonlyArray<Pick<FactRow, "kind" | "payload">>} rows */
export function manyInWords(rows) {
  if (rows.length === 1) return factInWords(rows[0]);
  const { kind } = rows[0];
  if (kind === "label.queued")
    return `${count(
      rows.reduce((sum, { payload }) => sum + (payload.tasks?.length ?? 0), 0),
      "picture",
    )} queued for a person`;
  if (kind === "label.accepted") {
    const agreed = rows.filter(({ payload }) => payload.agreed).length;
    return `${count(rows.length, "label")}: ${agreed} as proposed, ${rows.length - agreed} corrected or new`;
  }
  return `${rows.length.toLocaleString("en")} times`;
}
