// @ts-check
/** Calls to the server: every verb is a POST; an error carries what happened and how to mend it. */

import { paced } from "./pace.js";
import { remember, tabShelf } from "./sending/shelf.js";

/** @typedef {import("../api.d.ts").Verbs} Verbs */
/** @typedef {keyof Verbs} Verb */

export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} what
   * @param {string} fix
   */
  constructor(code, what, fix) {
    super(what);
    this.code = code;
    this.what = what;
    this.fix = fix;
  }

  /** Whether the same call may well succeed later: nobody has said no to it. */
  get passing() {
    return this.code === "unreachable" || this.code === "server";
  }
}

export const UNREACHABLE = new ApiError("unreachable", "The server does not answer.", "Is `visloop up` still running?");

/** Somebody pressed Cancel. */
const GIVEN_UP = new ApiError("given_up", "It was given up.", "");

/** @param {unknown} caught */
export const asError = (caught) =>
  caught instanceof ApiError
    ? caught
    : new ApiError("page", caught instanceof Error ? caught.message : String(caught), "Reload the page.");

/**
 * @template {Verb} V
 * @param {V} verb for example "label.accept"
 * @param {Verbs[V]["ask"]} ask
 * @returns {Promise<Verbs[V]["answer"]>}
 */
export async function call(verb, ask) {
  const reply = await post(verb, ask, "application/json");
  const body = await reply.json().catch(() => null);
  if (reply.ok && body !== null) return body;
  throw failureOf(reply, body);
}

/**
 * The same, telling how far it is: for what takes long. With a signal it can be given up: the server
 * stops working on it, and what is done so far is kept where that is worth something.
 *
 * @template {Verb} V
 * @param {V} verb
 * @param {Verbs[V]["ask"]} ask
 * @param {(words: string) => void} onProgress
 * @param {AbortSignal} [signal]
 * @returns {Promise<Verbs[V]["answer"]>}
 */
export async function follow(verb, ask, onProgress, signal) {
  const reply = await post(verb, ask, "text/event-stream", signal);
  if (!reply.ok || !reply.body) throw failureOf(reply, await reply.json().catch(() => null));
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  const tell = paced();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ value: "", done: true }));
    if (signal?.aborted) throw GIVEN_UP;
    if (done) throw UNREACHABLE;
    const { events, rest } = eventsOf(kept + value);
    kept = rest;
    for (const { event, data } of events) {
      if (event === "answer") return data;
      if (event === "error") throw failureOf(reply, data);
      onProgress(tell(data));
    }
  }
}

/**
 * Server-sent events that are complete, and what is left of the text.
 * @param {string} text
 */
export function eventsOf(text) {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  const events = blocks.map((block) => {
    const lines = block.split("\n");
    const part = (/** @type {string} */ name) =>
      lines.find((line) => line.startsWith(name + ": "))?.slice(name.length + 2) ?? "";
    return { event: part("event"), data: JSON.parse(part("data") || "null") };
  });
  return { events, rest };
}

/**
 * @param {Verb} verb
 * @param {object} ask
 * @param {string} accept
 * @param {AbortSignal} [signal]
 */
async function post(verb, ask, accept, signal) {
  try {
    return await fetch("/api/v1/" + verb.replaceAll(".", "/"), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: accept,
        ...(signal ? { "Visloop-Cancel": "on-close" } : {}),
      },
      body: JSON.stringify(ask),
      signal,
    });
  } catch {
    throw signal?.aborted ? GIVEN_UP : UNREACHABLE;
  }
}

/**
 * @param {{status: number}} reply
 * @param {any} body
 */
export function failureOf(reply, body) {
  const told = typeof body?.error === "object" ? body.error : body; // V2 tells it flat
  if (told?.what) return new ApiError(told.code, told.what, told.fix);
  return new ApiError("server", `The server answered ${reply.status}.`, "See the log of `visloop up`.");
}

/**
 * @typedef {{model: string, label: string | null, confidence: number | null, latency_ms: number, probabilities?: Record<string, number>, annotations?: NonNullable<import("../api.d.ts").Sample["annotations"]>, width?: number, height?: number}} Answer
 * @typedef {Answer & {time_s?: number, url?: string, error?: {what: string, fix: string, code: string}}} Part of a film, or of a list of addresses
 * @typedef {Answer & {frames?: Part[], pictures?: Part[], every_s?: number, stages: Record<string, number>}} Reply
 */

