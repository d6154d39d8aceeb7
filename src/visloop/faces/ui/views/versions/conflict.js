// @ts-check
/** One conflict: base, ours and theirs beside one another, and what can be taken. */
import { code, div, h, p, span, strong } from "../../lib/dom.js";
import { plain } from "./changes.js";
import { placed } from "../../lib/marks.js";
import { act, badge, failure, panel } from "../../lib/parts.js";
import { useAnswer } from "../../lib/use.js";
import { Sides } from "./pair.js";
import { fieldInWords, TAKES } from "./words.js";

/** @typedef {import("../../api.d.ts").MergeConflict} MergeConflict */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./conflicts.js").Status} Status */
/** @typedef {import("./conflicts.js").Take} Take */

const SIDES = /** @type {const} */ (["base", "ours", "theirs"]);

/** @param {{name: string, conflict: MergeConflict, status: Status, busy: string, onTake: (take: Take) => void}} properties */
export function Conflict({ name, conflict, status, busy, onTake }) {
  const { data, error } = useAnswer("merge.show", { dataset: name, conflict: conflict.id });
  const label = labelOf(conflict, data);
  const kept = (/** @type {string} */ side) => conflict.take === side || (conflict.take === "both" && side !== "base");
  const said = (/** @type {"base" | "ours" | "theirs"} */ side) => [
    span(`${side} ${status[side] ?? ""}: `),
    strong({ class: kept(side) ? "best" : "" }, plain(conflict[side])),
    kept(side) ? span({ class: "best" }, " ✓") : null,
  ];
  return panel(
    {
      title: conflict.path || conflict.object,
      class: "named compared",
      aside: conflict.take ? badge(`takes ${conflict.take}`, "good") : badge("open", "bad"),
    },
    p(
      "Both sides changed ",
      span({ class: "branch-name" }, fieldInWords(conflict.field)),
      label ? ` of ${label}` : "",
      " differently.",
    ),
    div(
      { class: "row takes", role: "group", "aria-label": "what to keep" },
      ...TAKES.filter(([take]) => take !== "both" || conflict.both).map(([take, key]) =>
        act(`Take ${take}`, () => onTake(take), {
          key,
          kind: conflict.take === take ? "primary" : undefined,
          busy: busy === take,
        }),
      ),
      act("Undo", () => onTake("open"), {
        key: "u",
        kind: "quiet",
        disabled: conflict.take === null,
        busy: busy === "open",
      }),
    ),
    failure(error),
    data && (data.base || data.ours || data.theirs)
      ? h(Sides, {
          sides: SIDES.map((side) => ({
            title: said(side),
            sample: data[side],
            drawn: drawn(data[side], conflict, side),
            none: "not there",
          })),
        })
      : data
        ? div({ class: "pair of-3" }, ...SIDES.map((side) => p(...said(side))))
        : null,
    conflict.object && conflict.path
      ? p({ class: "muted small foot" }, "object ", code(conflict.object.slice(0, 12)))
      : null,
  );
}

/** What the object is called. @param {MergeConflict} conflict @param {{base: Sample | null, ours: Sample | null, theirs: Sample | null} | null} data */
function labelOf(conflict, data) {
  if (!conflict.object || !data) return "";
  for (const side of SIDES) {
    const found = (data[side]?.annotations ?? []).find((each) => each.id === conflict.object);
    if (found?.label) return found.label;
  }
  return conflict.path ? "" : conflict.object;
}

/**
 * The object that is in conflict in the colour of its side, the others thin.
 * @param {Sample | null} sample
 * @param {MergeConflict} conflict
 * @param {"base" | "ours" | "theirs"} side
 */
function drawn(sample, conflict, side) {
  const kind = { base: "attributes", ours: "moved", theirs: "relabelled" }[side];
  return (sample?.annotations ?? [])
    .filter(placed)
    .map((annotation) => ({
      annotation,
      kind: annotation.id && annotation.id === conflict.object ? kind : "",
      ghost: false,
    }))
    .sort((a, b) => Number(Boolean(a.kind)) - Number(Boolean(b.kind)));
}
