// @ts-check
/** From one answer back to where it came from: picture, deployment, model, run, data version. */
import { a, code, dd, dialog, div, dl, dt, h, h2, li, ol, span, useEffect, useRef } from "../lib/dom.js";
import { answered } from "../lib/api.js";
import { act, failure, Picture, stays, waiting, when } from "../lib/parts.js";
import { address, useAnswer } from "../lib/use.js";
import { count, percent, shortened } from "../lib/words.js";
import { MakeTest } from "./judged/incidents.js";
import { dataLink } from "./runs.js";
import { Why } from "./why.js";

/** @typedef {import("../api.d.ts").Traced} Traced */
/** @typedef {import("../lib/dom.js").Child} Child */

/** @param {string} title @param {Array<[string, Child]>} known */
const hop = (title, known) =>
  li(h2(title), dl({ class: "facts" }, ...known.flatMap(([key, value]) => [dt(key), dd(value || "–")])));

/** @param {Traced} traced */
const chain = ({ prediction, image, deployment, model, run, data }) =>
  ol(
    { class: "chain" },
    hop("Answer", [
      ["said", `${prediction.label ?? "no label"}, ${percent(prediction.confidence)}`],
      ["when", when(prediction.time)],
      ["id", code(prediction.id)],
    ]),
    hop("Picture", [
      ["bytes", code(image.digest.slice(0, 12))],
      ["kept", image.kept ? "yes, captured" : image.in_spool ? "for now, in the spool" : "no"],
      ["in the data set", image.samples.length ? image.samples.map(shortened).join(", ") : "no"],
    ]),
    hop("Deployment", [
      ["name", a({ href: address("deployments", deployment.name) }, deployment.name)],
      ["serves now", deployment.serves_now ?? "nothing"],
    ]),
    hop("Model", [
      ["version", a({ href: address("models", model.ref) }, model.ref)],
      ["recipe", model.recipe],
      ["package", model.same_package ? "the one that is registered" : "another than the one registered"],
    ]),
    model.recipe === "import"
      ? hop("Run", [["made", "elsewhere: it was imported"]])
      : hop("Run", [
          ["id", a({ href: address("runs", run.id) }, run.id)],
          ["seed", String(run.seed ?? "–")],
          ["code", run.commit ? code(run.commit.slice(0, 12)) : "no Git commit"],
        ]),
    !data.ref
      ? null
      : hop("Data", [
          ["version", dataLink(data.ref)],
          ["pictures", count(data.samples, "picture")],
          ["message", data.message],
          ["committed", when(data.committed)],
        ]),
  );

/** @param {{prediction: string, onClose: () => void}} properties */
export function Trace({ prediction, onClose }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const { data, error } = useAnswer("trace", { prediction });
  const classes = useAnswer("model.show", data ? { ref: data.model.ref } : null).data?.model.manifest.classes;
  useEffect(() => {
    const shown = ref.current;
    shown?.showModal();
    return () => shown?.close(); // left by Back, the focus goes back too
  }, []);
  return dialog(
    { ref, class: "detail trace", onClose: stays(onClose), "aria-label": "where an answer came from" },
    div(
      { class: "title" },
      h2({ class: "big" }, "Where this answer came from"),
      span({ class: "grow" }),
      act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" }),
    ),
    failure(data ? error : null),
    data
      ? div(
          { class: "traced" },
          div(
            div(
              { class: "stage" },
              h(Picture, { src: answered(prediction, 640), alt: data.prediction.label ?? "picture", eager: true }),
            ),
            h(Why, { models: [data.model.ref], picture: prediction }),
            classes ? h(MakeTest, { prediction, classes }) : null,
          ),
          chain(data),
        )
      : waiting(error),
  );
}
