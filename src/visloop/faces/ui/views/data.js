// @ts-check
/** A data set: grid of pictures with their labels and boxes, versions, splits, what was refused. */
import {
  a,
  button,
  div,
  figcaption,
  figure,
  h,
  h1,
  li,
  option,
  p,
  select,
  span,
  ul,
  useEffect,
  useState,
} from "../lib/dom.js";
import { thumbnail } from "../lib/api.js";
import { Marks, placed } from "../lib/marks.js";
import { useSamples } from "../lib/pages.js";
import { dot, empty, failure, panel, Picture, waiting } from "../lib/parts.js";
import { go, useAnswer, useClasses } from "../lib/use.js";
import { Window } from "../lib/window.js";
import { count, tally } from "../lib/words.js";
import { Changes, Refused, Versions } from "./versions.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("../api.d.ts").Sample} Sample */
/** @typedef {import("../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {{names: string[], colour: (name: string | undefined) => string}} Classes */

/** @param {{sample: Sample | undefined, classes: Classes, hidden: string[], index: number, onOpen: (index: number) => void}} properties */
function Card({ sample, classes, hidden, index, onOpen }) {
  if (!sample) return figure({ class: "card empty-card" });
  return figure(
    { class: "card" },
    button(
      { type: "button", onClick: () => onOpen(index), "aria-label": `open ${sample.path}`, title: sample.path },
      h(Picture, { src: thumbnail(sample.image), alt: sample.path }),
      h(Marks, { sample, colour: classes.colour, hidden }),
    ),
    figcaption(h(Labels, { sample, classes }), sample.split ? span({ class: "split" }, sample.split) : null),
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
        span({ class: "label", title: name, "aria-label": count(n, name, name) }, dot(classes.colour(name)), String(n)),
      ),
  );
}

/** @param {{classes: Classes, hidden: string[], onToggle: (name: string) => void}} properties */
const Legend = ({ classes, hidden, onToggle }) =>
  panel(
    "Classes",
    classes.names.length
      ? ul(
          { class: "legend" },
          ...classes.names.map((name) =>
            li(
              button(
                {
                  type: "button",
                  class: "quiet",
                  "aria-pressed": String(!hidden.includes(name)),
                  title: "show or hide its boxes",
                  onClick: () => onToggle(name),
                },
                dot(classes.colour(name)),
                name,
              ),
            ),
          ),
        )
      : p({ class: "muted" }, "None yet: they come with the first labels."),
  );

/** @param {{address: string[]}} properties */
export function Data({ address: parts }) {
  const sets = useAnswer("datasets", {});
  const rows = sets.data?.rows ?? [];
  if (!sets.data) return div(div({ class: "title" }, h1("Data")), waiting(sets.error));
  if (!rows.length) {
    return div(
      div({ class: "title" }, h1("Data")),
      panel(
        "",
        empty(
          "No pictures yet",
          "Folders of class sub-folders, COCO, VOC or plain pictures; what cannot be read is set aside with its reason.",
          "visloop add FOLDER --to NAME",
          "visloop demo images parts && visloop add parts --to line",
        ),
      ),
    );
  }
  const dataset =
    rows.find((each) => each.name === parts[0]) ??
    (parts[0] ? null : [...rows].sort((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))[0]);
  if (!dataset)
    return div(
      div({ class: "title" }, h1("Data")),
      panel("", empty(`There is no data set ${parts[0]}`, a({ href: "#/data" }, "See those there are"))),
    );
  return h(Dataset, {
    key: dataset.name,
    dataset,
    others: rows,
    version: parts[1] || "work",
    split: parts[2] === "all" ? "" : (parts[2] ?? ""),
    open: parts[3] ? Number(parts[3]) - 1 : -1,
  });
}

/** @param {{dataset: DatasetSummary, others: DatasetSummary[], version: string, split: string, open: number}} properties */
function Dataset({ dataset, others, version, split, open }) {
  const { name } = dataset;
  const samples = useSamples(`${name}@${version}${split ? `:${split}` : ""}`);
  const classes = useClasses(name);
  const [hidden, setHidden] = useState(/** @type {string[]} */ ([]));
  const { head } = samples;
  const show = (/** @type {number} */ index) => go("data", name, version, split || "all", index + 1);
  useEffect(() => {
    if (open >= 0) samples.need(Math.max(0, open - 1), open + 2);
  }, [open, head]);
  return div(
    div(
      { class: "title" },
      h1("Data"),
      select(
        {
          "aria-label": "data set",
          value: name,
          onChange: (/** @type {any} */ event) => go("data", event.target.value),
        },
        ...others.map((each) => option({ value: each.name, selected: each.name === name }, each.name)),
      ),
      span(
        { class: "muted" },
        head ? `${count(head.total, "picture")}, ${version === "work" ? "committed or not" : version}` : "",
      ),
      span({ class: "grow" }),
      head && Object.keys(head.splits).length
        ? div(
            { class: "tabs", role: "group", "aria-label": "split" },
            ...["", ...Object.keys(head.splits)].map((each) =>
              button(
                {
                  type: "button",
                  "aria-pressed": String(each === split),
                  onClick: () => go("data", name, version, ...(each ? [each] : [])),
                },
                each || "all",
                each ? span({ class: "muted" }, head.splits[each].toLocaleString("en")) : null,
              ),
            ),
          )
        : null,
    ),
    failure(samples.error),
    div(
      { class: "columns wide" },
      div(
        { class: "pictures" },
        head && !head.total
          ? panel(
              "",
              empty(
                "No pictures here",
                "Neither this version nor this split holds one.",
                `visloop add FOLDER --to ${name}`,
              ),
            )
          : null,
        h(Window, {
          key: `${version}:${split}`,
          count: head?.total ?? 0,
          least: 176,
          onRange: samples.need,
          cell: (index) => h(Card, { key: index, sample: samples.at(index), classes, hidden, index, onOpen: show }),
        }),
      ),
      div(
        { class: "side" },
        h(Legend, {
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
          onStep: (by) => show(Math.max(0, Math.min(head.total - 1, open + by))),
          onClose: () => go("data", name, version, ...(split ? [split] : [])),
        })
      : null,
  );
}
