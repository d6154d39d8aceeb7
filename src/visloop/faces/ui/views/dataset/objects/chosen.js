// @ts-check
/** Objects that are chosen in the grid: places of one answer, which hold as long as the data is what was asked. */
import { useEffect, useMemo, useRef, useState } from "../../../lib/dom.js";
import { has, joined, NOWHERE, sizeOf, turned, written } from "../choosing/places.js";

/** `ask` finds them. @typedef {{count: number, all: boolean, lost: boolean, ask: {where: string, places: string, state: string}, choosing: import("../../../lib/window.js").Choosing}} Chosen */

const NONE = { places: NOWHERE, last: -1, state: "", lost: false };

/**
 * @param {{where: string, total: number, state: string}} answer `where`: the question; `state`: another one as soon as the data is
 * @returns {Chosen}
 */
export function useChosenObjects({ where, total, state }) {
  const [chosen, setChosen] = useState(NONE);
  const latest = useRef({ total, state });
  latest.current = { total, state };
  const any = chosen.places.length > 0;
  useEffect(() => setChosen(NONE), [where]);
  // what stands where is not known any more
  useEffect(() => {
    if (any && state && state !== chosen.state) setChosen({ ...NONE, lost: true });
  }, [state]);
  const choosing = useMemo(() => {
    const take = (/** @type {typeof NOWHERE} */ places, /** @type {number} */ last) =>
      setChosen({ places, last, state: latest.current.state, lost: false });
    return {
      any,
      has: (/** @type {number} */ index) => has(chosen.places, index),
      turn: (/** @type {number} */ index, /** @type {boolean} */ far) => {
        const from = far && chosen.last >= 0 ? chosen.last : index;
        const { places } = chosen;
        take(far ? joined(places, Math.min(from, index), Math.max(from, index) + 1) : turned(places, index), index);
      },
      all: () => take(joined(NOWHERE, 0, latest.current.total), -1),
      clear: () => setChosen(NONE),
    };
  }, [chosen]);
  const count = sizeOf(chosen.places);
  const all = count > 0 && count === total;
  return {
    count,
    all,
    lost: chosen.lost,
    ask: { where, places: all ? "" : written(chosen.places), state: chosen.state },
    choosing,
  };
}
