// @ts-check
/** Beside the map: what the colours mean, and the pictures that are picked, to be looked at and acted on. */
import { a, button, div, h, img, li, p, span, ul, useEffect } from "../../../lib/dom.js";
import { thumbnail } from "../../../lib/api.js";
import { useSamples } from "../../../lib/pages.js";
import { act, dot, panel } from "../../../lib/parts.js";
import { ranked } from "../../../lib/questions.js";
import { address, go } from "../../../lib/use.js";
import { count, figureOf } from "../../../lib/words.js";
import { Acts } from "../choosing/acts.js";
import { ramp, RAMP_CSS } from "./paints.js";

const SHOWN = 12;

/**
 * @param {{colours: import("./loading.js").Colours | null, paints: string[], hidden: number[], onHide: (code: number) => void, onPick: (code: number) => void}} properties
 */
export function Legend({ colours, paints, hidden, onHide, onPick }) {
  if (!colours) return panel("Colours", p({ class: "muted" }, "Loading …"));
  if (colours.values.length) {
    const { low, high } = ramp(colours.values);
    return panel(
      colours.field,
      div({ class: "map-ramp", style: `background:${RAMP_CSS}` }),
      p({ class: "row small" }, span(figureOf(low)), span({ class: "grow" }), span(figureOf(high))),
    );
  }
  return panel(
    colours.field,
    ul(
      { class: "map-legend" },
      ...colours.names.map((name, code) =>
        li(
          button(
            {
              type: "button",
              class: "quiet",
              "aria-pressed": String(!hidden.includes(code)),
              title: "show or hide",
              onClick: () => onHide(code),
            },
            dot(paints[code]),
            ` ${name} `,
            span({ class: "muted" }, colours.counts[code].toLocaleString("en")),
          ),
          button(
            { type: "button", class: "quiet small", "aria-label": `pick ${name}`, onClick: () => onPick(code) },
            "pick",
          ),
        ),
      ),
    ),
  );
}

/**
 * @param {{name: string, version: string, split: string, at: string, pick: string, total: number, classes: {names: string[]}, path: string, onClear: () => void}} properties
 */
export function Picked({ name, version, split, at, pick, total, classes, path, onClear }) {
  const text = pick ? `pick(${pick})` : "";
  const samples = useSamples(text ? at : null, text);
  useEffect(() => {
    if (text) samples.need(0, SHOWN);
  }, [text]);
  const here = ["data", name, version, split || "all"];
  if (!total)
    return panel(
      "Picked",
      p({ class: "muted" }, "Nothing yet: hold Shift and drag around points, or press Space on one."),
      path ? a({ href: address(...here, "find", ranked("", "similar", path)) }, "Find pictures like this one") : null,
    );
  const first = samples.head
    ? Array.from({ length: Math.min(SHOWN, samples.head.total) }, (_, k) => samples.at(k))
    : [];
  return panel(
    { title: count(total, "picture") + " picked", aside: act("Let go", onClear, { kind: "quiet", key: "Esc" }) },
    text
      ? p(
          { class: "row small map-links" },
          a({ href: address(...here, "find", text) }, "Show them as a grid"),
          path ? a({ href: address(...here, "find", ranked("", "similar", path)) }, "Find like the last one") : null,
        )
      : p({ class: "muted small" }, "…"),
    version === "work"
      ? text
        ? h(Acts, { dataset: name, where: text, total, classes: classes.names })
        : null
      : p(
          { class: "muted small" },
          "Versions stay as they are. ",
          a({ href: address("data", name, "work", split || "all", "map") }, "Change the data set as it is"),
        ),
    div(
      { class: "picks" },
      ...first.map((sample, k) =>
        sample
          ? button(
              {
                type: "button",
                title: sample.path,
                "aria-label": `open ${sample.path}`,
                onClick: () => go(...here, "find", text, k + 1),
              },
              img({ src: thumbnail(sample.image, 160), alt: "", loading: "lazy" }),
            )
          : null,
      ),
    ),
  );
}
