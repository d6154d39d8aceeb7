// @ts-check
/** The strip below a film's frame: where in the film it is, each track with its key frames, and what can be done to it. */
import { button, div, h, input, option, path, select, span, svg, useEffect } from "../../../lib/dom.js";
import { act, dot } from "../../../lib/parts.js";
import { clock } from "../../../lib/states.js";
import { count } from "../../../lib/words.js";

/** @typedef {import("./reel.js").Reeling} Reeling */
/** @typedef {import("./film.js").Track} Track */
/** @typedef {import("../../../lib/marks.js").Annotation} Annotation */

/** The runs of frames that show it, as [first, last]. @param {Track} track */
function spans({ shown }) {
  /** @type {Array<[number, number]>} */
  const found = [];
  for (const at of [...shown.keys()].sort((a, b) => a - b)) {
    const last = found[found.length - 1];
    if (last && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

/** A track's class, and which of them it is. @param {Track} track @param {Iterable<Track>} all */
export function inWords(track, all) {
  const alike = [...all].filter(({ label }) => label === track.label);
  return alike.length > 1 ? `${track.label} ${alike.indexOf(track) + 1}` : track.label;
}

/** A button of one sign. @param {string} shown @param {string} words @param {string} key @param {() => void} onClick */
const sign = (shown, words, key, onClick, disabled = false) =>
  button({ type: "button", "aria-label": words, title: `${words} (${key})`, onClick, disabled }, shown);

/** A hand that clicked goes on with keys that mean the film, not the button. @param {MouseEvent} event */
const backToFrame = (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const frame = /** @type {HTMLElement | null} */ (document.querySelector(".edit-frame"));
  if (event.detail && !target.closest("select, input")) frame?.focus({ preventScroll: true });
};

/** @param {{reeling: Reeling, current: Annotation | null, colour: (name: string | undefined) => string, onSelect: (id: string | null) => void}} properties */
export function Strip({ reeling, current, colour, onSelect }) {
  const { film, at, playing, tracks, track, deeds } = reeling;
  const chosen = track?.track;
  useEffect(() => {
    const lane = /** @type {HTMLElement | null} */ (document.querySelector(".reel-lane.here"));
    const room = lane?.parentElement;
    if (!lane || !room) return;
    const [top, low] = [lane.offsetTop, lane.offsetTop + lane.offsetHeight];
    if (top < room.scrollTop || low > room.scrollTop + room.clientHeight) room.scrollTop = top - room.clientHeight / 2;
  }, [chosen]);
  if (!film) return null;
  const last = film.frames.length - 1;
  const seconds = film.frames[at]?.time_s;
  const all = [...tracks.values()];
  return div(
    { class: "reel", role: "group", "aria-label": `film ${film.name}`, onClick: backToFrame },
    div(
      { class: "edit-bar" },
      sign("⇤", "previous key frame", ",", deeds.previousKey),
      sign("‹", "previous frame", "a", () => deeds.step(-1), at <= 0),
      act(playing === null ? "Play" : "Pause", deeds.play, { key: "Space" }),
      sign("›", "next frame", "d", () => deeds.step(1), at >= last),
      sign("⇥", "next key frame", ".", deeds.nextKey),
      span(
        { class: "muted small reel-when" },
        `frame ${at + 1} of ${last + 1}${typeof seconds === "number" ? `, ${clock(seconds)}` : ""}`,
      ),
      span({ class: "grow" }),
      h(Deeds, { reeling, current }),
    ),
    div(
      { class: "reel-lanes" },
      span({ class: "muted small" }, count(all.length, "track")),
      input({
        type: "range",
        min: 0,
        max: last,
        value: String(at),
        "aria-label": "frame of the film",
        "aria-valuetext": `frame ${at + 1} of ${last + 1}`,
        onInput: (/** @type {any} */ event) => deeds.go(Number(event.target.value)),
      }),
      ...all.flatMap((each) =>
        lane(each, inWords(each, all), { chosen: each === track, last, at, colour, onSelect, go: deeds.go }),
      ),
    ),
    all.length
      ? null
      : span({ class: "muted small" }, "No tracks yet: draw a box, press t to follow it, go on, and draw it again."),
  );
}

/**
 * @param {Track} track
 * @param {string} words
 * @param {{chosen: boolean, last: number, at: number, colour: (name: string | undefined) => string, onSelect: (id: string | null) => void, go: (to: number) => void}} how
 */
function lane(track, words, { chosen, last, at, colour, onSelect, go }) {
  const runs = spans(track);
  const line = runs.map(([a, b]) => `M${a + 0.08} 6H${b + 0.92}`).join("");
  const keys = [...track.keys.keys()].map((key) => `M${key + 0.5} 1V11`).join("");
  const told = `${words}: ${count(track.keys.size, "key frame")}, frames ${runs.map(([a, b]) => (a === b ? a + 1 : `${a + 1} to ${b + 1}`)).join(", ")}`;
  return [
    button(
      {
        key: `${track.track} name`,
        type: "button",
        class: chosen ? "quiet here" : "quiet",
        "aria-pressed": String(chosen),
        "aria-label": `track ${told}`,
        onClick: () => onSelect(chosen ? null : track.track),
      },
      dot(colour(track.label)),
      words,
    ),
    div(
      {
        key: track.track,
        class: chosen ? "reel-lane here" : "reel-lane",
        title: told,
        onClick: (/** @type {any} */ event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onSelect(track.track);
          go(Math.floor(((event.clientX - box.x) / box.width) * (last + 1)));
        },
      },
      svg(
        { viewBox: `0 0 ${last + 1} 12`, preserveAspectRatio: "none", "aria-hidden": "true" },
        path({ d: line, class: "reel-span", style: `stroke:${colour(track.label)}` }),
        path({ d: keys, class: "reel-key" }),
        path({ d: `M${at + 0.5} 0V12`, class: "reel-now" }),
      ),
    ),
  ];
}

/** What can be done to what is chosen. @param {{reeling: Reeling, current: Annotation | null}} properties */
function Deeds({ reeling, current }) {
  const { tracks, track, object, here, canKey, deeds, absent } = reeling;
  if (!track) {
    const none = !current || current.type === "class" || current.type === "number";
    return act("Follow", () => deeds.start(current), {
      key: "t",
      disabled: none,
      title: "what is chosen begins a track",
    });
  }
  const others = [...tracks.values()].filter((each) => each !== track);
  const first = Math.min(...track.shown.keys());
  return div(
    { class: "edit-bar" },
    absent ? span({ class: "muted small" }, "out of sight here: draw it, or place the dashed shape") : null,
    act(object?.key_frame ? "No key frame" : absent ? "Place here" : "Key frame", deeds.key, {
      key: "f",
      disabled: !canKey || (Boolean(object?.key_frame) && track.keys.size < 2),
    }),
    object
      ? [
          act(track.stops.has(here) ? "Stays" : "Leaves", deeds.leave, {
            key: "l",
            title: "out of sight after this frame, until its next key frame",
          }),
          act("End here", deeds.end, { title: "nothing of it after this frame (Shift l)" }),
          act(object.attributes?.occluded ? "Not occluded" : "Occluded", deeds.occluded, {
            key: "q",
            title: "something stands before it",
          }),
          act("Split", deeds.split, { key: "s", disabled: here === first, title: "from here on it is another" }),
        ]
      : null,
    others.length
      ? select(
          {
            "aria-label": "join with another track",
            value: "",
            onChange: (/** @type {any} */ event) => event.target.value && deeds.join(event.target.value),
          },
          option({ value: "" }, "Join with …"),
          ...others.map((each) => option({ value: each.track }, inWords(each, tracks.values()))),
        )
      : null,
    act("Remove track", deeds.remove, { kind: "quiet", title: "from all frames (Shift Del)" }),
  );
}
