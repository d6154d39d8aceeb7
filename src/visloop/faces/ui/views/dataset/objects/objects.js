// @ts-check
/** The objects of a data set, each cut out of its picture. `#/data/line/work/all/objects/label = gear/12` */
import { a, div, h, span, useCallback, useState } from "../../../lib/dom.js";
import { cutout } from "../../../lib/api.js";
import { Sketch } from "../../../lib/marks.js";
import { useObjects } from "../../../lib/pages.js";
import { dot, empty, failure, panel, Picture, waiting } from "../../../lib/parts.js";
import { written } from "../../../lib/questions.js";
import { address, go, useClasses } from "../../../lib/use.js";
import { Window } from "../../../lib/window.js";
import { count } from "../../../lib/words.js";
import { card, onItsWay } from "../choosing/card.js";
import { asQuestion } from "../choosing/chosen.js";
import { pxOf, SizeSlider, sizeKept } from "../choosing/size.js";
import { Bar } from "../finding/bar.js";
import { Facets } from "../finding/facets.js";
import { Views } from "../finding/views.js";
import { ChosenBar } from "./bar.js";
import { useChosenObjects } from "./chosen.js";
import { partAround, sizeOf } from "./part.js";

/** @typedef {import("../../../lib/pages.js").Cut} Cut */
/** @typedef {{names: string[], colour: (name: string | undefined) => string}} Classes */

/** @param {{object: Cut | undefined, classes: Classes, index: number, tab: 0 | -1, on: boolean, px: import("../../../lib/api.js").Size, onOpen: (index: number) => void}} properties */
function Card({ object, classes, index, tab, on, px, onOpen }) {
  if (!object) return onItsWay(tab);
  const { path, label = "", image, around } = object;
  const [width, height] = object.picture_wh;
  const part = partAround(object);
  const name = label || "no class";
  const named = `${name}, ${path}`;
  return card(
    { named, title: path, tab, on, onOpen: () => onOpen(index) },
    [
      h(Picture, { src: cutout(image, part, px), alt: named }),
      h(Sketch, { sample: { width, height, annotations: [object] }, colour: classes.colour, part }),
    ],
    [
      span({ class: "label" }, label ? dot(classes.colour(label)) : null, name),
      span({ class: "muted", title: around ? "pixels of the box around it" : undefined }, sizeOf(around)),
    ],
  );
}

/**
 * All of them, or those on which the question `text` of objects holds; `place`: where one was.
 *
 * @param {{name: string, version: string, split: string, text: string, place: number}} properties
 */
export function Objects({ name, version, split, text, place }) {
  const at = `${name}@${version}${split ? `:${split}` : ""}`;
  const here = ["data", name, version, split || "all"];
  const objects = useObjects(at, text);
  const { head, error } = objects;
  const classes = useClasses(name);
  const [least, setLeast] = useState(sizeKept);
  const px = pxOf(least);
  const ask = (/** @type {string} */ asked) => go(...here, "objects", ...(asked ? [asked] : []));
  const open = (/** @type {number} */ index) => {
    const object = objects.at(index);
    if (!object) return;
    history.replaceState(null, "", address(...here, "objects", text, index + 1)); // Back leads here again
    const { path, id = "" } = object;
    if (version === "work") go(...here, "edit", path, "", id);
    else go("data", name, version, "all", "find", `path = ${written(path)}`, 1);
  };
  const cell = useCallback(
    (/** @type {number} */ index, /** @type {0 | -1} */ tab, /** @type {boolean} */ on) =>
      h(Card, { object: objects.at(index), classes, index, tab, on, px, onOpen: open }),
    [objects.state, classes, here.join("/"), text, px],
  );
  const chosen = useChosenObjects({
    where: asQuestion(text, split),
    total: head?.total ?? 0,
    state: head?.state ?? "",
  });
  const found = head ? count(head.total, "object") + (text ? " found" : "") : "";
  if (!text && head?.total === 0) return nothing(name);
  return div(
    div({ class: "askings" }, h(Bar, { text, at, of: "objects", found, onAsk: ask })),
    div(
      { class: "columns wide" },
      div(
        { class: "pictures" },
        div(
          { class: "grid-tools" },
          h(Views, { name, of: "objects", text, sound: !error, onAsk: ask }),
          head?.total ? h(SizeSlider, { size: least, onSize: setLeast }) : null,
        ),
        error?.code === "query.wrong" ? null : failure(error),
        head || error ? null : waiting(null),
        head && !head.total ? panel("", empty("No object fits", "Take a condition away, or ask another way.")) : null,
        head?.total
          ? h(Window, {
              key: `${at}:${text}`,
              count: head.total,
              least,
              label: "objects",
              aspect: 1,
              start: Math.max(0, place - 1),
              onRange: objects.need,
              choosing: chosen.choosing,
              cell,
            })
          : null,
        h(ChosenBar, { name, version, total: head?.total ?? 0, chosen, classes: classes.names }),
      ),
      div({ class: "side" }, h(Facets, { at, of: "objects", text: error ? "" : text, onAsk: ask })),
    ),
  );
}

/** @param {string} name */
const nothing = (name) =>
  panel(
    "",
    empty(
      "No objects here",
      [
        a({ href: address("data", name, "work", "all", "edit") }, "Draw some"),
        ", or bring them in with their pictures: COCO, YOLO, VOC, CVAT and more.",
      ],
      `visloop add FOLDER --to ${name}`,
    ),
  );
