// @ts-check
/** The graph of versions as lanes: one row a version, newest first. Pure. */

/** @typedef {{version: string, parents: readonly string[]}} Node */
/** @typedef {{from: number, to: number, kind: "past" | "in" | "out"}} Line `past` goes by, `in` comes from above, `out` leads to a parent */
/** @typedef {{lane: number, lines: Line[]}} Row */

/**
 * @param {readonly Node[]} nodes newest first
 * @returns {{rows: Row[], width: number}} which lane each stands in, and the lines of its row
 */
export function lanesOf(nodes) {
  /** @type {Array<string | null>} the version that each lane leads to */
  let lanes = [];
  let width = 0;
  const rows = nodes.map(({ version, parents }) => {
    const above = lanes;
    const waiting = above.indexOf(version);
    const lane = waiting >= 0 ? waiting : free(above);
    /** @type {Array<string | null>} */
    const below = above.map((each) => (each === version ? null : each));
    /** @type {Line[]} */
    const lines = [];
    above.forEach((each, k) => {
      if (each === version) lines.push({ from: k, to: lane, kind: "in" });
      else if (each) lines.push({ from: k, to: k, kind: "past" });
    });
    parents.forEach((parent, k) => {
      const known = below.indexOf(parent);
      const to = k === 0 ? (known >= 0 && known < lane ? known : lane) : known >= 0 ? known : free(below);
      below[to] = parent;
      lines.push({ from: lane, to, kind: "out" });
    });
    for (let k = 0; k < below.length; k++) below[k] ??= null;
    while (below.length && below[below.length - 1] === null) below.pop();
    lanes = below;
    width = Math.max(width, lane + 1, above.length, below.length);
    return { lane, lines };
  });
  return { rows, width };
}

/** The first lane that leads nowhere. @param {ReadonlyArray<string | null>} lanes */
function free(lanes) {
  const found = lanes.findIndex((each) => !each);
  return found < 0 ? lanes.length : found;
}
