// @ts-check
/** A map and its colours, fetched: made by the server where it is not there yet, with progress; given up at will. */
import { useEffect, useRef, useState } from "../../../lib/dom.js";
import { asError, call, follow } from "../../../lib/api.js";
import { bytesOf, hexAt } from "./places.js";

/** @typedef {import("../../../api.d.ts").MapAnswer} Answer */
/** @typedef {{points: Float32Array, id: (index: number) => string, image: (index: number) => string, indexOf: (id: string) => number | undefined, count: number}} Points */
/** @typedef {{field: string, names: string[], counts: number[], codes: Uint8Array, values: Float32Array}} Colours */

const ID = 16;
const DIGEST = 32;

/**
 * @param {string} ref
 * @param {string} by
 */
export function useMap(ref, by) {
  const [state, setState] = useState(
    /** @type {{answer: Answer | null, points: Points | null, error: import("../../../lib/api.js").ApiError | null, words: string}} */ ({
      answer: null,
      points: null,
      error: null,
      words: "",
    }),
  );
  const [tries, setTries] = useState(0);
  const stop = useRef(() => {});
  useEffect(() => {
    const giving = new AbortController();
    let alive = true;
    stop.current = () => giving.abort();
    setState({ answer: null, points: null, error: null, words: "" });
    const load = async () => {
      const answer = await follow(
        "map",
        { ref, by },
        (words) => alive && setState((before) => ({ ...before, words })),
        giving.signal,
      );
      const told = await call("map.points", { ref, by: answer.by, names: true });
      if (!giving.signal.aborted) setState({ answer, points: unpacked(told), error: null, words: "" });
    };
    load().catch((caught) => {
      const error = asError(caught);
      if (alive) setState((before) => (before.points ? before : { ...before, error, words: "" }));
    });
    return () => {
      alive = false;
      giving.abort();
    };
  }, [ref, by, tries]);
  return { ...state, cancel: () => stop.current(), again: () => setTries(tries + 1) };
}

/** @param {import("../../../api.d.ts").PointsAnswer} told @returns {Points} */
function unpacked(told) {
  const [points, ids, images] = [
    new Float32Array(bytesOf(told.points).buffer),
    bytesOf(told.ids),
    bytesOf(told.images),
  ];
  /** @type {Map<string, number> | null} */
  let places = null;
  return {
    points,
    count: told.count,
    id: (index) => hexAt(ids, index, ID),
    image: (index) => hexAt(images, index, DIGEST),
    indexOf: (id) => {
      places ??= new Map(Array.from({ length: told.count }, (_, at) => [hexAt(ids, at, ID), at]));
      return places.get(id);
    },
  };
}

/**
 * @param {string} ref
 * @param {string} by
 * @param {string} field
 * @param {boolean} ready whether the map is there
 */
export function useColours(ref, by, field, ready) {
  const [found, setFound] = useState(
    /** @type {{colours: Colours | null, error: import("../../../lib/api.js").ApiError | null}} */ ({
      colours: null,
      error: null,
    }),
  );
  useEffect(() => {
    if (!ready) return undefined;
    let alive = true;
    call("map.points", { ref, by, color: field })
      .then((told) => {
        const colours = {
          field: told.field ?? field,
          names: told.names ?? [],
          counts: told.counts ?? [],
          codes: bytesOf(told.codes ?? ""),
          values: new Float32Array(bytesOf(told.values ?? "").buffer),
        };
        if (alive) setFound({ colours, error: null });
      })
      .catch((caught) => alive && setFound({ colours: null, error: asError(caught) }));
    return () => {
      alive = false;
    };
  }, [ref, by, field, ready]);
  return found;
}
