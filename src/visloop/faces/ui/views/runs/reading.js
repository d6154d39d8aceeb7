// @ts-check
/** Curves and runs as figures to draw: axes, smoothing, scales, what differs. Pure. */

/** @typedef {{run: string, key: string, steps: readonly number[], times_s: readonly number[], values: ReadonlyArray<number | null>}} Curve */
/** @typedef {"step" | "epoch" | "time"} Axis */

const SMALL_IS_GOOD = /(loss|mae|rmse|mse|error|(?<!per)_s|difference)$/;
const LARGE_IS_GOOD =
  /(accuracy|precision|recall|f1|score|auc|auroc|r2|iou|dice|kappa|per_s|(^|_)m?ap[\d_]*|ap\d+)(@[\d.:]+)?$/i;

/** Whether a figure of that name is better when it is small. @param {string} name */
export const isCost = (name) => SMALL_IS_GOOD.test(name);

/** Whether more or less of a figure of that name is better: nobody says that of a temperature. @param {string} name */
export const isJudged = (name) => isCost(name) || LARGE_IS_GOOD.test(name);

/**
 * Where the points of a curve stand. Epochs of a curve that counts steps come from its twin that counts
 * epochs (`step.loss` and `loss`).
 *
 * @param {Curve} curve
 * @param {Axis} axis
 * @param {readonly Curve[]} all
 * @returns {readonly number[]}
 */
export function places(curve, axis, all) {
  if (axis === "time") {
    const began = Math.min(...all.filter((each) => each.run === curve.run).flatMap((each) => each.times_s[0] ?? []));
    return curve.times_s.map((time) => time - began);
  }
  const twin = curve.key.startsWith("step.")
    ? all.find((each) => each.run === curve.run && each.key === curve.key.slice(5))
    : undefined;
  const [steps, epochs] = [curve.steps.at(-1) ?? 0, twin?.steps.at(-1) ?? 0];
  if (axis === "step" || !twin || !steps || !epochs) return curve.steps;
  return curve.steps.map((step) => (step * epochs) / steps);
}

/**
 * An exponential mean that begins without bias; gaps stay gaps.
 * @param {ReadonlyArray<number | null>} values
 * @param {number} weight 0 (as it is) … below 1 (very smooth)
 */
export function smoothed(values, weight) {
  if (!weight) return values;
  let [mean, n] = [0, 0];
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    n += 1;
    mean = weight * mean + (1 - weight) * value;
    return mean / (1 - weight ** n);
  });
}

/**
 * Lines over places of their own as columns over places of all.
 * @param {ReadonlyArray<{x: readonly number[], y: ReadonlyArray<number | null>}>} lines
 * @returns {Array<Array<number | null>>}
 */
export function joined(lines) {
  const all = [...new Set(lines.flatMap((each) => each.x))].sort((a, b) => a - b);
  const row = new Map(all.map((x, k) => [x, k]));
  return [
    all,
    ...lines.map(({ x, y }) => {
      const column = /** @type {Array<number | null>} */ (new Array(all.length).fill(null));
      x.forEach((each, k) => {
        column[/** @type {number} */ (row.get(each))] = y[k];
      });
      return column;
    }),
  ];
}

/** @typedef {{id: string, params: Record<string, any>, metrics: Record<string, number | null>}} Told */
/** @typedef {{key: string, group: "params" | "metrics", name: string, numbers: boolean, values: Array<number | string>, low: number, high: number, log: boolean}} Scale */

/** @param {Told} run @param {Pick<Scale, "group" | "name">} scale */
export const valueOf = (run, { group, name }) => {
  const value = run[group][name];
  return value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? null : value;
};

/**
 * What differs between runs: the parameters that vary, then the figures.
 * @param {readonly Told[]} runs
 * @returns {Scale[]}
 */
export function scales(runs) {
  /** @type {Scale[]} */
  const found = [];
  for (const group of /** @type {const} */ (["params", "metrics"])) {
    const names = [...new Set(runs.flatMap((run) => Object.keys(run[group])))].sort();
    for (const name of names) {
      if (group === "metrics" && /^(time\.|images_per_s|progress\.)/.test(name)) continue;
      const told = runs.every((run) => String(run.params[name]) === String(run.metrics[name])); // a parameter, said again
      if (group === "metrics" && told) continue;
      const given = runs.map((run) => valueOf(run, { group, name })).filter((each) => each !== null);
      const values = [...new Set(given)].filter((each) => typeof each !== "object");
      if (values.length < 2) continue;
      const numbers = values.every(
        (each) => typeof each !== "boolean" && String(each).trim() !== "" && !Number.isNaN(Number(each)),
      );
      const sorted = numbers ? values.map(Number).sort((a, b) => a - b) : values.map(String).sort();
      const [low, high] = numbers ? [Number(sorted[0]), Number(sorted.at(-1))] : [0, sorted.length - 1];
      const log = numbers && group === "params" && low > 0 && high / low >= 50;
      found.push({ key: `${group}.${name}`, group, name, numbers, values: sorted, low, high, log });
    }
  }
  return found;
}

/**
 * Where a value stands on its scale: 0 the lowest, 1 the highest; null where there is none.
 * @param {Scale} scale
 * @param {unknown} value
 */
export function placed(scale, value) {
  if (value === null || value === undefined) return null;
  if (!scale.numbers) return scale.values.indexOf(String(value)) / Math.max(1, scale.values.length - 1);
  const bend = (/** @type {number} */ x) => (scale.log ? Math.log(x) : x);
  return (bend(Number(value)) - bend(scale.low)) / (bend(scale.high) - bend(scale.low));
}

/** The value at a place of a scale of numbers. @param {Scale} scale @param {number} place 0 … 1 */
export function valueAt(scale, place) {
  if (!scale.log) return scale.low + place * (scale.high - scale.low);
  return Math.exp(Math.log(scale.low) + place * (Math.log(scale.high) - Math.log(scale.low)));
}

/** @typedef {Record<string, [number, number]>} Brushes by key of the scale, places 0 … 1 */

/**
 * Whether a run lies within every brush; one without a value lies within none.
 * @param {Told} run
 * @param {readonly Scale[]} all
 * @param {Brushes} brushes
 */
export const within = (run, all, brushes) =>
  all.every((scale) => {
    const brush = brushes[scale.key];
    if (!brush) return true;
    const place = placed(scale, valueOf(run, scale));
    return place !== null && place >= brush[0] - 1e-9 && place <= brush[1] + 1e-9;
  });

/**
 * The metrics that most runs have, for columns of a list.
 * @param {ReadonlyArray<{metrics: Record<string, unknown>}>} rows
 * @param {number} most
 */
export function figures(rows, most) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (const { metrics } of rows)
    for (const key of Object.keys(metrics))
      if (!/^(time\.|step\.|images_per_s|progress\.|trials\.|best\.|export_|c$|temperature$|held_out$)/.test(key))
        seen.set(key, (seen.get(key) ?? 0) + 1);
  return [...seen]
    .sort(([a, n], [b, m]) => m - n || a.localeCompare(b))
    .slice(0, most)
    .map(([key]) => key);
}
