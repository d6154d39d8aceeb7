// @ts-check
/** How far people agree who labelled the same pictures, and on which they do not. `#/queue/agreement/DATASET/TASK` */
import { a, div, figcaption, figure, h, li, p, span, ul, useState } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { act, badge, bar, dot, empty, grid, panel, Picture, stateBadge, waiting } from "../../lib/parts.js";
import { address, useAnswer, useClasses } from "../../lib/use.js";
import { count, percent } from "../../lib/words.js";
import { Beside } from "./beside.js";
import { inDoubt, whisker } from "./plots.js";
import { Room, Sets } from "./rooms.js";

/** @typedef {import("../../api.d.ts").Verbs["label.agreement"]["answer"]} Agreed */
/** @typedef {import("../../api.d.ts").Disagreed} Disagreed */
/** @typedef {import("../../api.d.ts").Figure} Figure */

const MORE = 60;

/** @param {{rest: string[]}} properties */
export function Agreement({ rest: [set = "", task = ""] }) {
  const sets = useAnswer("datasets", {});
  const status = useAnswer("label.status", {});
  const rows = sets.data?.rows ?? [];
  const disputed = status.data?.rows.find((each) => each.disputed)?.dataset;
  const dataset = set || (disputed ?? rows[0]?.name ?? "");
  return h(Room, {
    room: "agreement",
    beside: task
      ? a({ href: address("queue", "agreement", dataset) }, "all of them")
      : h(Sets, { room: "agreement", dataset }),
    show: () => {
      if (!sets.data || !status.data) return waiting(sets.error ?? status.error);
      return dataset ? h(Of, { key: dataset, dataset, task }) : panel("", nobody("DATA"));
    },
  });
}

/** @param {string} dataset */
const nobody = (dataset) =>
  empty(
    "No picture was labelled by two people",
    "How far they agree stands here once pictures are given to several people, who do not see each other's answers.",
    `visloop label assign ${dataset} --to NAME --to NAME --annotators 2`,
  );

/** @param {{dataset: string, task: string}} properties */
function Of({ dataset, task }) {
  const { data, error } = useAnswer("label.agreement", { dataset });
  if (!data) return waiting(error);
  if (task) return h(Beside, { dataset, id: task, those: data.disagreed });
  if (!data.pictures) return panel("", nobody(dataset));
  return div(
    { class: "agreed" },
    h(Figures, { data }),
    div({ class: "columns even" }, h(ByClass, { data, dataset }), h(Confused, { data })),
    h(Apart, { data, dataset }),
  );
}

/** @param {string} words @param {string} what @param {Figure} figure */
const told = (words, what, figure) =>
  figure.value === null
    ? null
    : li(
        { title: what },
        span({ class: "figure" }, figure.value.toFixed(2)),
        words,
        whisker(figure),
        span({ class: "small" }, inDoubt(figure)),
      );

/** @param {{data: Agreed}} properties */
function Figures({ data }) {
  const drawn = data.pairs.some((each) => each.f1.value !== null);
  return panel(
    {
      title: `${count(data.pictures, "picture")} labelled by ${data.people.join(", ")}`,
      aside: span({ class: "muted" }, "0 is what chance gives, 1 is full agreement; intervals of 95 %"),
    },
    data.fleiss.value === null && data.alpha.value === null
      ? null
      : ul(
          { class: "figures doubts" },
          told("Fleiss' kappa", "of pictures that as many people labelled", data.fleiss),
          told("Krippendorff's alpha", "of all pictures, whoever labelled them", data.alpha),
        ),
    grid(
      [...data.pairs].sort((one, two) => (one.kappa.value ?? 2) - (two.kappa.value ?? 2)),
      [
        { title: "people", cell: (each) => `${each.first}, ${each.second}` },
        { title: "pictures", kind: "number", cell: (each) => each.pictures.toLocaleString("en") },
        { title: "the same", kind: "number", cell: (each) => percent(each.same, 0) },
        { title: drawn ? "kappa of classes" : "kappa", cell: (each) => doubtful(each.kappa) },
        ...(drawn
          ? [
              {
                title: "overlap (IoU)",
                cell: (/** @type {Agreed["pairs"][number]} */ each) => doubtful(each.mean_iou),
              },
              { title: "objects (F1)", cell: (/** @type {Agreed["pairs"][number]} */ each) => doubtful(each.f1) },
              {
                title: "only the first",
                kind: "number",
                cell: (/** @type {Agreed["pairs"][number]} */ each) => each.extra.toLocaleString("en"),
              },
              {
                title: "only the second",
                kind: "number",
                cell: (/** @type {Agreed["pairs"][number]} */ each) => each.missed.toLocaleString("en"),
              },
            ]
          : []),
      ],
    ),
  );
}

