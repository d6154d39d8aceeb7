// @ts-check
/**
 * A track between its key frames, by the same rule as the server's (`vision/tracks.py`): what is drawn here at once is
 * what the server stores. Frames are counted from 0 in the film's order. Pure.
 */

/** @typedef {import("../../../lib/marks.js").Annotation} Annotation */
/** @typedef {Extract<Annotation, {type: "track" | "obb" | "polygon" | "mask" | "points"}> & {track: string}} Followed */
/** @typedef {{keys: Map<number, Followed>, stops: Set<number>}} Course where a person placed it; after which frames it is out of sight */

/** Whether it is a part of a track. @param {Annotation | null | undefined} each @returns {each is Followed} */
export const isFollowed = (each) => Boolean(each && "track" in each && each.track);

/** @param {number} turn degrees @returns {number} in [-180, 180) */
function halfTurn(turn) {
  const rest = (turn + 180) % 360;
  return (rest < 0 ? rest + 360 : rest) - 180;
}

/**
 * The shape `a`, moved towards `b` by a share in [0, 1): corners and points each in a straight line, a turned box by the
 * smaller angle; what cannot move into the other stays.
 * @param {Followed} a
 * @param {Followed} b
 * @param {number} share
 * @returns {Followed}
 */
export function between(a, b, share) {
  const moved = (/** @type {readonly number[]} */ p, /** @type {readonly number[]} */ q) =>
    p.map((value, k) => value + (q[k] - value) * share);
  if (a.type === "track" && b.type === "track")
    return { ...a, xyxy: /** @type {[number, number, number, number]} */ (moved(a.xyxy, b.xyxy)) };
  if (a.type === "obb" && b.type === "obb") {
    const cxcywh = /** @type {[number, number, number, number]} */ (moved(a.cxcywh, b.cxcywh));
    return { ...a, cxcywh, angle_deg: halfTurn(a.angle_deg + halfTurn(b.angle_deg - a.angle_deg) * share) };
  }
  if (a.type === "polygon" && b.type === "polygon") {
    const alike = a.rings.length === b.rings.length && a.rings.every((ring, k) => ring.length === b.rings[k].length);
    return alike ? { ...a, rings: a.rings.map((ring, k) => moved(ring, b.rings[k])) } : a;
  }
  if (a.type === "points" && b.type === "points" && a.points.length === b.points.length)
    return { ...a, points: a.points.map((p, k) => point(p, b.points[k], moved)) };
  return a;
}

/**
 * A point that is absent in one of the two does not move.
 * @param {readonly [number, number, number]} p
 * @param {readonly [number, number, number]} q
 * @param {(p: readonly number[], q: readonly number[]) => number[]} moved
 * @returns {[number, number, number]}
 */
function point(p, q, moved) {
  if (!p[2] || !q[2]) return [...p];
  const [x, y] = moved([p[0], p[1]], [q[0], q[1]]);
  return [x, y, p[2]];
}

/**
 * The track's object in each frame that shows it.
 * @param {Course} course
 * @param {readonly number[]} places when each frame is shown, ascending
 * @returns {Map<number, Followed>}
 */
export function filled({ keys, stops }, places) {
  /** @type {Map<number, Followed>} */
  const found = new Map();
  const order = [...keys.keys()].sort((p, q) => p - q);
  order.forEach((a, k) => {
    const [key, b] = [/** @type {Followed} */ (keys.get(a)), order[k + 1] ?? null];
    found.set(a, { ...key, key_frame: true, ends: stops.has(a) });
    const stop = Math.min(...[...stops].filter((s) => s >= a && (b === null || s < b)));
    const held = { ...key, key_frame: false, ends: false };
    if (Number.isFinite(stop)) for (let at = a + 1; at <= stop; at++) found.set(at, { ...held, ends: at === stop });
    else if (b !== null)
      for (let at = a + 1; at < b; at++) {
        const share = places[b] > places[a] ? (places[at] - places[a]) / (places[b] - places[a]) : 0;
        found.set(at, between(held, /** @type {Followed} */ (keys.get(b)), share));
      }
  });
  return found;
}
