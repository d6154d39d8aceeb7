// @ts-check
/** What was found wrong with a data set: told, looked for with progress, given up at will; read a page at a time. */
import { useEffect, useMemo, useRef, useState } from "../../../lib/dom.js";
import { call } from "../../../lib/api.js";
import { useDeeds } from "../../../lib/use.js";
import { each } from "../choosing/places.js";

/** @typedef {import("../../../api.d.ts").Sample} Sample */
/** @typedef {{path: string, value: number, said: string, sample?: string, object?: string, other?: string, label?: string, suggested?: string, settled: boolean}} Row */
/** A picture with what was found in it. @typedef {{path: string, rows: Row[], shown: Sample | null, other: Sample | null}} Spotted */
/** @typedef {{kind: string, title: string, why: string, measure: string, bound: number, least: boolean, mend: "" | "set" | "erase" | "drop", count: number | null, pictures: number | null, stale: boolean, looked?: number, where?: string, made?: string, seconds?: number, notes?: string[], problem?: {what: string, fix: string}, spotted?: Spotted[], found?: Row[]}} Finding */

const PAGE = 100;
const AT_ONCE = 1000;

/** Looking for something: it may take minutes, goes on while one looks elsewhere, and can be given up. @param {string} ref */
export function useLook(ref) {
  const deeds = useDeeds(`findings ${ref}`);
  const told = /** @type {Finding[]} */ (deeds.done?.answer.rows ?? []);
  return {
    ...deeds,
    refused: Object.fromEntries(told.flatMap(({ kind, problem }) => (problem ? [[kind, problem]] : []))),
    /** @param {string[]} kind @param {Record<string, number>} bound */
    look: (kind, bound = {}) =>
      deeds.run(
        kind.length === 1 ? kind[0] : "all",
        "findings",
        { ref, kind, bound, limit: 0, fresh: kind.length === 1 },
        { long: true },
      ),
  };
}

/**
 * The pictures of a finding, worst first, fetched as they come into sight.
 * @param {string} ref @param {Finding | null} finding
 */
export function useSpotted(ref, finding) {
  const [state, redraw] = useState(0);
  const kind = finding?.kind ?? "";
  const key = `${ref} ${kind} ${finding?.made ?? ""}`;
  const pages = useMemo(() => /** @type {Map<number, Spotted[]>} */ (new Map()), [key]);
  const asked = useRef(/** @type {Set<number>} */ (new Set()));
  const seen = useRef([0, 0]);
  const load = async (/** @type {number} */ page) => {
    if (asked.current.has(page) || !kind) return;
    asked.current.add(page);
    const rows = await spotted(ref, kind, page * PAGE, PAGE).catch(() => null);
    if (rows) pages.set(page, rows);
    else asked.current.delete(page);
    redraw((n) => n + 1);
  };
  const need = (/** @type {number} */ first, /** @type {number} */ last) => {
    seen.current = [first, last];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page++) load(page);
  };
  // another state of the data, another word on what is settled
  useEffect(() => {
    asked.current.clear();
    need(seen.current[0], seen.current[1]);
  }, [key, finding]);
  return {
    state: `${key} ${state}`,
    need,
    at: (/** @type {number} */ index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    /** Ids of those at some places, fetched where they were not seen yet. @param {import("../choosing/places.js").Places} places */
    named: async (places) => {
      const ids = new Set(/** @type {string[]} */ ([]));
      const known = new Map([...pages].flatMap(([page, rows]) => rows.map((row, k) => [page * PAGE + k, row])));
      for (const index of each(places)) {
        if (!known.has(index)) {
          const from = index - (index % AT_ONCE);
          const rows = await spotted(ref, kind, from, AT_ONCE);
          rows.forEach((row, k) => known.set(from + k, row));
        }
        const id = known.get(index)?.rows[0]?.sample;
        if (id) ids.add(id);
      }
      return { ids: [...ids] };
    },
  };
}

/** @param {string} ref @param {string} kind @param {number} offset @param {number} limit @returns {Promise<Spotted[]>} */
async function spotted(ref, kind, offset, limit) {
  const done = await call("findings", { ref, kind: [kind], kept: true, offset, limit, samples: true });
  return /** @type {Finding} */ (done.rows[0]).spotted ?? [];
}
