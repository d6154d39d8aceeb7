// @ts-check
/** Calls to the server: every verb is a POST; an error carries what happened and how to mend it. */

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
}

/**
 * @param {string} verb for example "label.accept"
 * @param {Record<string, any>} [ask]
 * @returns {Promise<any>}
 */
export async function call(verb, ask = {}) {
  const path = "/api/v1/" + verb.replaceAll(".", "/");
  let reply;
  try {
    reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ask) });
  } catch {
    throw new ApiError("unreachable", "The server does not answer.", "Is `visloop up` still running?");
  }
  const body = await reply.json().catch(() => null);
  if (reply.ok) return body;
  const error = body?.error ?? { code: "http", what: `The server answered ${reply.status}.`, fix: "" };
  throw new ApiError(error.code, error.what, error.fix);
}

/**
 * @param {string} digest
 * @param {64 | 160 | 320 | 640} [px]
 */
export const thumbnail = (digest, px = 160) => `/media/thumbnail/${digest}?px=${px}`;

/** @param {string} digest */
export const image = (digest) => `/media/image/${digest}`;
