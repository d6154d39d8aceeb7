// @ts-check
/** How a deployment is asked at most, and how many pictures go through its network together. */
import { code, dd, div, dl, dt, p, span, useEffect, useState } from "../../lib/dom.js";
import { empty, grid, panel } from "../../lib/parts.js";
import { figureOf } from "../../lib/words.js";

/** @typedef {{limit: number, because: string, ms_per_picture: Record<string, number>}} Batching */
/** @typedef {{batching?: Batching, limits?: Record<string, number | string | null>}} Parameters */

/** What the serving process says of its model; null: it does not answer, or wants a key. @param {string} name */
function useMetadata(name) {
  const [found, setFound] = useState(/** @type {Parameters | null | undefined} */ (undefined));
  useEffect(() => {
    let here = true;
    fetch(`/v2/models/${encodeURIComponent(name)}`)
      .then((reply) => (reply.ok ? reply.json() : null))
      .catch(() => null)
      .then((told) => here && setFound(told?.parameters ?? null));
    return () => {
      here = false;
    };
  }, [name]);
  return found;
}

/** @param {{name: string}} properties */
export function Limits({ name }) {
  const told = useMetadata(name);
  if (told === undefined) return null;
  const batching = told?.batching;
  const curve = Object.entries(batching?.ms_per_picture ?? {}).map(([n, ms]) => ({ n: Number(n), ms }));
  const alone = curve.find((each) => each.n === 1)?.ms;
  const limits = Object.entries(told?.limits ?? {});
  return panel(
    "Limits",
    div(
      { class: "stacked" },
      told
        ? dl(
            { class: "facts" },
            ...limits.flatMap(([limit, value]) => [
              dt(limit.replaceAll("_", " ")),
              dd(typeof value === "number" ? figureOf(value) : (value ?? "–")),
            ]),
            dt("together"),
            dd(
              batching
                ? [
                    batching.limit > 1 ? `up to ${batching.limit} pictures that wait` : "one picture at a time",
                    span(
                      { class: "muted" },
                      `: ${batching.because.replace(/\d+\.\d{3,}/g, (ms) => String(Number(Number(ms).toPrecision(3))))}`,
                    ),
                  ]
                : "–",
            ),
          )
        : empty("No serving process says", "It tells its limits while it runs.", "visloop up"),
      curve.length > 1
        ? grid(curve, [
            { title: "at once", cell: (row) => String(row.n), kind: "number" },
            { title: "ms a picture", cell: (row) => figureOf(row.ms), kind: "number" },
            {
              title: "× one",
              cell: (row) => (alone ? `${figureOf(Number((row.ms / alone).toFixed(2)))} ×` : "–"),
              kind: "number",
            },
          ])
        : null,
      p({ class: "muted small" }, "For all deployments: ", code("serve"), " in visloop.yaml."),
    ),
  );
}
