// @ts-check
/** The colour of each point: by the value it has, paler where others are picked. Pure. */
import { PALETTE } from "../../../lib/colours.js";

const MORE = ["#64748b", "#0ea5e9", "#d946ef", "#65a30d", "#b45309", "#be123c", "#4f46e5", "#0d9488"];
const GREY = "#8b95a5";
const RAMP = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
/** Values that are none of the data's own. */
const WITHOUT = ["none", "others", "several"];

/**
 * A colour for each value: that of the class, or one of its own.
 * @param {readonly string[]} names
 * @param {{names: string[], colour: (name: string | undefined) => string}} classes
 */
export const paintsOf = (names, classes) =>
  names.map((name, at) => {
    if (WITHOUT.includes(name)) return GREY;
    if (classes.names.includes(name)) return classes.colour(name);
    return [...PALETTE, ...MORE][at % (PALETTE.length + MORE.length)];
  });

/** @param {string} hex @returns {[number, number, number]} */
const rgb = (hex) => {
  const full = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex;
  return [parseInt(full.slice(1, 3), 16), parseInt(full.slice(3, 5), 16), parseInt(full.slice(5, 7), 16)];
};

/**
 * From least to greatest.
 * @param {Float32Array} values NaN: none
 * @returns {{low: number, high: number, colour: (value: number) => [number, number, number]}}
 */
export function ramp(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const each of values) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  const steps = RAMP.map(rgb);
  return {
    low,
    high,
    colour: (value) => {
      if (!(value >= low)) return rgb(GREY);
      const at = ((value - low) / (high - low || 1)) * (steps.length - 1);
      const first = Math.min(steps.length - 2, Math.floor(at));
      const mix = (/** @type {number} */ k) =>
        Math.round(steps[first][k] + (at - first) * (steps[first + 1][k] - steps[first][k]));
      return [mix(0), mix(1), mix(2)];
    },
  };
}

/** The ramp as a CSS gradient. */
export const RAMP_CSS = `linear-gradient(to right, ${RAMP.join(", ")})`;

/**
 * Four bytes a point: red, green, blue, and how much of it.
 * @param {{count: number, codes: Uint8Array, values: Float32Array, paints: readonly string[], picked: ReadonlySet<number>, hidden: readonly number[]}} of
 */
export function coloured({ count, codes, values, paints, picked, hidden }) {
  const out = new Uint8Array(4 * count);
  const table = paints.map(rgb);
  const scale = values.length ? ramp(values) : null;
  const unseen = new Set(hidden);
  for (let at = 0; at < count; at++) {
    if (codes.length && unseen.has(codes[at])) continue;
    const [red, green, blue] = scale ? scale.colour(values[at]) : (table[codes[at]] ?? rgb(GREY));
    const strength = picked.size && !picked.has(at) ? 70 : 255;
    out.set([red, green, blue, strength], 4 * at);
  }
  return out;
}
