// @ts-check
/** Pictures of a report: small ones side by side, with what was right, wrong and missed. */
import { div, figcaption, figure, h, polygon, rect, svg } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { Picture } from "../../lib/parts.js";

/** @typedef {{path: string, image: string, said: string, width: number, height: number, boxes?: Array<[string, string, number[]]>, outlines?: Array<[string, string, number[]]>}} Shown */

/** @param {{picture: Shown}} properties */
const One = ({ picture: { path, image, said, width, height, boxes = [], outlines = [] } }) =>
  figure(
    { class: "shown", title: path },
    div(
      { class: "shown-picture", style: `aspect-ratio:${width || 1}/${height || 1}` },
      h(Picture, { src: thumbnail(image, 320), alt: path }),
      boxes.length || outlines.length
        ? svg(
            { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
            ...outlines.map(([kind, , ring]) => polygon({ class: kind, points: ring.join(" ") })),
            ...boxes
              .slice()
              .reverse()
              .map(([kind, , [x1, y1, x2, y2]]) =>
                rect({ class: kind, x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1) }),
              ),
          )
        : null,
    ),
    figcaption(said),
  );

/** @param {{pictures: any[]}} properties */
export const Sheet = ({ pictures }) => div({ class: "sheet" }, ...pictures.map((picture) => h(One, { picture })));
