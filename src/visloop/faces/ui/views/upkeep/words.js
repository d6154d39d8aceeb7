// @ts-check
/** What housekeeping found and did, in sentences. Pure. */
import { bytes, count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").GcAnswer} GcAnswer */
/** @typedef {import("../../api.d.ts").VerifyAnswer} VerifyAnswer */

/** @param {number} n @param {number} size */
const blobs = (n, size) => `${count(n, "blob")} (${bytes(size)})`;

/** What a collection would free. @param {GcAnswer} would */
export function wouldFree(would) {
  const parts = [
    would.removed ? `${blobs(would.removed, would.removed_bytes)} that nothing needs` : "",
    would.dead_bytes ? `${bytes(would.dead_bytes)} of room inside packs` : "",
  ].filter(Boolean);
  return parts.length ? `Would be freed: ${parts.join(", and ")}.` : "Nothing: every byte that is stored is needed.";
}

/** What a collection did. @param {GcAnswer} did */
export function freed(did) {
  const gone = did.removed
    ? `Removed ${blobs(did.removed, did.removed_bytes)}; the disk got ${bytes(did.freed_bytes)} back.`
    : did.freed_bytes
      ? `The disk got ${bytes(did.freed_bytes)} back.`
      : "Nothing was removed.";
  if (!did.waiting) return gone;
  const minutes = Math.ceil(did.wait_s / 60);
  return `${gone} ${blobs(did.waiting, did.waiting_bytes)} must wait, since somebody writes who may be about to need them: free space again in ${minutes} min.`;
}

/** What a look at everything found. @param {VerifyAnswer} found */
export function verified(found) {
  const seen = found.quick ? "are where they should be (their bytes were not read)" : "read";
  const looked = `${blobs(found.blobs, found.blob_bytes)} ${seen}, ${count(found.links, "link")} followed, ${count(found.facts, "fact")} in the chain`;
  return found.ok ? `All is well: ${looked}.` : `${count(found.count, "problem")}; ${looked}.`;
}
