// @ts-check
/** How many pictures are chosen, and what can be done with them; it stays until what was done is let go of. */
import { a, div, h, p, span, strong, useState } from "../../../lib/dom.js";
import { act, failure } from "../../../lib/parts.js";
import { address, go, useKeys } from "../../../lib/use.js";
import { count } from "../../../lib/words.js";
import { Acts } from "./acts.js";

/** @typedef {import("./chosen.js").Chosen} Chosen */

/**
 * @param {{name: string, version: string, split: string, text: string, chosen: Chosen, classes: readonly string[], quiet: boolean, mend?: {words: string, ask: object} | null}} properties `quiet`: something lies above, keys are not for it; `mend`: what the finding suggests
 */
export function ChosenBar({ name, version, split, text, chosen, classes, quiet, mend = null }) {
  const { choosing, total } = chosen;
  const [done, setDone] = useState(false);
  useKeys(quiet || !choosing.any ? {} : { Escape: choosing.clear });
  if (!choosing.any && !done && !chosen.problem) return null;
  const here = ["data", name, version, split || "all", "find"];
  return div(
    { class: "chosen-bar", role: "region", "aria-label": "chosen pictures" },
    div(
      { class: "row" },
      span(
        { role: "status" },
        choosing.any
          ? [strong(count(chosen.count, "picture")), ` of ${total.toLocaleString("en")} chosen`]
          : "None chosen",
      ),
      chosen.all ? null : act(`All ${total.toLocaleString("en")}`, choosing.all, { kind: "quiet", key: "Ctrl A" }),
      choosing.any && chosen.where && chosen.where !== text
        ? a(
            { href: address(...here, chosen.where), title: "an address of its own; save it there as a view" },
            "Keep as a pick",
          )
        : null,
      choosing.any && chosen.where
        ? a({ href: address("data", name, version, "all", "export", chosen.where) }, "Export …")
        : null,
      span({ class: "grow" }),
      choosing.any
        ? act("Let go", choosing.clear, { kind: "quiet", key: "Esc" })
        : act("Close", () => setDone(false), { kind: "quiet" }),
    ),
    failure(chosen.problem),
    version === "work"
      ? h(Acts, {
          dataset: name,
          where: chosen.where ?? "",
          ready: chosen.where !== null,
          total: chosen.count,
          classes,
          mend,
          onDone: () => setDone(true),
        })
      : p(
          { class: "muted small row" },
          "Versions stay as they are.",
          chosen.where
            ? act(
                "Change them in the data set as it is",
                () => go("data", name, "work", "all", "find", chosen.where ?? ""),
                { kind: "quiet" },
              )
            : null,
        ),
  );
}
