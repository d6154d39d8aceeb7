// @ts-check
/** What would be given to whom, worked out before it is done; and what was. */
import { a, button, div, h, p, span, strong, useEffect, useState } from "../../lib/dom.js";
import { asError, call } from "../../lib/api.js";
import { bar, failure, panel } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Gain } from "./pace.js";

/** @typedef {import("../../api.d.ts").LabelAssigned} Assigned */
/** @typedef {import("../../api.d.ts").Verbs["label.assign"]["ask"]} Ask */

const PAUSE_MS = 400;
/** So many are worked out as one types; more when somebody asks for it. */
const AT_ONCE = 2000;

/** What would be given to whom: worked out once somebody pauses. @param {Ask} ask */
export function usePlan(ask) {
  const key = JSON.stringify(ask);
  const none = {
    key: "",
    data: /** @type {Assigned | null} */ (null),
    error: /** @type {import("../../lib/api.js").ApiError | null} */ (null),
  };
  const [state, setState] = useState(none);
  const [wanted, setWanted] = useState("");
  const many = !ask.limit || ask.limit > AT_ONCE;
  useEffect(() => {
    if (many && wanted !== key) return undefined;
    let alive = true;
    const timer = setTimeout(async () => {
      try {
        const data = await call("label.assign", { ...ask, dry_run: true });
        if (alive) setState({ key, data, error: null });
      } catch (caught) {
        if (alive) setState({ key, data: null, error: asError(caught) });
      }
    }, PAUSE_MS);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [key, wanted, state.key === ""]);
  const fresh = state.key === key;
  return {
    data: fresh ? state.data : null,
    error: fresh ? state.error : null,
    isAsked: many && wanted !== key,
    work: () => setWanted(key),
    forget: () => setState(none),
    fail: (/** @type {import("../../lib/api.js").ApiError} */ error) => setState({ key, data: null, error }),
  };
}

/** @param {{plan: ReturnType<typeof usePlan>, busy: boolean, to: string[], dataset: string, none: string, isNew: boolean}} properties */
export function Plan({ plan: { data, error, isAsked, work }, busy, to, dataset, none, isNew }) {
  const made = data ? data.count - data.controls : 0;
  const left = Object.entries(data?.left ?? {});
  const reasons = [...new Set(left.map(([, why]) => why.split(" as ")[0]))];
  const most = Math.max(1, ...Object.values(data?.people ?? {}));
  return panel(
    "What would be given",
    failure(error),
    data
      ? div(
          { class: "stacked", role: "status" },
          p(
            strong(made ? count(made, "picture") : "No pictures"),
            data.controls ? ` and ${count(data.controls, "control")}` : "",
            made && data.annotators > 1 ? `, each to ${data.annotators} people` : "",
            made
              ? `; they ${data.question === "objects" ? "draw objects" : "give the class"}.`
              : left.length
                ? "."
                : none,
            made && data.annotators > 1
              ? span(
                  { class: "muted" },
                  ` Where they agree by ${Math.round(100 * data.bar)} % it is taken, else somebody else decides.`,
                )
              : null,
          ),
          ...Object.entries(data.people).map(([name, n]) =>
            div(
              { class: "row share" },
              span({ class: "name" }, name),
              bar(n / most),
              span({ class: "number" }, n.toLocaleString("en")),
            ),
          ),
          to.length || !data.count ? null : p({ class: "muted" }, "To whoever comes first."),
          made && isNew ? h(Gain, { dataset, more: made }) : null,
          ...reasons.map((why) =>
            p({ class: "muted" }, `${left.filter(([, each]) => each.startsWith(why)).length} left: ${why}.`),
          ),
        )
      : error
        ? null
        : isAsked
          ? p(
              button({ type: "button", onClick: work }, "Work it out"),
              span({ class: "muted" }, " so many take a while"),
            )
          : p({ class: "waiting" }, "Working it out …"),
    div(
      { class: "row foot" },
      button(
        {
          type: "submit",
          form: "assign",
          class: `primary ${busy ? "busy" : ""}`,
          disabled: busy || !data?.count,
          "aria-busy": busy ? "true" : undefined,
        },
        data?.count ? `Give out ${count(data.count, "picture")}` : "Give out",
      ),
    ),
  );
}

/** @param {{dataset: string, done: Assigned}} properties */
export const Given = ({ dataset, done }) =>
  div(
    { class: "notice good", role: "status" },
    div(
      { class: "notice-words" },
      p({ class: "what" }, `${count(done.count, "picture")} given out`),
      p(
        Object.entries(done.people)
          .map(([name, n]) => `${name} ${n.toLocaleString("en")}`)
          .join(", ") || "to whoever comes first",
      ),
    ),
    a({ class: "button", href: address("queue", "people", dataset) }, "Who has what"),
  );
