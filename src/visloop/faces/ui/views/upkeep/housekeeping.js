// @ts-check
/** Housekeeping: what is stored and for whom, what would be freed, whether all is well. */
import { a, div, h, h1, li, p, span, ul, useEffect, useState } from "../../lib/dom.js";
import { act, badge, bar, failure, grid, panel, underWay, waiting, when } from "../../lib/parts.js";
import { address, useAnswer, useDeeds } from "../../lib/use.js";
import { bytes, count } from "../../lib/words.js";
import { Sets, Trash } from "./sets.js";
import { freed, verified, wouldFree } from "./words.js";

/** @typedef {import("../../api.d.ts").GcAnswer} GcAnswer */
/** @typedef {import("../../api.d.ts").StorageAnswer} StorageAnswer */
/** @typedef {import("../../api.d.ts").StoragePart} StoragePart */
/** @typedef {import("../../api.d.ts").VerifyAnswer} VerifyAnswer */

/** @param {{address: string[]}} properties a data set that somebody wants to remove */
export function Housekeeping({ address: [chosen = ""] }) {
  const storage = useAnswer("storage", {});
  const [turn, setTurn] = useState(0);
  if (!storage.data) return div(div({ class: "title" }, h1("Housekeeping")), waiting(storage.error));
  return div(
    div(
      { class: "title" },
      h1("Housekeeping"),
      span({ class: "muted" }, `${bytes(storage.data.blob_bytes)} in ${count(storage.data.blobs, "blob")}`),
    ),
    failure(storage.error),
    div(
      { class: "columns half upkeep" },
      div(h(Space, { onFreed: () => setTurn(turn + 1) }), h(Health, { storage: storage.data }), h(Trash, {})),
      div(h(Needs, { key: turn }), h(Sets, { chosen }), h(Places, { storage: storage.data })),
    ),
  );
}

/** @type {Record<string, string>} */
const VIEWS = { "data set": "data", model: "models" };

/** @param {StoragePart} part */
const named = ({ kind, name }) =>
  Object.hasOwn(VIEWS, kind) && name
    ? a({ href: address(VIEWS[kind], name) }, name)
    : name || (kind === "data set" ? "embeddings, of all" : "–");

/** Who needs how much. */
function Needs() {
  const deeds = useDeeds();
  const [parts, setParts] = useState(/** @type {readonly StoragePart[] | null} */ (null));
  useEffect(() => {
    deeds.run("parts", "storage", { parts: true }, { long: true }).then((found) => setParts(found?.parts ?? null));
  }, []);
  const most = Math.max(1, ...(parts ?? []).map((each) => each.blob_bytes));
  return panel(
    { title: "Stored, and who needs it", aside: span({ class: "muted" }, "what several need is counted once") },
    failure(deeds.problem),
    underWay(deeds, "Following every link"),
    parts
      ? grid(parts, [
          { title: "needed by", cell: (each) => (each.kind === "nothing" ? badge("nothing: garbage") : each.kind) },
          { title: "name", cell: named, kind: "wide" },
          { title: "blobs", cell: (each) => each.blobs.toLocaleString("en"), kind: "number" },
          { title: "size", cell: (each) => bytes(each.blob_bytes), kind: "number" },
          { title: "", cell: (each) => bar(each.blob_bytes / most), kind: "bar-cell" },
        ])
      : null,
  );
}

/** @param {{storage: StorageAnswer}} properties */
const Places = ({ storage }) =>
  panel(
    "On the disk",
    grid(storage.places, [
      { title: "place", cell: (each) => each.name, kind: "wide" },
      { title: "size", cell: (each) => bytes(each.disk_bytes), kind: "number" },
    ]),
  );

/** What would be freed, and freeing it. @param {{onFreed: () => void}} properties */
function Space({ onFreed }) {
  const deeds = useDeeds();
  const [would, setWould] = useState(/** @type {GcAnswer | null} */ (null));
  const [did, setDid] = useState(/** @type {GcAnswer | null} */ (null));
  const look = async () => {
    setDid(null);
    setWould(await deeds.run("look", "gc", { dry_run: true }, { long: true }));
  };
  const free = async () => {
    const answer = await deeds.run("free", "gc", {}, { long: true });
    if (!answer) return;
    setWould(null);
    setDid(answer);
    onFreed();
  };
  const sure = would && (would.removed || would.dead_bytes);
  return panel(
    "Free space",
    p(
      "Bytes that no version, staged change, model, report, task or capture needs any more. Versions are never touched.",
    ),
    failure(deeds.problem),
    underWay(deeds, "Looking at what is needed"),
    would ? p({ class: "headline foot", role: "status" }, wouldFree(would)) : null,
    did ? p({ class: "foot", role: "status" }, freed(did)) : null,
    div(
      { class: "row foot" },
      sure
        ? [
            act("Free it for good", free, { kind: "danger", busy: deeds.busy === "free" }),
            act("Leave it", () => setWould(null), { kind: "quiet", disabled: Boolean(deeds.busy) }),
          ]
        : act("What would be freed?", look, { busy: deeds.busy === "look" }),
    ),
  );
}

/** @param {{storage: StorageAnswer}} properties */
function Health({ storage }) {
  const deeds = useDeeds();
  const [found, setFound] = useState(/** @type {VerifyAnswer | null} */ (null));
  const look = async (/** @type {boolean} */ quick) => {
    setFound(null);
    setFound(await deeds.run(quick ? "quick" : "whole", "verify", { quick }, { long: true }));
  };
  return panel(
    "Is all well?",
    storage.verified
      ? p(
          { class: "muted" },
          "Last looked at ",
          when(storage.verified.time),
          storage.verified.quick ? ", quickly: " : ", every byte: ",
          storage.verified.problems ? count(storage.verified.problems, "problem") : "all was well",
        )
      : p({ class: "muted" }, "Nobody has looked yet."),
    failure(deeds.problem),
    underWay(deeds, "Looking"),
    found ? h(Found, { found }) : null,
    div(
      { class: "row foot" },
      act("Look quickly", () => look(true), {
        busy: deeds.busy === "quick",
        disabled: Boolean(deeds.busy),
        title: "all but the bytes: packs are there, no link ends in nothing, the chain of facts",
      }),
      act("Read every byte", () => look(false), { busy: deeds.busy === "whole", disabled: Boolean(deeds.busy) }),
    ),
  );
}

/** @param {{found: VerifyAnswer}} properties */
const Found = ({ found }) =>
  div(
    { class: found.ok ? "notice good foot" : "notice bad foot", role: "status" },
    div(
      { class: "notice-words stacked" },
      p(verified(found)),
      found.ok
        ? null
        : ul(
            { class: "stacked" },
            ...found.problems.map((each) =>
              li(
                p(badge(each.kind, "bad"), each.where),
                p(each.what),
                p({ class: "muted" }, `What mends it: ${each.fix}`),
              ),
            ),
          ),
    ),
  );
