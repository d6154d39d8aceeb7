// @ts-check
/**
 * A film that is being labelled: its frames, and each track as the server has it with the edits on their way applied.
 *
 * In one frame a track has one object: here it is called as the track is, so that it stays chosen from frame to frame.
 */
import { filled, isFollowed } from "./course.js";

/** @typedef {import("../../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../../api.d.ts").Sample} Sample */
/** @typedef {import("./course.js").Followed} Followed */
/** @typedef {import("./course.js").Course} Course */
/** @typedef {import("../desk.js").EditAsk} EditAsk */
/** @typedef {Sample & {place: number, time_s: number | null}} Frame */
/** @typedef {{frame: number, object: Followed | null}} Placed */
/** @typedef {{track: string, label: string, type: string, frames: number, keys: Placed[], stops: number[], apart: Placed[]}} Seen as the server tells it */
/** @typedef {Course & {track: string, label: string, type: string, shown: Map<number, Followed>}} Track as it is drawn */

/** @param {Followed | null} each @param {string} track @returns {Followed | null} */
const called = (each, track) => (each ? { ...each, id: track } : null);

/** What the server says of a track. @param {Seen} seen @param {readonly number[]} places @returns {Track} */
function drawn({ track, keys, stops, apart }, places) {
  const held = /** @type {Array<[number, Followed]>} */ (
    keys.map(({ frame, object }) => [frame, called(object, track)])
  );
  const course = { keys: new Map(held), stops: new Set(stops) };
  const shown = filled(course, places);
  for (const { frame, object } of apart) {
    const each = called(object, track);
    if (each) shown.set(frame, each);
    else shown.delete(frame);
  }
  return named(track, course, shown);
}

/** @param {string} track @param {Course} course @param {Map<number, Followed>} shown @returns {Track} */
function named(track, course, shown) {
  const [first] = shown.values();
  return { ...course, track, label: first?.label ?? "", type: first?.type ?? "", shown };
}

export class Film {
  /** @param {string} dataset @param {string} name @param {Frame[]} frames @param {Seen[]} tracks */
  constructor(dataset, name, frames, tracks) {
    this.dataset = dataset;
    this.name = name;
    this.frames = frames;
    this.places = frames.map(({ place }) => place);
    this.numbers = new Map(frames.map(({ path }, k) => [path, k]));
    this.known = new Map(tracks.map((each) => [each.track, drawn(each, this.places)]));
    /** @type {{waiting: unknown, known: unknown, tracks: Map<string, Track>} | null} */
    this.made = null;
  }

  /** Which frame it is; -1: none of this film. @param {string} path */
  at(path) {
    return this.numbers.get(path) ?? -1;
  }

  /** What the server says anew of some tracks. @param {Seen[]} tracks */
  refreshed(tracks) {
    const known = new Map(this.known);
    for (const each of tracks) {
      if (each.frames) known.set(each.track, drawn(each, this.places));
      else known.delete(each.track);
    }
    this.known = known;
  }

  /** Every track with the edits on their way applied. @param {ReadonlyArray<{ask: EditAsk}>} waiting @returns {Map<string, Track>} */
  tracks(waiting) {
    if (this.made?.waiting === waiting && this.made.known === this.known) return this.made.tracks;
    const tracks = withEdits(this, waiting);
    this.made = { waiting, known: this.known, tracks };
    return tracks;
  }

  /** What the tracks show in a frame. @param {number} at @param {ReadonlyArray<{ask: EditAsk}>} waiting @returns {Followed[]} */
  shown(at, waiting) {
    return [...this.tracks(waiting).values()].flatMap(({ shown }) => shown.get(at) ?? []);
  }
}

/** @param {Film} film @param {ReadonlyArray<{ask: EditAsk}>} waiting */
function withEdits(film, waiting) {
  const tracks = new Map(film.known);
  /** @type {Map<string, Course>} */
  const touched = new Map();
  const course = (/** @type {string} */ track) => {
    const was = tracks.get(track);
    const now = touched.get(track) ?? { keys: new Map(was?.keys), stops: new Set(was?.stops) };
    touched.set(track, now);
    return now;
  };
  for (const { ask } of waiting) {
    if (ask.dataset !== film.dataset) continue;
    for (const { put, was, path } of ask.edits) {
      const at = film.at(path || ask.path);
      if (at < 0) continue;
      if (isFollowed(was)) {
        const { keys, stops } = course(was.track);
        keys.delete(at);
        stops.delete(at);
      }
      if (isFollowed(put)) {
        const { keys, stops } = course(put.track);
        keys.set(at, { ...put, id: put.track });
        if (put.ends) stops.add(at);
        else stops.delete(at);
      }
    }
  }
  for (const [track, now] of touched) {
    const shown = filled(now, film.places);
    if (shown.size) tracks.set(track, named(track, now, shown));
    else tracks.delete(track);
  }
  return tracks;
}
