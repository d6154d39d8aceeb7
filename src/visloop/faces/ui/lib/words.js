// @ts-check
/** Figures, times and digests as people read them. Pure. */

/**
 * @param {number} n
 * @param {string} one for example "picture"
 * @param {string} [many]
 */
export const count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/**
 * @param {number | null | undefined} share 0 … 1
 * @param {number} [digits]
 */
export const percent = (share, digits = 1) => (typeof share === "number" ? `${(100 * share).toFixed(digits)} %` : "–");

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/**
 * @param {string | null | undefined} from RFC 3339
 * @param {string | null | undefined} to
 */
export const between = (from, to) => (from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "–");

/**
 * @param {string} moment RFC 3339
 * @param {number} [now] ms
 */
export function ago(moment, now = Date.now()) {
  const seconds = (now - Date.parse(moment)) / 1000;
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** @param {number} n */
export function bytes(n) {
  const step = n < 1e3 ? 0 : n < 1e6 ? 1 : n < 1e9 ? 2 : 3;
  return `${(n / 1000 ** step).toFixed(step ? 1 : 0)} ${["B", "kB", "MB", "GB"][step]}`;
}

/**
 * A figure with as many digits as it is worth.
 * @param {number | null | undefined} value
 */
export function figureOf(value) {
  if (typeof value !== "number") return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

const DIGEST = /\b[0-9a-f]{40,64}\b/g;

/**
 * Digests by their first digits.
 * @param {string} words
 */
export const shortened = (words) => words.replace(DIGEST, (each) => each.slice(0, 10) + "…");

/**
 * How surprising a window is: −log₁₀ of its p-value, at most 12.
 * @param {number} p
 */
export const surprise = (p) => Math.min(12, 0 - Math.log10(Math.max(p, 1e-12)));

/**
 * How a deployment stands. After a closed alarm the newest window still tells of it, until the next one is full.
 *
 * @param {{state: string, verdict: string, windows: ReadonlyArray<{alarm: boolean}>}} monitored
 */
export function verdictInWords({ state, verdict, windows }) {
  const words =
    state === "calm" && windows.at(-1)?.alarm ? "no window is full since the last alarm was closed" : verdict;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @type {Record<string, (rest: string) => string>} */
const REASONS = {
  uncertain: (rest) => `uncertain: only ${percent(Number(rest), 0)} sure`,
  outlier: (rest) => `unlike the training pictures (${Number(rest).toFixed(3)})`,
  alarm: () => "part of an alarm",
  random: () => "drawn at random",
};

/**
 * Why a picture waits: `outlier 0.998` as people say it.
 * @param {string} reason
 */
export function reasonInWords(reason) {
  const [kind, ...rest] = reason.split(" ");
  return Object.hasOwn(REASONS, kind) ? REASONS[kind](rest.join(" ")) : reason;
}

/** @type {Record<string, string>} */
export const CAPTURED = {
  uncertain: "the model was unsure",
  outlier: "unlike the training pictures",
  alarm: "part of an alarm",
  random: "drawn at random",
};

/**
 * The class that a person sees as the proposal: the surest class label, else the surest object.
 * @template {{type: string, label?: string, score?: number | null}} A
 * @param {readonly A[]} proposed
 * @returns {A | undefined}
 */
export function proposal(proposed) {
  const classes = proposed.filter((each) => each.type === "class");
  return [...(classes.length ? classes : proposed)].sort((a, b) => (b.score ?? 0) - (a.score ?? 0))[0];
}

/**
 * How many objects (or labels) of each class, in the order of `classes`.
 * @param {ReadonlyArray<{label?: string}>} annotations
 * @param {readonly string[]} classes
 * @returns {Array<[string, number]>}
 */
export function tally(annotations, classes) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const { label } of annotations) if (label) found.set(label, (found.get(label) ?? 0) + 1);
  const rank = (/** @type {string} */ name) => (classes.includes(name) ? classes.indexOf(name) : classes.length);
  return [...found].sort(([a], [b]) => rank(a) - rank(b));
}

/** A name as words. @param {string} name */
export const spelt = (name) => name.replaceAll("_", " ");
