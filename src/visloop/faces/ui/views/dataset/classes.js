// @ts-check
/** The class dictionary: colours, places, other names, meanings, counts; add, change, rename, merge, remove. */
import { a, div, h, input, p, span, useState } from "../../lib/dom.js";
import { act, dot, empty, failure, grid, panel, waiting } from "../../lib/parts.js";
import { address, useAnswer } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Fresh, Meaning } from "./oneclass.js";
import { Merge, Rename } from "./reform.js";

/** @typedef {import("../../api.d.ts").ClassRow} ClassRow */
/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */

const MANY = 12;

/** @param {{dataset: DatasetSummary, version: string, split: string, chosen: string}} properties `chosen`: a class */
export function Classes({ dataset, version, split, chosen }) {
  const ref = `${dataset.name}@${version}${split ? `:${split}` : ""}`;
  const { data, error } = useAnswer("classes.list", { dataset: ref });
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  const [wanted, setWanted] = useState("");
  if (!data) return waiting(error);
  const all = data.rows;
  const changes = version === "work";
  const row = all.find((each) => each.name === chosen);
  const found = all.filter((each) => matches(each, wanted));
  const here = (/** @type {string} */ name) => address("data", dataset.name, version, split || "all", "classes", name);
  const pick = (/** @type {string} */ name, /** @type {boolean} */ on) =>
    setPicked(on ? [...picked, name] : picked.filter((each) => each !== name));
  const names = all.map((each) => each.name);
  const still = picked.filter((each) => names.includes(each));
  /** @type {Array<import("../../lib/parts.js").Column<ClassRow>>} */
  const columns = [
    {
      title: "class",
      cell: (each) =>
        span(
          { class: "label" },
          dot(each.color),
          changes
            ? a({ href: here(each.name), "aria-current": each === row ? "true" : undefined }, each.name)
            : each.name,
        ),
    },
    { title: "objects", cell: (each) => (each.objects ?? 0).toLocaleString("en"), kind: "number" },
    { title: "pictures", cell: (each) => (each.samples ?? 0).toLocaleString("en"), kind: "number" },
    { title: "below", cell: (each) => each.parent ?? "", kind: "muted wrap" },
    { title: "also called", cell: (each) => each.aliases.join(", "), kind: "wrap" },
    { title: "what belongs to it", cell: (each) => each.definition, kind: "wide" },
    { title: "id", cell: (each) => each.id, kind: "number muted" },
  ];
  const boxes = {
    title: "",
    kind: "pick",
    cell: (/** @type {ClassRow} */ each) =>
      input({
        type: "checkbox",
        checked: still.includes(each.name),
        "aria-label": `pick ${each.name}`,
        onChange: (/** @type {any} */ event) => pick(each.name, event.target.checked),
      }),
  };
  return div(
    { class: changes ? "columns wide" : "" },
    div(
      failure(error),
      panel(
        {
          title: count(all.length, "class", "classes"),
          aside:
            all.length > MANY
              ? input({
                  type: "text",
                  value: wanted,
                  placeholder: "find",
                  "aria-label": "find a class",
                  onInput: (/** @type {any} */ event) => setWanted(event.target.value),
                })
              : null,
        },
        all.length
          ? grid(found, changes ? [boxes, ...columns] : columns)
          : empty("No class yet", "They come with the first labels, or by hand."),
      ),
    ),
    changes
      ? div(
          { class: "side" },
          row
            ? h(Meaning, {
                key: `meaning ${row.name}`,
                dataset: dataset.name,
                row,
                names,
                back: address("data", dataset.name, version, split || "all", "classes"),
              })
            : null,
          row ? h(Rename, { key: `rename ${row.name}`, dataset, name: row.name, here }) : null,
          still.length > 1
            ? h(Merge, { dataset, picked: still, names, here, onDone: () => setPicked([]) })
            : names.length > 1
              ? panel("Merge", p({ class: "muted" }, "Pick two or more classes that are one."))
              : null,
          h(Fresh, { dataset: dataset.name, names }),
          still.length ? act("Pick none", () => setPicked([]), { kind: "quiet" }) : null,
        )
      : null,
  );
}

/** @param {ClassRow} row @param {string} wanted */
const matches = ({ name, aliases, definition, parent }, wanted) =>
  [name, ...aliases, definition, parent ?? ""].some((each) => each.toLowerCase().includes(wanted.trim().toLowerCase()));
