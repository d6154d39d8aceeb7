// @ts-check
/** Why a model answered so: the map over the picture, the nearest pictures it learnt from, what pushed it. */
import {
  details,
  div,
  figure,
  h,
  h2,
  img,
  label,
  li,
  option,
  p,
  select,
  span,
  summary,
  ul,
  useState,
} from "../lib/dom.js";
import { thumbnail } from "../lib/api.js";
import { act, failure, Picture, underWay } from "../lib/parts.js";
import { useAnswer, useDeeds } from "../lib/use.js";
import { percent } from "../lib/words.js";

/** @typedef {import("../api.d.ts").Explained} Explained */

/** Enough for a look; `visloop explain` has the rest. */
const QUICK = { drawn: true, masks: 400, steps: 16, seconds: 30, near: 5, features: 4 };
/** @type {Array<[NonNullable<import("../api.d.ts").ExplainAsk["method"]>, string]>} */
const METHODS = [
  ["auto", "usual"],
  ["gradcam", "Grad-CAM"],
  ["integrated-gradients", "integrated gradients"],
  ["smoothgrad", "SmoothGrad"],
  ["rise", "RISE"],
  ["occlusion", "occlusion"],
];

/** @param {{name: string, value: string, from: Array<[string, string]>, onChoose: (value: string) => void}} properties */
const Choice = ({ name, value, from, onChoose }) =>
  label(
    { class: "row small" },
    span({ class: "muted" }, name),
    select(
      { "aria-label": name, value, onChange: (/** @type {any} */ event) => onChoose(event.target.value) },
      ...from.map(([key, words]) => option({ value: key, selected: key === value }, words)),
    ),
  );

/** @param {{found: Explained}} properties */
function Found({ found }) {
  const most = Math.max(...found.features.map((each) => Math.abs(each.push)), 1e-9);
  return div(
    { class: "why-found" },
    figure(
      { class: "why-map" },
      img({
        src: "data:image/jpeg;base64," + found.drawn,
        alt: `what spoke for ${found.label}: light is much, dark is little`,
      }),
    ),
    p(
      { class: "proposal" },
      found.label,
      span({ class: "muted" }, found.box || found.score <= 1 ? percent(found.score) : found.score.toFixed(2)),
    ),
    found.seen < 1 ? p({ class: "muted small" }, `It was shown ${percent(found.seen, 0)} of the picture.`) : null,
    found.neighbours.length
      ? div(
          h2("Nearest of what it learnt from"),
          ul(
            { class: "near" },
            ...found.neighbours.map((each) =>
              li(
                { title: each.path },
                h(Picture, { src: thumbnail(each.image, 160), alt: each.path }),
                span(each.labels.join(", ") || "nothing in it"),
                span({ class: "muted small" }, each.near.toFixed(3)),
              ),
            ),
          ),
          p({ class: "muted small" }, `by ${found.by}; 1 is the same direction`),
        )
      : null,
    found.features.length
      ? details(
          { class: "pushes" },
          summary("What pushed its head"),
          p(
            { class: "muted small" },
            `Shapley values in logits, from ${found.usual_logit?.toFixed(2)} as usual to ${found.logit?.toFixed(2)} here; beside each the pictures that have most of it.`,
          ),
          ul(
            ...found.features.map((each) =>
              li(
                span(
                  { class: each.push > 0 ? "good" : "bad" },
                  (each.push > 0 ? "+" : "−") + Math.abs(each.push).toFixed(3),
                ),
                span({ class: "push", style: `--share:${Math.abs(each.push) / most}`, "aria-hidden": "true" }),
                ...each.images.map((/** @type {string} */ image, /** @type {number} */ k) =>
                  h(Picture, { key: image, src: thumbnail(image, 64), alt: each.shown_by[k] }),
                ),
              ),
            ),
          ),
        )
      : null,
    ...found.notes.map((note) => p({ class: "muted small" }, note)),
  );
}

/**
 * @param {{models: string[], picture: string, at?: string}} properties
 */
export function Why({ models, picture, at = "" }) {
  const [model, setModel] = useState(models[0] ?? "");
  const [method, setMethod] = useState("auto");
  const [found, setFound] = useState(/** @type {Explained | null} */ (null));
  const deeds = useDeeds();
  const { busy, problem, run } = deeds;
  const chosen = models.includes(model) ? model : (models[0] ?? "");
  const look = async () => {
    const ask = { ...QUICK, model: chosen, picture, at, method: /** @type {any} */ (method) };
    const answer = await run("explain", "explain", ask, { long: true });
    if (answer) setFound(answer);
  };
  return div(
    { class: "why" },
    div(
      { class: "row" },
      models.length > 1
        ? h(Choice, {
            name: "model",
            value: chosen,
            from: models.map((each) => /** @type {[string, string]} */ ([each, each])),
            onChoose: setModel,
          })
        : null,
      h(Choice, { name: "how", value: method, from: METHODS, onChoose: setMethod }),
      act(busy ? "Looking …" : `Why does ${models.length > 1 ? "it" : chosen} say so?`, look, { busy: Boolean(busy) }),
    ),
    underWay(deeds, "Looking"),
    failure(problem),
    found ? h(Found, { found }) : null,
  );
}

/** The same of a sample, by the models that were made of its data set. @param {{path: string, from: string}} properties */
export function WhySample({ path, from }) {
  const [open, setOpen] = useState(false);
  const [name] = from.split("@");
  const { data } = useAnswer("models", open ? {} : null);
  const models = (data?.rows ?? []).filter((each) => each.data.split("@")[0] === name).map((each) => each.ref);
  return details(
    { class: "blame", open, onToggle: (/** @type {any} */ event) => setOpen(event.target.open) },
    summary("What a model sees in it, and why"),
    open && data && !models.length ? p({ class: "muted" }, "No model has learnt from this data set yet.") : null,
    open && models.length ? h(Why, { models, picture: path, at: from }) : null,
  );
}
