// @ts-check
/** The pictures of a data set with labels and boxes, and beside them classes, versions, what was refused. */
import { a, button, div, h, li, p, span, ul, useCallback, useEffect, useState } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { Sketch, placed } from "../../lib/marks.js";
import { useSamples } from "../../lib/pages.js";
import { dot, empty, failure, panel, Picture } from "../../lib/parts.js";
import { ranked } from "../../lib/questions.js";
import { address, go, useClasses } from "../../lib/use.js";
import { Window } from "../../lib/window.js";
import { count, tally } from "../../lib/words.js";
import { Changes, Refused, Versions } from "../versions.js";
import { Viewer } from "../viewer.js";
import { ChosenBar } from "./choosing/bar.js";
import { card, onItsWay } from "./choosing/card.js";
import { answerOf, useChosen } from "./choosing/chosen.js";
import { pxOf, SizeSlider, sizeKept } from "./choosing/size.js";
import { Alike } from "./finding/alike.js";
import { Bar } from "./finding/bar.js";
import { Facets } from "./finding/facets.js";
import { Views } from "./finding/views.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../lib/pages.js").Samples} Samples */
/** @typedef {{names: string[], known: boolean, colour: (name: string | undefined) => string}} Classes */

/** @param {{sample: Sample | undefined, classes: Classes, hidden: string[], index: number, tab: 0 | -1, on: boolean, px: import("../../lib/api.js").Size, onOpen: (index: number) => void}} properties */
function Card({ sample, classes, hidden, index, tab, on, px, onOpen }) {
  if (!sample) return onItsWay(tab);
  return card(
    { named: sample.path, title: sample.path, tab, on, onOpen: () => onOpen(index) },
    [
      h(Picture, { src: thumbnail(sample.image, px), alt: sample.path }),
      h(Sketch, { sample, colour: classes.colour, hidden }),
    ],
    [h(Labels, { sample, classes }), sample.split ? span({ class: "split" }, sample.split) : null],
  );
}

/** One class by its name, several by their colours and counts. @param {{sample: Sample, classes: Classes}} properties */
function Labels({ sample, classes }) {
  const annotations = sample.annotations ?? [];
  const found = tally(annotations, classes.names);
  if (!found.length) return span({ class: "muted" }, "no label");
  if (found.length === 1 && !annotations.some(placed))
    return span({ class: "label" }, dot(classes.colour(found[0][0])), found[0][0]);
  return span(
    { class: "tally" },
    ...found
      .slice(0, 4)
      .map(([name, n]) =>
        span(
          {
            class: "label",
            role: "img",
            title: name,
            "aria-label": `${n} ${name}`,
            style: `--dot:${classes.colour(name)}`,
          },
          String(n),
        ),
      ),
  );
}

/** @param {{name: string, classes: Classes, hidden: string[], onToggle: (name: string) => void}} properties */
const Legend = ({ name, classes, hidden, onToggle }) =>
  panel(
    { title: "Classes", aside: a({ href: address("data", name, "work", "all", "classes") }, "Edit") },
    classes.names.length
      ? ul(
          { class: "legend" },
          ...classes.names.map((each) =>
            li(
              button(
                {
                  type: "button",
                  class: "quiet",
                  "aria-pressed": String(!hidden.includes(each)),
                  title: "show or hide its boxes",
                  onClick: () => onToggle(each),
                },
                dot(classes.colour(each)),
                each,
              ),
            ),
          ),
        )
      : classes.known
        ? p({ class: "muted" }, "None yet: they come with the first labels.")
        : null,
  );

/**
 * All of them, or those on which the question `text` holds.
 *
 * @param {{dataset: DatasetSummary, samples: Samples, version: string, split: string, text: string, open: number}} properties
 */
export function Pictures({ dataset, samples: every, version, split, text, open }) {
  const { name } = dataset;
  const ref = `${name}@${version}${split ? `:${split}` : ""}`;
  const found = useSamples(text ? ref : null, text);
  const samples = text ? found : every;
  const { head } = samples;
  const here = ["data", name, version, split || "all"];
  const ask = (/** @type {string} */ asked) => (asked ? go(...here, "find", asked) : go(...here));
  const classes = useClasses(name);
  const [hidden, setHidden] = useState(/** @type {string[]} */ ([]));
  const [least, setLeast] = useState(sizeKept);
  const chosen = useChosen({
    dataset: name,
    total: head?.total ?? 0,
    state: head?.state ?? "",
    shown: answerOf({ at: ref, split, text, samples }),
  });
  const px = pxOf(least);
  const show = (/** @type {number} */ index) => go(...here, ...(text ? ["find", text] : []), index + 1);
  const cell = useCallback(
    (/** @type {number} */ index, /** @type {0 | -1} */ tab, /** @type {boolean} */ on) =>
      h(Card, { sample: samples.at(index), classes, hidden, index, tab, on, px, onOpen: show }),
    [samples.state, classes, hidden, here.join("/"), text, px],
  );
  useEffect(() => {
    if (open >= 0) samples.need(Math.max(0, open - 1), open + 2);
  }, [open, head]);
  return div(
    every.head?.total
      ? div(
          { class: "askings" },
          h(Bar, { text, at: ref, found: text && head ? count(head.total, "picture") + " found" : "", onAsk: ask }),
          h(Alike, { text, at: ref, onAsk: ask }),
        )
      : null,
    div(
      { class: "columns wide" },
      div(
        { class: "pictures" },
        div(
          { class: "grid-tools" },
          h(Views, { name, text, sound: !found.error, onAsk: ask }),
          head?.total ? h(SizeSlider, { size: least, onSize: setLeast }) : null,
        ),
        text && head && !head.total
          ? panel("", empty("No picture fits", "Take a condition away, or ask another way."))
          : null,
        found.error && found.error.code !== "query.wrong" ? failure(found.error) : null,
        !text && head && !head.total
          ? panel(
              "",
              empty(
                "No pictures here",
                "Neither this version nor this split holds one. Drop some here, or:",
                `visloop add FOLDER --to ${name}`,
              ),
            )
          : null,
        h(Window, {
          key: `${version}:${split}:${text}`,
          count: head?.total ?? 0,
          least,
          label: "pictures",
          onRange: samples.need,
          choosing: chosen.choosing,
          cell,
        }),
        h(ChosenBar, { name, version, split, text, chosen, classes: classes.names, quiet: open >= 0 }),
      ),
      div(
        { class: "side" },
        every.head?.total ? h(Facets, { at: ref, text: found.error ? "" : text, onAsk: ask }) : null,
        h(Legend, {
          name,
          classes,
          hidden,
          onToggle: (each) =>
            setHidden(hidden.includes(each) ? hidden.filter((other) => other !== each) : [...hidden, each]),
        }),
        h(Versions, { dataset, version, split }),
        version === "work" ? null : h(Changes, { name, version }),
        h(Refused, { name }),
      ),
    ),
    open >= 0 && head
      ? h(Viewer, {
          sample: samples.at(open),
          next: samples.at(open + 1),
          classes,
          place: open,
          total: head.total,
          from: `${name}@${version}`,
          onAlike: (path) => ask(ranked("", "similar", path)),
          onStep: (by) => show(Math.max(0, Math.min(head.total - 1, open + by))),
          onClose: () => (text ? ask(text) : go("data", name, version, ...(split ? [split] : []))),
        })
      : null,
  );
}
