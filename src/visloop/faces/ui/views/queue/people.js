// @ts-check
/** Who labels: how much, how fast, how right where the answer is known, what is with them. `#/queue/people/DATASET` */
import { a, h, p, span } from "../../lib/dom.js";
import { badge, bar, empty, grid, panel, waiting } from "../../lib/parts.js";
import { address, useAnswer } from "../../lib/use.js";
import { count, duration, percent } from "../../lib/words.js";
import { Person } from "./person.js";
import { BOUND, controls, Days, perHour } from "./plots.js";
import { Room, Sets } from "./rooms.js";

/** @typedef {import("../../api.d.ts").Work} Work */

/** In an address: every data set. */
export const ALL = "-";

/** @param {{rest: string[]}} properties */
export const People = ({ rest: [set = "", name = ""] }) => {
  const dataset = set === ALL ? "" : set;
  return h(Room, {
    room: "people",
    beside: name
      ? a({ href: address("queue", "people", ...(dataset ? [dataset] : [])) }, "everybody")
      : h(Sets, { room: "people", dataset, all: true }),
    show: () => (name ? h(Person, { key: `${set}/${name}`, dataset, name }) : h(Everybody, { dataset })),
  });
};

/** @param {{dataset: string}} properties */
function Everybody({ dataset }) {
  const { data, error } = useAnswer("label.people", { dataset: dataset || null, bound: BOUND });
  if (!data) return waiting(error);
  if (!data.count)
    return panel(
      "",
      empty(
        "Nobody was given pictures yet",
        "Who labels what, how fast, and how right, stands here once pictures are given to people.",
        `visloop label assign ${dataset || "DATA"} --to NAME`,
      ),
      p(
        { class: "row centred" },
        a(
          { class: "button primary", href: address("queue", "assign", ...(dataset ? [dataset] : [])) },
          "Give pictures out",
        ),
      ),
    );
  const most = Math.max(...data.rows.map((each) => each.answers), 1);
  const to = (/** @type {Work} */ each) => address("queue", "people", dataset || ALL, each.person);
  return panel(
    {
      title: count(data.count, "person", "people"),
      class: "folk",
      aside: span({ class: "muted" }, "what was given to them; what they took from the pool is not counted"),
    },
    grid(
      data.rows,
      [
        { title: "person", cell: (each) => a({ href: to(each) }, each.person) },
        { title: "labelled", kind: "number", cell: (each) => each.answers.toLocaleString("en") },
        { title: "", kind: "bar-cell", cell: (each) => bar(each.answers / most) },
        { title: "an hour", kind: "number", cell: (each) => perHour(each) },
        { title: "open", kind: "number", cell: (each) => each.waiting.toLocaleString("en") },
        { title: "which takes", cell: (each) => (each.left_s === null ? "–" : duration(each.left_s)) },
        { title: "sent back", kind: "number", cell: (each) => (each.returned ? badge(each.returned, "busy") : "0") },
        { title: "controls right", cell: controls },
        { title: "last days", cell: (each) => h(Days, { days: each.days }) },
      ],
      to,
    ),
    p(
      { class: "muted small foot" },
      `An hour of labelling, as their windows measured it. A control is a picture whose label is known; the bar is where the share lies with 95 % confidence, the upright line is ${percent(BOUND, 0)}.`,
    ),
  );
}
