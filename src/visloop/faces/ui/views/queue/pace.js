// @ts-check
/** How far one is and how fast, and what labelling more would bring the model, as far as anybody can say. */
import { a, div, h, p, span, strong, useEffect, useState } from "../../lib/dom.js";
import { call } from "../../lib/api.js";
import { bar, Command } from "../../lib/parts.js";
import { address, useAnswer } from "../../lib/use.js";
import { count, duration, percent } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Verbs["label.gain"]["answer"]} Gained */

const DOUBT = "with 95 % confidence";

/** Asked once: it changes with a training, not with a decision. @param {string} dataset @param {number} more 0: all that wait @returns {Gained | null} */
function useGain(dataset, more) {
  const [found, setFound] = useState({ key: "", data: /** @type {Gained | null} */ (null) });
  const key = `${dataset} ${more}`;
  useEffect(() => {
    if (!dataset) return undefined;
    let alive = true;
    call("label.gain", { dataset, more }).then(
      (data) => alive && setFound({ key, data }),
      () => {}, // nothing is said about it
    );
    return () => {
      alive = false;
    };
  }, [key]);
  return found.key === key ? found.data : null;
}

/** Done in 24 hours and left, over all that waits for who looks, and what it would bring. @param {{dataset?: string}} properties */
export function Pace({ dataset = "" }) {
  const { data } = useAnswer("label.progress", {});
  const gained = useGain(dataset, 0);
  if (!data?.today && !gained?.gain) return null;
  return div({ class: "progress-line muted" }, data?.today ? speedOf(data) : null, gained?.gain ? brief(gained) : null);
}

/** @param {import("../../api.d.ts").Verbs["label.progress"]["answer"]} progress */
function speedOf({ left, today, per_hour: speed, left_s: takes }) {
  return [
    bar(today / (today + left), { label: `${today} of ${today + left}` }),
    span(strong(today.toLocaleString("en")), " in 24 hours, ", strong(left.toLocaleString("en")), " left"),
    speed.value === null
      ? null
      : span(
          { title: `${Math.round(speed.low ?? 0)} to ${Math.round(speed.high ?? 0)} ${DOUBT}, without rests` },
          strong(Math.round(speed.value).toLocaleString("en")),
          " an hour",
        ),
    takes.value === null || !left
      ? null
      : span(
          { title: `${duration(takes.low)} to ${duration(takes.high)} ${DOUBT}` },
          "what is left takes ",
          strong(duration(takes.value)),
        ),
  ];
}

/** @param {Gained} gained @param {number | null} value */
const figure = ({ metric }, value) => (value === null ? "–" : metric === "mae" ? value.toFixed(2) : percent(value));

/** By how much, in points of a share. @param {Gained} gained @param {number | null} value */
const points = ({ metric }, value) => {
  if (value === null) return "–";
  const text = metric === "mae" ? Math.abs(value).toFixed(2) : (100 * Math.abs(value)).toFixed(1);
  return `${Number(text) === 0 ? "" : value < 0 ? "−" : "+"}${text}`;
};

/** @param {Gained} gained */
const unit = ({ metric }) => (metric === "mae" ? " less" : " points");

/** @param {Gained} gained */
const nameOf = ({ model }) => model.split("@")[0];

/** @param {Gained} gained */
const brief = (gained) =>
  span(
    { title: `a learning curve through ${count(gained.judged.length, "model")} on ${gained.on}` },
    `the ${count(gained.more, "picture")} of ${gained.dataset} may bring ${nameOf(gained)}'s ${gained.metric} `,
    strong(points(gained, gained.gain) + unit(gained)),
    ` (${points(gained, gained.low)} to ${points(gained, gained.high)})`,
  );

/**
 * What so many more labels of a data set would bring the model that learns from it.
 * @param {{dataset: string, more: number}} properties
 */
export function Gain({ dataset, more }) {
  const data = useGain(dataset, more);
  if (!data) return null;
  if (data.gain === null)
    return div(
      { class: "stacked" },
      p({ class: "muted" }, `What they would bring is not known: ${data.missing}.`),
      ...data.fix.slice(0, 3).map((each) => h(Command, { text: each })),
    );
  const sure = (data.low ?? 0) > 0;
  const name = nameOf(data);
  return div(
    { class: "stacked" },
    p(
      a({ href: address("models", ...(name ? [name] : [])) }, name),
      `'s ${data.metric}: ${figure(data, data.now)}, with ${data.more.toLocaleString("en")} more labels about `,
      strong(figure(data, data.then)),
    ),
    p(
      strong(points(data, data.gain) + unit(data)),
      ` (${points(data, data.low)} to ${points(data, data.high)} ${DOUBT})`,
      sure ? "" : ": the curve does not say whether they help.",
    ),
    p(
      { class: "muted small" },
      `A learning curve through ${count(data.judged.length, "model")} on ${data.on}, of ${data.judged
        .map((each) => each.pictures.toLocaleString("en"))
        .join(", ")} pictures.`,
    ),
  );
}