/**
 * Ask a deployment about a picture, a film or a list of addresses (`{"urls": […]}`, a Blob of JSON).
 * @param {string} name
 * @param {Blob} asked
 * @returns {Promise<Reply>}
 */
export async function predict(name, asked) {
  const reply = await ask("/predict/" + encodeURIComponent(name), {
    method: "POST",
    body: asked,
    headers: { "X-Server-Timing": "1", ...withKey() },
  });
  const body = await reply.json().catch(() => null);
  if (reply.ok && body !== null) return { ...body, stages: stagesOf(reply.headers.get("server-timing") ?? "") };
  throw failureOf(reply, body);
}

/**
 * The same with the answer drawn in: a picture, or a film.
 * @param {string} name
 * @param {Blob} asked
 * @param {"picture" | "video"} shape
 */
export async function predictDrawn(name, asked, shape) {
  const path = `/predict/${encodeURIComponent(name)}?as=${shape}`;
  const reply = await ask(path, { method: "POST", body: asked, headers: withKey() });
  if (reply.ok) return reply.blob();
  throw failureOf(reply, await reply.json().catch(() => null));
}

/** What the server takes beside pictures: `films`, `urls`. @returns {Promise<string[]>} */
export async function taken() {
  const reply = await ask("/v2", { headers: withKey() });
  const body = await reply.json().catch(() => null);
  return body?.extensions ?? [];
}

const KEY = "visloop.key";
let key = tabShelf.getItem(KEY) ?? "";

/** The API key that deployments are asked with; kept until the tab is closed. */
export const apiKey = () => key;

/** @param {string} given */
export function takeApiKey(given) {
  key = given;
  remember(KEY, given, tabShelf);
}

/** @returns {Record<string, string>} */
const withKey = () => (apiKey() ? { Authorization: `Bearer ${apiKey()}` } : {});

/** Milliseconds by stage, of a Server-Timing header (W3C Server Timing). @param {string} told */
export const stagesOf = (told) =>
  Object.fromEntries([...told.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, stage, ms]) => [stage, Number(ms)]));

/** What the server serves, by name; asked of the serving process itself. @returns {Promise<string[]>} */
export async function served() {
  const reply = await ask("/v2/repository/index", { method: "POST", body: "{}", headers: withKey() });
  const body = await reply.json().catch(() => null);
  if (!reply.ok || !Array.isArray(body)) throw failureOf(reply, body);
  return body.map((each) => each.name);
}

/** @param {string} path @param {RequestInit} how */
async function ask(path, how) {
  try {
    return await fetch(path, how);
  } catch {
    throw UNREACHABLE;
  }
}

/** @typedef {64 | 160 | 320 | 640 | 1280} Size */

/**
 * @param {string} digest
 * @param {Size} [px]
 */
export const thumbnail = (digest, px = 320) => `/media/thumbnail/${digest}?px=${px}`;

/**
 * What lies between two corners of the upright picture.
 * @param {string} digest
 * @param {readonly number[]} part x1 y1 x2 y2, whole pixels
 * @param {Size} px of the longer side, at most
 */
export const cutout = (digest, part, px) => `/media/cutout/${digest}?box=${part.join(",")}&px=${px}`;

/** @param {string} digest */
export const image = (digest) => `/media/image/${digest}`;

/**
 * The picture behind an answer, as long as it is kept.
 * @param {string} prediction
 * @param {Size} [px]
 */
export const answered = (prediction, px = 160) => `/media/answer/${encodeURIComponent(prediction)}?px=${px}`;

const SHOWN = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]);

/** @typedef {{image: string, media?: string, mode?: string, width: number, height: number}} Shown */

/** Whether a browser shows the bytes themselves, and upright. @param {Shown} sample */
const asItIs = (sample) =>
  SHOWN.has(sample.media ?? "image/jpeg") && ["RGB", "L", "P", "RGBA", "1"].includes(sample.mode ?? "RGB");

/**
 * The best picture for a large view: the bytes themselves where a browser shows them and they are not huge.
 * @param {Shown} sample
 */
export const large = (sample) =>
  asItIs(sample) && sample.width * sample.height <= 4e6 ? image(sample.image) : thumbnail(sample.image, 1280);

/** Every pixel, for looking close. @param {Shown} sample */
export const sharp = (sample) => (asItIs(sample) ? image(sample.image) : thumbnail(sample.image, 1280));
