// @ts-check
/**
 * What is half drawn – the places of a polygon, the points of a skeleton – outlives the tab: kept in this browser,
 * picture by picture, with every place that is set; offered when the picture is opened again; gone once it is finished,
 * cancelled, or dropped.
 */
import { act, when } from "../../lib/parts.js";
import { div, p, useEffect, useMemo, useRef, useState } from "../../lib/dom.js";
import { shelf } from "../../lib/sending/shelf.js";
import { count } from "../../lib/words.js";
import { freshId } from "./desk.js";

/** @typedef {import("./shapes.js").Place} Place */
/** @typedef {import("../../lib/sending/outbox.js").Shelf} Shelf */
/** @typedef {{id: string, tool: "polygon" | "points", label: string, places: Place[], time: number}} Draft */

const PREFIX = "visloop.draft.";
const ROUND = 100;

/** What is half drawn on a picture, oldest first. @param {Shelf} shelf @param {string} picture @returns {Draft[]} */
export function drafts(shelf, picture) {
  try {
    const found = JSON.parse(shelf.getItem(PREFIX + picture) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => each?.places?.length) : [];
  } catch {
    return [];
  }
}

/** As it is now, in the place of what was known of it. @param {Shelf} shelf @param {string} picture @param {Draft} draft */
export function keep(shelf, picture, draft) {
  const places = draft.places.map(({ x, y }) => ({
    x: Math.round(x * ROUND) / ROUND,
    y: Math.round(y * ROUND) / ROUND,
  }));
  const others = drafts(shelf, picture).filter(({ id }) => id !== draft.id);
  try {
    shelf.setItem(PREFIX + picture, JSON.stringify([...others, { ...draft, places }]));
  } catch {
    // a full shelf: then it is lost with the tab, as anything half drawn was
  }
}

/** @param {Shelf} shelf @param {string} picture @param {string} id */
export function drop(shelf, picture, id) {
  const others = drafts(shelf, picture).filter((each) => each.id !== id);
  if (others.length) shelf.setItem(PREFIX + picture, JSON.stringify(others));
  else shelf.removeItem(PREFIX + picture);
}

/**
 * @param {{picture: string, tool: string, label: string, stage: {current: import("./stage.js").Stage | null}, onTake: (draft: Draft) => void}} given `onTake`: its tool and class are to be taken
 */
export function useDrafts({ picture, tool, label, stage, onTake }) {
  const [, redraw] = useState(0);
  const own = useRef("");
  const taken = useRef(/** @type {Draft | null} */ (null));
  useMemo(() => {
    own.current = "";
    taken.current = null;
  }, [picture]);
  useEffect(() => {
    if (taken.current?.tool !== tool || !stage.current) return;
    own.current = taken.current.id;
    stage.current.resume(taken.current.places);
    taken.current = null;
  });
  const left = drafts(shelf, picture).filter(({ id }) => id !== own.current && id !== taken.current?.id);
  return {
    left,
    drop: (/** @type {string} */ id) => {
      drop(shelf, picture, id);
      redraw((n) => n + 1);
    },
    take: (/** @type {Draft | undefined} */ draft = left.at(-1)) => {
      if (!draft || stage.current?.busy) return;
      taken.current = draft;
      onTake(draft);
      redraw((n) => n + 1);
    },
    /** The places that are set, while a path is drawn; none when it ends. @param {readonly Place[]} places */
    onPath: (places) => {
      if (places.length && (tool === "polygon" || tool === "points")) {
        own.current ||= freshId();
        keep(shelf, picture, { id: own.current, tool, label, places: [...places], time: Date.now() });
      } else if (own.current) {
        drop(shelf, picture, own.current);
        own.current = "";
      }
    },
  };
}

/** @param {{drafts: ReturnType<typeof useDrafts>}} properties */
export function Drafts({ drafts: { left, take, drop: forget } }) {
  return div(
    { "aria-live": "polite" },
    ...left.map((each) =>
      div(
        { class: "notice slim", role: "status", key: each.id },
        div(
          { class: "notice-words" },
          p(
            `Left half drawn here: ${each.tool === "points" ? "key points" : "a polygon"} of ${each.label || "no class"}, `,
            `${count(each.places.length, each.tool === "points" ? "point" : "corner")}, `,
            when(new Date(each.time).toISOString()),
          ),
        ),
        act("Go on", () => take(each), { key: each === left.at(-1) ? "r" : undefined, title: "draw the rest of it" }),
        act("Drop it", () => forget(each.id), { kind: "quiet" }),
      ),
    ),
  );
}
