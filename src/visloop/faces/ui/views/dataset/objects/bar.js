// @ts-check
/** How many objects are chosen, and what can be done with them; it stays until what was done is let go of. */
import { a, div, h, p, span, strong, useState } from "../../../lib/dom.js";
import { act } from "../../../lib/parts.js";
import { address, useKeys } from "../../../lib/use.js";
import { count } from "../../../lib/words.js";
import { Acts } from "../choosing/acts.js";

/** @param {{name: string, version: string, total: number, chosen: import("./chosen.js").Chosen, classes: readonly string[]}} properties */
export function ChosenBar({ name, version, total, chosen, classes }) {
  const { choosing, ask } = chosen;
  const [done, setDone] = useState(false);
  useKeys(choosing.any ? { Escape: choosing.clear } : {});
  if (!choosing.any && !done && !chosen.lost) return null;
  const { where, ...more } = ask;
  return div(
    { class: "chosen-bar", role: "region", "aria-label": "chosen objects" },
    div(
      { class: "row" },
      span(
        { role: "status" },
        choosing.any
          ? [strong(count(chosen.count, "object")), ` of ${total.toLocaleString("en")} chosen`]
          : chosen.lost
            ? "The data has changed: choose again."
            : "None chosen",
      ),
      choosing.any && !chosen.all
        ? act(`All ${total.toLocaleString("en")}`, choosing.all, { kind: "quiet", key: "Ctrl A" })
        : null,
      span({ class: "grow" }),
      choosing.any
        ? act("Let go", choosing.clear, { kind: "quiet", key: "Esc" })
        : act("Close", () => (setDone(false), choosing.clear()), { kind: "quiet" }),
    ),
    version === "work"
      ? h(Acts, {
          dataset: name,
          where,
          more: { of: "objects", ...more },
          total: chosen.count,
          classes,
          onDone: () => {
            setDone(true);
            choosing.clear();
          },
        })
      : p(
          { class: "muted small" },
          "Versions stay as they are. ",
          a({ href: address("data", name, "work", "all", "objects", where) }, "Ask the data set as it is"),
        ),
  );
}
