// @ts-check
/** Which metadata a version has, field by field; fields of one's own; the cameras of the project. */
import { button, div, form, h, p, span, useState } from "../../lib/dom.js";
import { choiceField, fields, textField, tick } from "../../lib/forms.js";
import { badge, bar, coded, empty, failure, grid, panel, waiting } from "../../lib/parts.js";
import { valueInWords } from "../../lib/states.js";
import { useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Cameras } from "./cameras.js";

/** @typedef {import("../../api.d.ts").FieldSummary} FieldSummary */
/** @typedef {NonNullable<import("../../api.d.ts").MetaFieldAddAsk["type"]>} Type */

/** @param {{name: string, version: string, split: string, total: number}} properties */
export function Metadata({ name, version, split, total }) {
  const { data, error } = useAnswer("meta.fields", { ref: `${name}@${version}${split ? `:${split}` : ""}` });
  if (!data) return waiting(error);
  return div(
    { class: "columns wide" },
    div(
      failure(error),
      panel(
        count(data.count, "field"),
        data.count
          ? grid(data.rows, [
              {
                title: "field",
                cell: (row) => [
                  span({ class: "path" }, row.field),
                  row.description ? p({ class: "muted small" }, ...coded(row.description)) : null,
                ],
                kind: "wide",
              },
              {
                title: "type",
                cell: (row) => [
                  row.type,
                  row.unit ? span({ class: "muted" }, ` ${row.unit}`) : null,
                  p(row.learnt ? badge("learnt") : null, row.private ? badge("private", "busy") : null),
                ],
              },
              {
                title: "pictures",
                cell: (row) => [
                  span(row.samples.toLocaleString("en")),
                  bar(total ? row.samples / total : 0, { label: `share with ${row.field}` }),
                ],
                kind: "number bar-cell",
              },
              { title: "values", cell: values, kind: "wide" },
            ])
          : empty("No metadata yet", "EXIF, video properties and your own values show up here, typed and with units."),
      ),
    ),
    div(
      { class: "side" },
      version === "work" ? h(Declare, { name }) : null,
      h(Cameras, { name, changes: version === "work" }),
    ),
  );
}

/** From where to where, or what there is most of. @param {FieldSummary} row */
function values(row) {
  if (!row.samples) return span({ class: "muted" }, "no value yet");
  if (row.least !== null && row.least !== undefined) {
    const [least, most] = [valueInWords(row.least, row.type), valueInWords(row.most, row.type)];
    return least === most ? least : `${least} … ${most}`;
  }
  const top = Object.entries(row.top ?? {});
  if (!top.length) return span({ class: "muted" }, "too many to list");
  return top.map(([value, n]) =>
    span({ class: "listed" }, value || "empty", span({ class: "muted" }, ` ${n.toLocaleString("en")}`)),
  );
}

const TYPES = /** @type {const} */ (["text", "integer", "number", "boolean", "time", "choice"]);
const NOTHING = {
  name: "",
  type: /** @type {Type} */ ("text"),
  unit: "",
  choices: "",
  description: "",
  private: false,
};

/** A field of one's own. @param {{name: string}} properties */
function Declare({ name }) {
  const [says, setSays] = useState(NOTHING);
  const [said, setSaid] = useState("");
  const deeds = useDeeds();
  const set = (/** @type {Partial<typeof NOTHING>} */ some) => setSays({ ...says, ...some });
  const numeric = says.type === "integer" || says.type === "number";
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const ask = {
      ...says,
      dataset: name,
      name: says.name.trim(),
      unit: numeric ? says.unit.trim() : "",
      choices: says.type === "choice" ? says.choices : "",
    };
    const done = await deeds.run("add", "meta.field.add", ask);
    if (!done) return;
    setSaid(`${ask.name} is declared${done.changed ? `, ${count(done.changed, "value")} converted` : ""}`);
    setSays(NOTHING);
  };
  return panel(
    "Declare a field",
    form(
      { class: "stacked", onSubmit: add },
      textField({
        words: "Field",
        value: says.name,
        required: true,
        placeholder: "part.width_mm",
        onValue: (value) => set({ name: value }),
      }),
      fields(
        choiceField({
          words: "Type",
          value: says.type,
          choices: TYPES.map((value) => ({ value, words: value })),
          onValue: (type) => set({ type: /** @type {Type} */ (type) }),
        }),
        numeric
          ? textField({ words: "Unit", value: says.unit, placeholder: "mm, s, degC", onValue: (unit) => set({ unit }) })
          : null,
        says.type === "choice"
          ? textField({
              words: "Choices",
              value: says.choices,
              required: true,
              placeholder: "day, night",
              onValue: (choices) => set({ choices }),
            })
          : null,
      ),
      textField({ words: "What it means", value: says.description, onValue: (description) => set({ description }) }),
      tick({
        words: "May tell of a person or a place",
        checked: says.private,
        onChecked: (on) => set({ private: on }),
      }),
      button({ type: "submit", disabled: Boolean(deeds.busy) }, "Declare"),
    ),
    failure(deeds.problem),
    said ? p({ class: "muted", role: "status" }, said) : null,
  );
}
