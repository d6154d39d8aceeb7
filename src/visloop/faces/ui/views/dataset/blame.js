// @ts-check
/** Who gave each field of a sample and its objects its value: in which version, when, why, by which model. */
import { a, details, div, h, li, p, span, summary, ul, useState } from "../../lib/dom.js";
import { dot, failure, waiting, when } from "../../lib/parts.js";
import { address, useAnswer } from "../../lib/use.js";
import { fieldInWords, modelOf, versionsOf, whoInWords } from "../versions/words.js";

/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("../../api.d.ts").Blamed} Blamed */
/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {{colour: (name: string | undefined) => string}} Colours */

/** @param {{sample: Sample, from: string, classes: Colours, onLit: (each: Annotation | null) => void}} properties */
export function Blame({ sample, from, classes, onLit }) {
  const [open, setOpen] = useState(false);
  return details(
    { class: "blame", open, onToggle: (/** @type {any} */ event) => setOpen(event.target.open) },
    summary("Who changed what, and when"),
    open ? h(Lines, { sample, from, classes, onLit }) : null,
  );
}

/** @param {{sample: Sample, from: string, classes: Colours, onLit: (each: Annotation | null) => void}} properties */
function Lines({ sample, from, classes, onLit }) {
  const [name, version] = from.split("@");
  const heads = useAnswer("branch.list", { dataset: name }).data?.rows;
  const head = heads?.find((each) => each.working)?.version;
  const asked = version === "work" ? head : version;
  const { data, error } = useAnswer("blame", asked ? { ref: `${name}@${asked}`, path: sample.path } : null);
  if (heads && !asked) return p({ class: "muted" }, "Nothing is committed yet.");
  if (error?.code === "data.sample_not_found") return p({ class: "muted" }, "It is not committed yet.");
  if (!data) return waiting(error);
  return div(
    failure(error),
    ul(
      { class: "blamed" },
      ...grouped(data.rows).map(({ object, label, author, lines }) => {
        const annotation = (sample.annotations ?? []).find((each) => each.id === object);
        const model = modelOf(author);
        return li(
          { onMouseEnter: () => annotation && onLit(annotation), onMouseLeave: () => onLit(null) },
          p(
            { class: "blamed-name" },
            object ? [dot(classes.colour(label)), " ", label || "object"] : "the picture",
            object && author
              ? span(
                  { class: "muted small" },
                  " drawn by ",
                  model ? a({ href: address("models", model) }, model) : whoInWords(author),
                )
              : null,
          ),
          ul(
            ...lines.map(({ row, fields }) =>
              li(
                { class: "blamed-line" },
                a({ href: versionsOf(name, row.version) }, row.version),
                span({ title: fields.join(", ") }, many(fields)),
                span(
                  { class: "muted small" },
                  whoInWords(row.actor),
                  ", ",
                  when(row.time),
                  row.message ? `: ${row.message}` : "",
                ),
              ),
            ),
          ),
        );
      }),
    ),
  );
}

/** @param {string[]} fields */
const many = (fields) =>
  fields.length > 6 ? `${fields.slice(0, 5).join(", ")} and ${fields.length - 5} more` : fields.join(", ");

/**
 * By object, the newest version first; fields that one version set stand in one line.
 * @param {readonly Blamed[]} rows
 */
function grouped(rows) {
  /** @type {Map<string, {object: string, label: string, author: string, lines: Array<{row: Blamed, fields: string[]}>}>} */
  const found = new Map();
  for (const row of rows) {
    const one = found.get(row.object) ?? { object: row.object, label: row.label, author: row.author, lines: [] };
    found.set(row.object, one);
    const line = one.lines.find((each) => each.row.version === row.version);
    if (line) line.fields.push(fieldInWords(row.field));
    else one.lines.push({ row, fields: [fieldInWords(row.field)] });
  }
  const number = (/** @type {Blamed} */ row) => Number(row.version.slice(1));
  const all = [...found.values()];
  for (const one of all) one.lines.sort((x, y) => number(y.row) - number(x.row));
  const newest = (/** @type {typeof all[number]} */ one) => number(one.lines[0].row);
  return all.sort((x, y) => newest(y) - newest(x) || Number(Boolean(x.object)) - Number(Boolean(y.object)));
}
