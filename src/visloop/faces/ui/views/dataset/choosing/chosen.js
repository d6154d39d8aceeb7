// @ts-check
/** Pictures that are chosen in a grid: stretches of what a question finds, kept on the server under a name. */
import { useEffect, useMemo, useRef, useState } from "../../../lib/dom.js";
import { asError, call } from "../../../lib/api.js";
import { each, has, joined, NOWHERE, read, sizeOf, turned, written } from "./places.js";
import { parted } from "../../../lib/questions.js";

/** @typedef {import("./places.js").Places} Places */
/** @typedef {import("../../../lib/pages.js").Samples} Samples */
/** What a grid shows: how its places are told to `pick`, and where those of a pick stand in it now (null: where they stood). @typedef {{key: string, question: string, named: (places: Places) => Promise<Partial<import("../../../api.d.ts").PickAsk>>, places: (pick: string) => Promise<string | null>}} Shown */
/** `where` finds them, and is empty while that is not known yet. @typedef {{count: number, total: number, all: boolean, where: string | null, problem: import("../../../lib/api.js").ApiError | null, choosing: import("../../../lib/window.js").Choosing}} Chosen */

const PAUSE_MS = 250;
/** So many are named one by one; of more, the server is told where they stand. */
const NAMED = 500;

const NONE = { places: NOWHERE, all: false, last: -1 };
const UNKNOWN = { places: NOWHERE, pick: "", state: "" };

/**
 * @param {{dataset: string, total: number, state: string, shown: Shown}} properties `state`: another one as soon as places may be
 * @returns {Chosen}
 */
export function useChosen({ dataset, total, state, shown }) {
  const [chosen, setChosen] = useState(NONE);
  const [kept, setKept] = useState(UNKNOWN);
  const [problem, setProblem] = useState(/** @type {import("../../../lib/api.js").ApiError | null} */ (null));
  const latest = useRef({ shown, total });
  latest.current = { shown, total };
  const { places, all } = chosen;
  const clear = () => {
    setChosen(NONE);
    setKept(UNKNOWN);
  };
  useEffect(() => {
    clear();
    setProblem(null);
  }, [shown.key]);

  // what is chosen gets a name, under which it stays the same whatever becomes of the question
  useEffect(() => {
    if (all || !places.length || kept.places === places) return undefined;
    let alive = true;
    const timer = setTimeout(async () => {
      try {
        const done = await call("pick", { dataset, ...(await latest.current.shown.named(places)) });
        if (alive) setKept({ places, pick: done.pick, state });
        if (alive) setProblem(null);
      } catch (caught) {
        if (!alive) return;
        setProblem(asError(caught));
        clear();
      }
    }, PAUSE_MS);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [places, all]);
  // the data changed: the same pictures may stand elsewhere
  useEffect(() => {
    if (all || !kept.pick || !state || kept.state === state) return undefined;
    let alive = true;
    latest.current.shown
      .places(kept.pick)
      .then((marked) => {
        if (!alive) return undefined;
        if (marked === null) return setKept({ ...kept, state });
        const moved = read(marked);
        if (!moved.length) return clear();
        setChosen({ places: moved, all: false, last: -1 });
        return setKept({ places: moved, pick: kept.pick, state });
      })
      .catch((caught) => alive && setProblem(asError(caught)));
    return () => {
      alive = false;
    };
  }, [state, kept]);

  const choosing = useMemo(
    () => ({
      any: all || places.length > 0,
      has: (/** @type {number} */ index) => all || has(places, index),
      turn: (/** @type {number} */ index, /** @type {boolean} */ far) =>
        setChosen((before) => {
          const now = before.all ? joined(NOWHERE, 0, latest.current.total) : before.places;
          const from = far && before.last >= 0 ? before.last : index;
          const next = far ? joined(now, Math.min(from, index), Math.max(from, index) + 1) : turned(now, index);
          return { places: next, all: false, last: index };
        }),
      all: () => setChosen({ places: NOWHERE, all: true, last: -1 }),
      clear,
    }),
    [places, all],
  );
  const whole = all || (total > 0 && sizeOf(places) === total);
  return {
    count: all ? total : sizeOf(places),
    total,
    all: whole,
    where: whole ? shown.question : kept.places === places && kept.pick ? `pick(${kept.pick})` : null,
    problem,
    choosing,
  };
}

/**
 * What a question finds. Few are told by their names, many by where they stand in its answer.
 * @param {{at: string, split: string, text: string, samples: Samples}} asked `at`: what `text` is asked of
 * @returns {Shown}
 */
export const answerOf = ({ at, split, text, samples }) => ({
  key: `${at} ${text}`,
  question: asQuestion(text, split),
  named: async (places) => {
    const ids = sizeOf(places) <= NAMED ? [...each(places)].map((index) => samples.at(index)?.id) : [undefined];
    const known = ids.flatMap((id) => (id ? [id] : []));
    if (known.length === ids.length) return { ids: known };
    return { where: text, places: written(places), at, state: samples.head?.state ?? "" };
  },
  places: async (pick) => (await call("query", { text, at, limit: 0, mark: `pick(${pick})` })).marked ?? "",
});

/** The question, asked of the whole data set as it is. @param {string} text @param {string} split */
export function asQuestion(text, split) {
  if (!split) return text;
  const [said, order] = parted(text);
  const inside = `split = "${split.replaceAll('"', '\\"')}"`;
  return [said ? `${inside} and (${said})` : inside, order].filter(Boolean).join(" ");
}
