// @ts-check
/** Saved questions: asked by a press, saved under a name, let go. */
import { button, div, form, input, span, useState } from "../../../lib/dom.js";
import { failure } from "../../../lib/parts.js";
import { useAnswer, useDeeds } from "../../../lib/use.js";

/** @typedef {import("../../../api.d.ts").DatasetSummary} DatasetSummary */

/**
 * @param {{name: string, of?: "samples" | "objects", text: string, sound: boolean, onAsk: (text: string) => void}} properties `sound`: nothing is wrong with the question
 */
export function Views({ name, of = "samples", text, sound, onAsk }) {
  const views = useAnswer("view.list", {});
  const deeds = useDeeds();
  const [called, setCalled] = useState(/** @type {string | null} */ (null));
  const rows = (views.data?.rows ?? []).filter(
    ({ of: those, at }) => ["samples", "objects"].includes(those) && (!at || at.split(/[@:]/)[0] === name),
  );
  const save = async () => {
    if (!called) return;
    const done = await deeds.run("save", "view.save", { name: called, text, of, at: name });
    if (done) setCalled(null);
  };
  if (!rows.length && !(text && sound)) return null;
  return div(
    { class: "views" },
    ...rows.map((each) => {
      const asked = each.of === of ? each.text : `view(${each.name})`;
      return span(
        { class: "view" },
        button(
          {
            type: "button",
            "aria-pressed": String(asked === text),
            title: each.text,
            onClick: () => onAsk(asked === text ? "" : asked),
          },
          each.name,
        ),
        asked === text
          ? button(
              {
                type: "button",
                class: "quiet",
                "aria-label": `forget the view ${each.name}`,
                title: "forget this view",
                onClick: () => deeds.run("remove", "view.remove", { name: each.name }),
              },
              "×",
            )
          : null,
      );
    }),
    text && sound && called === null && !rows.some((each) => each.text === text)
      ? button({ type: "button", class: "quiet", onClick: () => setCalled("") }, "Save this view …")
      : null,
    called === null
      ? null
      : form(
          {
            class: "row",
            onSubmit: (/** @type {Event} */ event) => {
              event.preventDefault();
              save();
            },
          },
          input({
            type: "text",
            value: called,
            "aria-label": "name of the view",
            placeholder: "night",
            ref: (/** @type {HTMLElement | null} */ one) => called === "" && one?.focus(),
            onInput: (/** @type {any} */ event) => setCalled(event.target.value),
          }),
          button({ type: "submit", class: "primary", disabled: !called || deeds.busy === "save" }, "Save"),
          button({ type: "button", class: "quiet", onClick: () => setCalled(null) }, "Cancel"),
        ),
    failure(deeds.problem),
  );
}
