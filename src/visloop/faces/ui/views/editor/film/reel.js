// @ts-check
/** A film on the table: the chosen track, where it would be, playing, and what each key and button of the strip does. */
import { useEffect, useState } from "../../../lib/dom.js";
import { freshId } from "../desk.js";
import { edits } from "../../../lib/sending/edits.js";
import { isFollowed } from "./course.js";
import { ended, ghost, gone, hidden, joined, keyed, left, renamed, split } from "./deeds.js";
import { prefetch } from "./using.js";

/** @typedef {import("../../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../../api.d.ts").Sample} Sample */
/** @typedef {import("./course.js").Followed} Followed */
/** @typedef {import("./film.js").Track} Track */
/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {ReturnType<typeof useReel>} Reeling */

const SLOWEST_MS = 1000;
const FASTEST_MS = 60;

/** A shape that can be followed. @param {Annotation | null} each */
const canFollow = (each) => Boolean(each && !isFollowed(each) && each.type !== "class" && each.type !== "number");

/** A drawn shape as a part of a track. @param {Annotation} each @param {string} track @param {string} label @returns {Annotation} */
function partOf(each, track, label) {
  const same = { ...each, id: track, track, label, review: /** @type {const} */ ("accepted") };
  return /** @type {Annotation} */ (each.type === "box" ? { ...same, type: "track" } : same);
}

/**
 * @param {{desk: Desk, reel: import("./using.js").Reel | null, tool: import("../gestures.js").Tool, selected: string | null, select: (id: string | null) => void, redraw: () => void, goTo: (frame: Sample) => void}} given
 */
export function useReel({ desk, reel, tool, selected, select, redraw, goTo }) {
  const film = reel?.film ?? null;
  const here = film ? film.at(desk.sample.path) : -1;
  const [playing, setPlaying] = useState(/** @type {number | null} */ (null));
  const tracks = film ? film.tracks(edits.state.waiting) : new Map();
  const idle = playing === null; // nothing is changed in a frame that passes by
  const track = /** @type {Track | null} */ ((selected && tracks.get(selected)) || null);
  const absent = track && here >= 0 ? ghost(track, here) : null;
  const at = playing ?? here;
  useEffect(() => {
    if (film) prefetch(film, at);
  }, [film, at]);
  useEffect(() => {
    if (!film || playing === null) return undefined;
    if (playing >= film.frames.length - 1) return void stop();
    const lasts = 1000 * ((film.frames[playing + 1].time_s ?? 0) - (film.frames[playing].time_s ?? 0));
    const pause = Math.max(FASTEST_MS, Math.min(SLOWEST_MS, lasts || 200));
    const timer = setTimeout(() => setPlaying(playing + 1), pause);
    return () => clearTimeout(timer);
  }, [film, playing]);
  const go = (/** @type {number} */ to) => {
    const frame = film?.frames[Math.max(0, Math.min(film.frames.length - 1, to))];
    if (frame && frame.path !== desk.sample.path) goTo(frame);
  };
  function stop() {
    if (playing !== null) go(playing);
    setPlaying(null);
  }
  useEffect(() => setPlaying(null), [film?.name]);
  const make = (/** @type {import("../desk.js").Change[]} */ changes) => {
    desk.make(changes);
    redraw();
  };
  const object = track?.shown.get(here) ?? null;
  const keys = track ? [...track.keys.keys()] : [...tracks.values()].flatMap(({ keys: all }) => [...all.keys()]);
  const next = Math.min(...keys.filter((key) => key > here));
  const previous = Math.max(...keys.filter((key) => key < here));
  /** With a track that is chosen. @param {(film: import("./film.js").Film, track: Track) => import("../desk.js").Change[]} deed */
  const ofTrack = (deed) => () => film && track && idle && make(deed(film, track));
  const deeds = {
    go,
    step: (/** @type {number} */ by) => (playing === null ? go(here + by) : setPlaying(Math.max(0, playing + by))),
    play: () => (playing === null ? setPlaying(here) : stop()),
    nextKey: () => Number.isFinite(next) && go(next),
    previousKey: () => Number.isFinite(previous) && go(previous),
    start: (/** @type {Annotation | null} */ each) => {
      if (!idle || !each || !canFollow(each)) return;
      desk.change([partOf(each, each.id ?? freshId(), each.label ?? "")]);
      redraw();
    },
    key: ofTrack((f, t) => keyed(f, t, here, object?.key_frame ? null : (object ?? absent))),
    leave: ofTrack((f, t) => left(f, t, here)),
    end: ofTrack((f, t) => ended(f, t, here)),
    split: ofTrack((f, t) => split(f, t, here, freshId())),
    occluded: () => {
      if (!object || !idle) return;
      const { occluded, ...rest } = object.attributes ?? {};
      desk.change([{ ...object, attributes: occluded ? rest : { ...rest, occluded: true } }]);
      redraw();
    },
    remove: ofTrack((f, t) => (select(null), gone(f, t))),
    join: (/** @type {string} */ other) => {
      const second = tracks.get(other);
      if (film && track && second && idle) make(joined(film, track, second));
    },
  };
  const drawn = absent && tool === (absent.type === "track" ? "box" : absent.type) ? absent.track : undefined;
  return {
    film,
    here,
    at,
    playing,
    drawn,
    tracks,
    track,
    object,
    absent,
    deeds,
    canKey: Boolean(object || absent),
    stop,
  };
}

/**
 * What is put and removed, where it is of a track: what is called as a track is, is placed in a key frame of it; another
 * class is the whole track's; removed, it is not in this frame.
 * @param {{film: import("./film.js").Film | null, here: number, tracks: Map<string, Track>}} reeling
 * @param {Desk} desk
 * @param {Annotation[]} put
 * @param {string[]} removed
 */
export function changed({ film, here, tracks }, desk, put, removed) {
  if (!film) return desk.change(put, removed);
  /** @type {import("../desk.js").Change[]} */
  const whole = [];
  const plain = put.flatMap((each) => {
    const track = tracks.get(each.id ?? "");
    if (track && isFollowed(each) && each.label !== track.label) whole.push(...renamed(film, track, each.label ?? ""));
    if (track && isFollowed(each) && each.label !== track.label) return [];
    return [track ? partOf(each, track.track, track.label) : each];
  });
  for (const id of removed) {
    const track = tracks.get(id);
    if (track) whole.push(...hidden(film, track, here));
  }
  desk.change(
    plain,
    removed.filter((id) => !tracks.has(id)),
  );
  return desk.make(whole);
}
