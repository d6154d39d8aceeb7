// @ts-check
/** How files get to the server: a form of many, or one in pieces by tus 1.0.0. */
import { ApiError, asError, failureOf, UNREACHABLE } from "../api.js";
import { shared, told } from "./parcels.js";

/** @typedef {import("./parcels.js").Wanted} Wanted */
/** @typedef {import("./parcels.js").Parcel} Parcel */
/** @typedef {import("./uploads.js").Pushed} Pushed */

const PIECE_BYTES = 8 * 2 ** 20;
const TUS = { "Tus-Resumable": "1.0.0" };

const cancelled = () => new ApiError("cancelled", "It was not sent.", "");
const gone = () =>
  new ApiError("unreadable", "It cannot be read any more.", "Has it moved or changed? Choose it again.");

/** @type {import("./uploads.js").Line} */
export const line = {
  send: async (dataset, parcel, onSent, signal) => {
    try {
      return await (parcel.whole
        ? inPieces(dataset, parcel.entries[0], onSent, signal)
        : inOne(dataset, parcel.entries, onSent, signal));
    } catch (caught) {
      if (asError(caught).code === "unreachable" && !(await areReadable(parcel.entries))) throw gone();
      throw asError(caught);
    }
  },
  missing: async (dataset, wanted) => {
    /** @type {import("./uploads.js").Missing} */
    const all = { missing: [], unchanged: 0 };
    for (const places of alike(wanted)) {
      const some = places.map((k) => wanted[k]);
      const reply = await asked(`/api/v1/push/${encodeURIComponent(dataset)}/missing?${parameters(some)}`, {
        method: "POST",
        body: JSON.stringify(told(some)),
      });
      const body = await reply.json();
      all.missing.push(...body.missing.map((/** @type {number} */ k) => places[k]));
      all.unchanged += body.unchanged;
    }
    return all;
  },
};

/** Places of files with the same settings. @param {Wanted[]} wanted @returns {number[][]} */
function alike(wanted) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  wanted.forEach((each, k) => {
    const key = parameters([each]).toString();
    groups.set(key, [...(groups.get(key) ?? []), k]);
  });
  return [...groups.values()];
}

/** @param {Wanted[]} wanted */
const parameters = (wanted) => new URLSearchParams(shared(wanted));

/** @param {Wanted[]} entries */
const areReadable = (entries) =>
  Promise.all(entries.map(({ file }) => /** @type {File} */ (file).slice(0, 1).arrayBuffer())).then(
    () => true,
    () => false,
  );

/**
 * @param {string} dataset @param {Wanted[]} entries @param {(sent: number) => void} onSent @param {AbortSignal} signal
 * @returns {Promise<Pushed>}
 */
function inOne(dataset, entries, onSent, signal) {
  const form = new FormData();
  form.append("about", JSON.stringify(told(entries)));
  for (const { file } of entries) form.append("file", /** @type {File} */ (file), "file");
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.open("POST", `/api/v1/push/${encodeURIComponent(dataset)}?${parameters(entries)}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () =>
      request.status === 200 && request.response
        ? done(request.response)
        : failed(failureOf({ status: request.status }, request.response));
    request.onerror = () => failed(UNREACHABLE);
    request.onabort = () => failed(cancelled());
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/**
 * The file from where it stopped last time; its time of change tells the server that it is the same.
 * @param {string} dataset @param {Wanted} wanted @param {(sent: number) => void} onSent @param {AbortSignal} signal
 * @returns {Promise<Pushed>}
 */
async function inPieces(dataset, wanted, onSent, signal) {
  const file = /** @type {File} */ (wanted.file);
  const said = { path: wanted.path, ...shared([wanted]), label: wanted.says.label ?? "", modified: file.lastModified };
  const begun = await asked(`/api/v1/uploads/${encodeURIComponent(dataset)}`, {
    method: "POST",
    headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": metadata(said) },
    signal,
  });
  const place = begun.headers.get("location") ?? "";
  try {
    for (let at = offset(begun); at < file.size; onSent(at)) {
      onSent(at);
      at = await onePiece(place, file, at, signal);
    }
    return await (await asked(place, { signal })).json();
  } catch (caught) {
    const trouble = asError(caught);
    if (signal.reason === "cancelled" || (!signal.aborted && !trouble.passing))
      await fetch(place, { method: "DELETE", headers: TUS }).catch(() => null);
    throw trouble;
  }
}

/**
 * @param {string} place @param {File} file @param {number} at @param {AbortSignal} signal
 * @returns {Promise<number>} how much is there now
 */
async function onePiece(place, file, at, signal) {
  const piece = await file
    .slice(at, at + PIECE_BYTES)
    .arrayBuffer()
    .catch(() => {
      throw gone();
    });
  const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(at) };
  try {
    return offset(
      await asked(place, { method: "PATCH", headers: { ...headers, ...(await sum(piece)) }, body: piece, signal }),
    );
  } catch (caught) {
    if (asError(caught).code !== "upload.wrong_offset" && asError(caught).code !== "upload.wrong_checksum")
      throw caught;
    return offset(await asked(place, { method: "HEAD", headers: TUS, signal }));
  }
}

/** Browsers give digests only to pages from this machine or by HTTPS. @param {ArrayBuffer} piece @returns {Promise<Record<string, string>>} */
async function sum(piece) {
  if (!globalThis.crypto?.subtle) return {};
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", piece));
  return { "Upload-Checksum": `sha256 ${btoa(String.fromCharCode(...digest))}` };
}

/** @param {Record<string, string | number>} said */
const metadata = (said) =>
  Object.entries(said)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key} ${btoa(String.fromCharCode(...new TextEncoder().encode(String(value))))}`)
    .join(",");

/** @param {Response} reply */
const offset = (reply) => Number(reply.headers.get("upload-offset"));

/** @param {string} path @param {RequestInit} how */
async function asked(path, how) {
  const reply = await fetch(path, how).catch(() => {
    throw how.signal?.aborted ? cancelled() : UNREACHABLE;
  });
  if (!reply.ok) throw failureOf(reply, await reply.json().catch(() => null));
  return reply;
}
