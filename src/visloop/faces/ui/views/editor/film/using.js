// @ts-check
/** The film of the picture that is open: asked for once, told anew when somebody changes it. */
import { useEffect, useState } from "../../../lib/dom.js";
import { asError, call, large } from "../../../lib/api.js";
import { onChange } from "../../../lib/pulse.js";
import { edits, onTaken } from "../../../lib/sending/edits.js";
import { isFollowed } from "./course.js";
import { Film } from "./film.js";

/** @typedef {import("../../../api.d.ts").Sample} Sample */
/** @typedef {{film: Film, history: {done: import("../desk.js").Step[], undone: import("../desk.js").Step[]}}} Reel */

const PAUSE_MS = 1500;
const AHEAD = 4;
/** @type {Map<string, Reel>} those of this tab, by data set and name */
const reels = new Map();

onTaken(({ dataset }, sample, tracks) => {
  for (const { film } of reels.values())
    if (tracks.length && film.dataset === dataset && film.at(sample.path) >= 0) film.refreshed(tracks);
});

/** @param {string} dataset @param {string} path */
const reelOf = (dataset, path) =>
  [...reels.values()].find(({ film }) => film.dataset === dataset && film.at(path) >= 0) ?? null;

/** @param {string} dataset @param {string} path */
async function ask(dataset, path) {
  const told = await call("label.track", { dataset, film: path });
  const frames = /** @type {import("./film.js").Frame[]} */ (told.frames);
  const tracks = /** @type {import("./film.js").Seen[]} */ (told.tracks);
  return new Film(dataset, told.film, frames, tracks);
}

/** @param {Film} film @param {boolean} fresh nothing was taken while it was asked for @returns {Reel} */
function kept(film, fresh) {
  const key = `${film.dataset}/${film.name}`;
  const known = reels.get(key);
  const reel = known && !fresh ? known : { film, history: known?.history ?? { done: [], undone: [] } };
  reels.set(key, reel);
  return reel;
}

/** The film that an edit is of, as the server has it now; null: of none that is open here. @param {import("../desk.js").EditAsk} edit */
export async function refilmed({ dataset, path, task }) {
  if (task || !reelOf(dataset, path)) return null;
  return kept(await ask(dataset, path), true).film;
}

/** Whether it is a frame of a film, or was followed by another tool. @param {Sample | null} sample */
const isFrame = (sample) =>
  Boolean(sample && (sample.metadata?.["image.source_video"] || (sample.annotations ?? []).some(isFollowed)));

/**
 * @param {string} dataset
 * @param {Sample | null} sample that is open
 * @param {() => void} redraw
 * @returns {{reel: Reel | null, error: import("../../../lib/api.js").ApiError | null}} no reel: it is no frame
 */
export function useFilm(dataset, sample, redraw) {
  const path = sample?.path ?? "";
  const wanted = isFrame(sample) || Boolean(path && reelOf(dataset, path));
  const [reel, setReel] = useState(/** @type {Reel | null} */ (null));
  const [error, setError] = useState(/** @type {import("../../../lib/api.js").ApiError | null} */ (null));
  const known = path ? reelOf(dataset, path) : null;
  useEffect(() => {
    if (!wanted) return undefined;
    let alive = true;
    let asked = 0;
    let later = 0;
    const load = async () => {
      const before = edits.state.taken;
      asked = Date.now();
      try {
        const found = await ask(dataset, path);
        if (!alive) return;
        const fresh = edits.state.taken === before; // else it may be older than what was taken since
        setReel(kept(found, fresh));
        setError(null);
        if (!fresh) again();
      } catch (caught) {
        const problem = asError(caught);
        if (alive && problem.passing) again();
        else if (alive) setError(problem);
      }
      if (alive) redraw();
    };
    const again = () => {
      clearTimeout(later);
      later = window.setTimeout(load, Math.max(0, asked + PAUSE_MS - Date.now()));
    };
    load();
    const stop = onChange(again);
    return () => {
      alive = false;
      clearTimeout(later);
      stop();
    };
  }, [dataset, wanted, known?.film.name]);
  return wanted ? { reel: known ?? reel, error } : { reel: null, error: null };
}

/** Pictures that are needed soon are fetched. @param {Film} film @param {number} at */
export function prefetch(film, at) {
  for (const frame of film.frames.slice(at + 1, at + 1 + AHEAD)) new Image().src = large(frame);
}