/** @param {Figure} figure */
const doubtful = (figure) =>
  figure.value === null
    ? span({ class: "muted", title: "not defined: everybody always said the same" }, "–")
    : div({ class: "doubtful" }, span(inDoubt(figure)), whisker(figure));

/** @param {{data: Agreed, dataset: string}} properties */
function ByClass({ data, dataset }) {
  const { colour } = useClasses(dataset);
  const rows = Object.entries(data.classes).sort(([, one], [, two]) => one - two);
  const overlaps = /** @type {Record<string, {mean_iou: Figure, pairs: number}>} */ (data.overlaps);
  const drawn = Object.keys(overlaps).length > 0;
  if (!rows.length) return null;
  return panel(
    { title: "By class", aside: span({ class: "muted" }, "the least agreed first") },
    grid(rows, [
      { title: "class", cell: ([name]) => span({ class: "label" }, dot(colour(name)), name) },
      { title: "agreed", kind: "number", cell: ([, share]) => percent(share, 0) },
      { title: "", kind: "bar-cell", cell: ([name, share]) => bar(share, { colour: colour(name) }) },
      ...(drawn
        ? [
            {
              title: "overlap (IoU)",
              cell: (/** @type {[string, number]} */ [name]) =>
                overlaps[name] ? doubtful(overlaps[name].mean_iou) : "–",
            },
            {
              title: "pairs",
              kind: "number",
              cell: (/** @type {[string, number]} */ [name]) => (overlaps[name]?.pairs ?? 0).toLocaleString("en"),
            },
          ]
        : []),
    ]),
    p(
      { class: "muted small foot" },
      "Agreed: of all that anybody called so, the share that the other person called so, too.",
    ),
  );
}

/** @param {{data: Agreed}} properties */
function Confused({ data }) {
  const rows = data.confused.slice(0, 12);
  const most = Math.max(1, ...rows.map(([, , n]) => n));
  return panel(
    "What is taken for what",
    rows.length
      ? grid(rows, [
          { title: "one said", cell: ([one]) => one },
          { title: "the other", cell: ([, other]) => other },
          { title: "times", kind: "number", cell: ([, , n]) => n.toLocaleString("en") },
          { title: "", kind: "bar-cell", cell: ([, , n]) => bar(n / most) },
        ])
      : p({ class: "muted" }, "Nothing: where both saw something, they named it alike."),
  );
}

/** Those of which people said something else. @param {{data: Agreed, dataset: string}} properties */
function Apart({ data, dataset }) {
  const [shown, setShown] = useState(MORE);
  const rows = data.disagreed;
  return panel(
    {
      title: `People disagree on ${count(rows.length, "picture")}`,
      aside: span({ class: "muted" }, "the least agreed first"),
    },
    rows.length ? null : p({ class: "muted" }, "On none of them."),
    ul(
      { class: "apart", "aria-label": "pictures on which people disagree" },
      ...rows
        .slice(0, shown)
        .map((each) =>
          li(
            { key: each.task },
            a(
              { href: address("queue", "agreement", dataset, each.task) },
              figure(
                h(Picture, { src: thumbnail(each.image, 320), alt: each.path }),
                figcaption(
                  each.score === null ? null : badge(percent(each.score, 0), each.score < 0.5 ? "bad" : "busy"),
                  each.state === "disputed" ? null : stateBadge(each.state),
                  span({ class: "path" }, each.path.split("/").at(-1)),
                  ...Object.entries(each.said).map(([name, said]) =>
                    span({ class: "said-so" }, span({ class: "muted" }, `${name}: `), said),
                  ),
                ),
              ),
            ),
          ),
        ),
    ),
    rows.length > shown
      ? act(`${(rows.length - shown).toLocaleString("en")} more`, () => setShown(shown + MORE))
      : null,
  );
}
