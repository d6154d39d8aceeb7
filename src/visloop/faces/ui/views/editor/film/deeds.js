// @ts-check
/**
 * What can be done to a track, as changes of key frames: the frames between follow. Pure. Every deed is one step, that is
 * sent whole and undone whole.
 */

import { isFollowed } from "./course.js";

/** @typedef {import("./course.js").Followed} Followed */
/** @typedef {import("./film.js").Film} Film */
/** @typedef {import("./film.js").Track} Track */
/** @typedef {import("../desk.js").Change} Change */
/** @typedef {import("../desk.js").EditAsk} EditAsk */

/**
 * The changes that make one track out of another: of key frames that differ alone.
 * @param {Film} film
 * @param {import("./course.js").Course} was
 * @param {import("./course.js").Course} now
 * @param {string} track
 * @returns {Change[]}
 */
function changes(film, was, now, track) {
  const told = (/** @type {import("./course.js").Course} */ { keys, stops }, /** @type {number} */ at) => {
    const key = keys.get(at);
    return key ? { ...key, id: track, track, key_frame: true, ends: stops.has(at) } : null;
  };
  return [...new Set([...was.keys.keys(), ...now.keys.keys()])]
    .sort((a, b) => a - b)
    .map((at) => ({ id: track, path: film.frames[at].path, before: told(was, at), after: told(now, at) }))
    .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}

/** @param {Track} track @returns {import("./course.js").Course} */
const copied = ({ keys, stops }) => ({ keys: new Map(keys), stops: new Set(stops) });

/** The key frames up to a frame and its shape there; or those from it on. @param {Track} track @param {number} at @param {(at: number) => boolean} kept */
function part(track, at, kept) {
  const keys = new Map([...track.keys].filter(([k]) => kept(k)));
  const stops = new Set([...track.stops].filter(kept));
  const here = track.shown.get(at);
  if (here) keys.set(at, here);
  for (const stop of stops)
    if (!keys.has(stop) && track.shown.has(stop)) keys.set(stop, /** @type {Followed} */ (track.shown.get(stop)));
  return { keys, stops };
}

/** Its shape in a frame as a key frame, or one less. @param {Film} film @param {Track} track @param {number} at @param {Followed | null} shape */
export function keyed(film, track, at, shape) {
  const now = copied(track);
  if (shape) now.keys.set(at, shape);
  else {
    now.keys.delete(at);
    now.stops.delete(at);
  }
  return changes(film, track, now, track.track);
}

/** Out of sight after a frame until the next key frame; or in sight again. @param {Film} film @param {Track} track @param {number} at */
export function left(film, track, at) {
  const now = copied(track);
  const here = track.shown.get(at);
  if (!here) return [];
  now.keys.set(at, here);
  if (now.stops.has(at)) now.stops.delete(at);
  else now.stops.add(at);
  return changes(film, track, now, track.track);
}

/** Nothing of it after a frame. @param {Film} film @param {Track} track @param {number} at */
export function ended(film, track, at) {
  return changes(
    film,
    track,
    part(track, at, (k) => k < at),
    track.track,
  );
}

/** Not in this frame, though in those beside it. @param {Film} film @param {Track} track @param {number} at */
export function hidden(film, track, at) {
  const now = copied(track);
  now.keys.delete(at);
  now.stops.delete(at);
  const [before, after] = [track.shown.get(at - 1), track.shown.get(at + 1)];
  if (before && after) {
    now.keys.set(at - 1, before);
    now.stops.add(at - 1);
    now.keys.set(at + 1, after);
    if (track.stops.has(at + 1)) now.stops.add(at + 1);
  } else if (before) now.keys.set(at - 1, before);
  else if (after) now.keys.set(at + 1, after);
  return changes(film, track, now, track.track);
}

/** From a frame on it is another track. @param {Film} film @param {Track} track @param {number} at @param {string} name of the new one */
export function split(film, track, at, name) {
  const first = Math.min(...track.shown.keys());
  if (!track.shown.has(at) || at === first) return [];
  const before = Math.max(...[...track.shown.keys()].filter((k) => k < at));
  const none = { keys: new Map(), stops: new Set() };
  return [
    ...changes(
      film,
      track,
      part(track, before, (k) => k < before),
      track.track,
    ),
    ...changes(
      film,
      none,
      part(track, at, (k) => k > at),
      name,
    ),
  ];
}

/** Two tracks as one, called as the first; where both are in sight, the first is believed. @param {Film} film @param {Track} one @param {Track} other */
export function joined(film, one, other) {
  const now = copied(one);
  const ends = Math.max(...one.shown.keys());
  const gap = (/** @type {number} */ a, /** @type {number} */ b) => b > a + 1;
  for (const [at, key] of other.keys) if (!one.shown.has(at)) now.keys.set(at, { ...key, label: one.label });
  for (const stop of other.stops) {
    const last = other.shown.get(stop);
    if (!last || one.shown.has(stop)) continue;
    now.keys.set(stop, { ...last, label: one.label });
    now.stops.add(stop);
  }
  const later = [...other.keys.keys()].filter((k) => k > ends);
  if (later.length && gap(ends, Math.min(...later))) {
    const last = one.shown.get(ends);
    if (last) now.keys.set(ends, last);
    now.stops.add(ends);
  }
  const none = { keys: new Map(), stops: new Set() };
  return [...changes(film, other, none, other.track), ...changes(film, one, now, one.track)];
}

/** Another class, in all its frames. @param {Film} film @param {Track} track @param {string} label */
export function renamed(film, track, label) {
  const keys = new Map([...track.keys].map(([at, key]) => [at, { ...key, label }]));
  return changes(film, track, { keys, stops: track.stops }, track.track);
}

/** Nothing of it anywhere. @param {Film} film @param {Track} track */
export const gone = (film, track) => changes(film, track, { keys: new Map(), stops: new Set() }, track.track);

/**
 * What an edit that was refused would change of tracks as they are now.
 * @param {Film} film
 * @param {ReadonlyArray<{ask: EditAsk}>} waiting
 * @param {EditAsk} ask
 * @returns {Change[]}
 */
export function anew(film, waiting, ask) {
  const [before, after] = [film.tracks(waiting), film.tracks([...waiting, { ask }])];
  const none = { keys: new Map(), stops: new Set() };
  const touched = ask.edits.flatMap(({ put, was }) => [put ?? null, was ?? null].filter(isFollowed));
  return [...new Set(touched.map((each) => each.track))].flatMap((track) =>
    changes(film, before.get(track) ?? none, after.get(track) ?? none, track),
  );
}

/** Where it would be in a frame that does not show it: as it was seen last, else first. @param {Track} track @param {number} at @returns {Followed | null} */
export function ghost(track, at) {
  if (track.shown.has(at) || !track.shown.size) return null;
  const seen = [...track.shown.keys()].sort((a, b) => a - b);
  const near = seen.filter((k) => k < at).pop() ?? seen[0];
  return { .../** @type {Followed} */ (track.shown.get(near)), key_frame: false, ends: false, review: "draft" };
}
