// @ts-check
/** Registered models: versions, aliases, approval, promotion, rollback; each with its card. */
import { dd, dialog, div, dl, dt, h, h1, pre, span, useEffect, useRef, useState } from "../lib/dom.js";
import { call } from "../lib/api.js";
import { act, badge, empty, failure, grid, panel, percent, stateBadge, when } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

/** @param {{model: string, onClose: () => void, onChange: () => void}} properties */
function Detail({ model, onClose, onChange }) {
  const ref = useRef(null);
  const { data, error, reload } = useAnswer("model.show", { ref: model });
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [verdict, setVerdict] = useState(/** @type {any} */ (null));
  useEffect(() => { ref.current?.showModal(); }, []);
  const act_ = async (/** @type {string} */ verb, /** @type {any} */ ask) => {
    try {
      const answer = await call(verb, ask);
      if (verb === "gate") setVerdict(answer);
      setProblem(null);
      reload();
      onChange();
    } catch (caught) {
      setProblem(caught);
    }
  };
  return dialog({ ref, class: "detail", onClose },
    div({ class: "title" }, h1(model), span({ class: "grow" }),
      act("Judge", () => act_("gate", { model })),
      act("Approve", () => act_("model.approve", { ref: model })),
      act("Reject", () => act_("model.reject", { ref: model })),
      act("Promote", () => act_("model.promote", { ref: model }), { kind: "primary" }),
      act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" })),
    failure(problem ?? error),
    verdict ? panel("Verdict", dl({ class: "facts" }, dt("says"), dd(stateBadge(verdict.verdict)), dt("on"), dd(verdict.on)),
      grid(verdict.checks, [["check", (row) => row.name], ["", (row) => stateBadge(row.passed ? "pass" : "fail")], ["value", (row) => (typeof row.value === "number" ? row.value.toPrecision(4) : "–"), "number"], ["what", (row) => row.detail ?? "", "wide"]])) : null,
    data ? pre({ class: "card-text" }, data.card) : null);
}

export function Models() {
  const { data, error, reload } = useAnswer("models", {}, 3000);
  const [open, setOpen] = useState("");
  if (!data) return div(h1("Models"), failure(error));
  return div(
    div({ class: "title" }, h1("Models")),
    failure(error),
    panel("", data.count ? grid(data.rows, [
      ["model", (row) => row.ref ?? `${row.name}@v${row.number}`],
      ["aliases", (row) => (row.aliases ?? []).map((/** @type {string} */ each) => stateBadge(each))],
      ["approval", (row) => (row.decision ? stateBadge(row.decision) : "–")],
      ["trained on", (row) => row.data ?? row.data_version ?? "–"],
      ["accuracy (cross-validated)", (row) => percent(row.metrics?.cv_accuracy ?? row.metrics?.accuracy), "number"],
      ["classes", (row) => badge(String(row.classes?.length ?? "–")), "number"],
      ["made", (row) => when(row.created)],
    ], (row) => setOpen(row.ref ?? `${row.name}@v${row.number}`)) : empty("No model yet.", "visloop train DATASET@v1 --model NAME")),
    open ? h(Detail, { key: open, model: open, onClose: () => setOpen(""), onChange: reload }) : null);
}
