// @ts-check
/** How what was found is spread: folders as a tree, labels, splits, any field; a press narrows down. */
import { button, details, div, h, li, option, p, select, span, summary, ul, useState } from "../../../lib/dom.js";
import { panel } from "../../../lib/parts.js";
import { asks, meant, turned } from "../../../lib/questions.js";
import { useAnswer, useHeld } from "../../../lib/use.js";
import { Histograms } from "./histograms.js";

/** @typedef {{value: any, to?: any, count: number}} Value */
/** @typedef {{field: string, values: Value[], without: number, more: number}} Facet */
/** @typedef {{text: string, onAsk: (text: string) => void}} Asking */

const FIRST = { samples: "folder,label,split", objects: "label,folder,split" };
const MOST = 12;

/** Many numbers: a histogram tells more. @param {Facet} facet */
const stepped = ({ values }) => values[0]?.to !== undefined;

/** A facet's field as a sample is asked for it. @param {string} field @param {string[]} own */
const asked = (field, own) => (own.includes(field) ? field : `annotations.${field}`);

/** @param {{at: string, of?: "samples" | "objects"} & Asking} properties */
export function Facets({ at, of = "samples", text, onAsk }) {
  const [more, setMore] = useState("");
  const found = useAnswer("query", { text, of, at, limit: 0, facets: FIRST[of] + (more ? `,${more}` : "") });
  const fields = useAnswer("complete", { of, at });
  const own = (fields.data?.rows ?? []).filter(({ kind }) => kind === "field").map((each) => each.text);
  const spread = (fields.data?.rows ?? []).some(
    (each) => each.text.replaceAll("`", "") === more && /^(integer|number|time)\b/.test(each.detail),
  );
  const facets = /** @type {Facet[]} */ (useHeld(found.data, at)?.facets ?? []);
  return panel(
    {
      title: "Narrow down",
      aside: select(
        {
          "aria-label": "count another field",
          value: more,
          onChange: (/** @type {any} */ e) => setMore(e.target.value),
        },
        option({ value: "" }, "count by …"),
        ...own
          .filter((each) => !["folder", "split", "path", "name", "id", "image"].includes(each))
          .map((each) => option({ value: each.replaceAll("`", ""), selected: each === more }, each)),
      ),
    },
    ...facets
      .filter((each) => each.values.length > (each.field === "folder" ? 1 : 0) && !stepped(each))
      .map((facet) =>
        details(
          { class: "facet", open: true },
          summary(facet.field),
          facet.field === "folder"
            ? h(Folders, { values: facet.values, text, onAsk })
            : h(Values, { facet, name: asked(facet.field, own), text, onAsk }),
        ),
      ),
    h(Histograms, { at, of, more: spread ? more : "", ready: found.data !== null, text, onAsk }),
  );
}

/** @param {{facet: Facet, name: string} & Asking} properties */
function Values({ facet, name, text, onAsk }) {
  const [all, setAll] = useState(false);
  const shown = all ? facet.values : facet.values.slice(0, MOST);
  const most = Math.max(...facet.values.map((each) => each.count), 1);
  return div(
    ul(
      ...shown.map((each) =>
        li(
          h(Value, {
            words: spoken(each),
            value: each,
            condition: meant(name, each),
            share: each.count / most,
            text,
            onAsk,
          }),
        ),
      ),
    ),
    facet.values.length > MOST
      ? button(
          { type: "button", class: "quiet small", onClick: () => setAll(!all) },
          all ? "fewer" : `all ${facet.values.length}`,
        )
      : null,
    facet.without ? p({ class: "muted small" }, `${facet.without.toLocaleString("en")} without`) : null,
  );
}

/** @param {Value} value */
const spoken = ({ value }) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) ? value.slice(0, 16).replace("T", " ") : String(value);

/** @param {{words: string, value: Value, condition: string, share: number} & Asking} properties */
const Value = ({ words, value, condition, share, text, onAsk }) =>
  button(
    {
      type: "button",
      class: "facet-value",
      "aria-pressed": String(asks(text, condition)),
      onClick: () => onAsk(turned(text, condition)),
      style: `--share:${(share * 100).toFixed(1)}%`,
    },
    span({ class: "facet-words" }, words),
    span({ class: "muted" }, value.count.toLocaleString("en")),
  );

/** Folders as they lie in one another; the whole is not one of them. @param {{values: Value[]} & Asking} properties */
function Folders({ values, text, onAsk }) {
  const [open, setOpen] = useState(/** @type {string[]} */ ([]));
  const below = (/** @type {string} */ folder) =>
    values.filter(({ value }) => value !== "" && value.slice(0, Math.max(0, value.lastIndexOf("/"))) === folder);
  const most = Math.max(...below("").map((each) => each.count), 1);
  /** @param {string} folder @returns {import("../../../lib/dom.js").Child} */
  const level = (folder) =>
    ul(
      { class: "folders" },
      ...below(folder).map((each) => {
        const inner = below(each.value).length > 0;
        const shown = open.includes(each.value);
        return li(
          div(
            { class: "folder" },
            inner
              ? button(
                  {
                    type: "button",
                    class: "quiet fold-sign",
                    "aria-expanded": String(shown),
                    "aria-label": `folders in ${each.value}`,
                    onClick: () =>
                      setOpen(shown ? open.filter((other) => other !== each.value) : [...open, each.value]),
                  },
                  shown ? "▾" : "▸",
                )
              : span({ class: "fold-sign" }),
            h(Value, {
              words: each.value.slice(each.value.lastIndexOf("/") + 1),
              value: each,
              condition: meant("folder", each),
              share: each.count / most,
              text,
              onAsk,
            }),
          ),
          inner && shown ? level(each.value) : null,
        );
      }),
    );
  return level("");
}
