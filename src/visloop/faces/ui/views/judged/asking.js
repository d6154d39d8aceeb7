// @ts-check
/** The report of a model, with the slices that somebody asks for, and as a page to keep. */
import { a, button, div, form, h, span, useState } from "../../lib/dom.js";
import { textField } from "../../lib/forms.js";
import { failure, underWay } from "../../lib/parts.js";
import { useDeeds } from "../../lib/use.js";
import { Report } from "./report.js";

/** @typedef {import("../../api.d.ts").Verbs["evaluate"]["answer"]} Answer */

/** @param {{model: string, report: Answer}} properties */
export function Asked({ model, report }) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(/** @type {string[]} */ ([]));
  const [answer, setAnswer] = useState(/** @type {Answer | null} */ (null));
  const deeds = useDeeds();
  const ask = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const slice = [...new Set([...asked, text.trim()])];
    const found = await deeds.run("slice", "evaluate", { model, on: report.on, slice }, { long: true });
    if (!found) return;
    setAnswer(found);
    setAsked(slice);
    setText("");
  };
  const shown = answer?.on === report.on ? answer : report;
  const query = asked.map((each) => "slice=" + encodeURIComponent(each)).join("&");
  return div(
    div(
      { class: "asking" },
      form(
        { onSubmit: ask, class: "one-line" },
        textField({
          words: "How does it do on a slice?",
          value: text,
          onValue: setText,
          placeholder: "camera = dock and width < 300",
          wide: true,
        }),
        button({ type: "submit", disabled: !text.trim() || Boolean(deeds.busy) }, "Ask"),
      ),
      span({ class: "grow" }),
      a(
        { href: `/reports/${encodeURIComponent(model)}${query ? "?" + query : ""}`, target: "_blank", rel: "noopener" },
        "Report as one file",
      ),
    ),
    underWay(deeds),
    failure(deeds.problem),
    h(Report, { report: shown }),
  );
}
