// @ts-check
/** One class of the dictionary: what it means, where it stands, how else it is called; or a new one. */
import { a, button, form, input, label, li, p, span, ul, useState } from "../../lib/dom.js";
import { longField, textField } from "../../lib/forms.js";
import { act, failure, panel } from "../../lib/parts.js";
import { useDeeds } from "../../lib/use.js";

/** @typedef {import("../../api.d.ts").ClassRow} ClassRow */

/** @param {{dataset: string, row: ClassRow, names: string[], back: string}} properties `back`: the address without this class */
export function Meaning({ dataset, row, names, back }) {
  const [says, setSays] = useState({ color: row.color, parent: row.parent ?? "", definition: row.definition });
  const [alias, setAlias] = useState("");
  const deeds = useDeeds();
  const { name } = row;
  const busy = Boolean(deeds.busy);
  const same = says.color === row.color && says.parent === (row.parent ?? "") && says.definition === row.definition;
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    deeds.run("set", "classes.set", { dataset, name, ...says });
  };
  const call = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await deeds.run("alias", "classes.alias", { dataset, name, aliases: [alias.trim()] })) setAlias("");
  };
  const remove = async () => {
    if (await deeds.run("remove", "classes.remove", { dataset, name })) location.hash = back;
  };
  return panel(
    {
      title: name,
      class: "named",
      aside: act("Remove", remove, {
        disabled: busy,
        title: "only a class that no object has; older versions keep it",
      }),
    },
    form(
      { class: "stacked", onSubmit: save },
      label(
        { class: "field" },
        span({ class: "field-name" }, "Colour"),
        input({
          type: "color",
          value: says.color,
          onInput: (/** @type {any} */ event) => setSays({ ...says, color: event.target.value }),
        }),
      ),
      textField({
        words: "Below",
        id: "parents",
        offers: names.filter((each) => each !== name),
        hint: "another class; empty: none",
        value: says.parent,
        onValue: (parent) => setSays({ ...says, parent }),
      }),
      longField({
        words: "What belongs to it",
        value: says.definition,
        rows: 3,
        onValue: (definition) => setSays({ ...says, definition }),
      }),
      button({ type: "submit", class: "primary", disabled: busy || same }, "Save"),
    ),
    form(
      { class: "stacked also", onSubmit: call },
      row.aliases.length
        ? ul(
            { class: "aliases" },
            ...row.aliases.map((each) =>
              li(
                each,
                button(
                  {
                    type: "button",
                    class: "quiet",
                    "aria-label": `no longer called ${each}`,
                    disabled: busy,
                    onClick: () =>
                      deeds.run("alias", "classes.alias", { dataset, name, aliases: [each], remove: true }),
                  },
                  "×",
                ),
              ),
            ),
          )
        : null,
      textField({
        words: "Also called",
        hint: "labels that come in under this name get the class's",
        value: alias,
        required: true,
        onValue: setAlias,
      }),
      button({ type: "submit", disabled: busy }, "Add the name"),
    ),
    failure(deeds.problem),
    row.origins.length
      ? p({ class: "muted small" }, `took over: ${row.origins.map((each) => each.name).join(", ")}`)
      : null,
    p({ class: "foot" }, a({ href: back }, "Close")),
  );
}

/** @param {{dataset: string, names: string[]}} properties */
export function Fresh({ dataset, names }) {
  const [says, setSays] = useState({ name: "", parent: "", definition: "" });
  const [said, setSaid] = useState("");
  const deeds = useDeeds();
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { name, parent, definition } = says;
    const ask = { dataset, names: [name.trim()], parent: parent.trim(), definition: definition.trim() };
    if (!(await deeds.run("add", "classes.add", ask))) return;
    setSaid(`${name.trim()} is a class now; a commit makes it last`);
    setSays({ name: "", parent: "", definition: "" });
  };
  return panel(
    "Add a class",
    form(
      { class: "stacked", onSubmit: add },
      textField({ words: "Name", value: says.name, required: true, onValue: (name) => setSays({ ...says, name }) }),
      textField({
        words: "Below",
        id: "fresh-parents",
        offers: names,
        value: says.parent,
        placeholder: "none",
        onValue: (parent) => setSays({ ...says, parent }),
      }),
      longField({
        words: "What belongs to it",
        rows: 2,
        value: says.definition,
        onValue: (definition) => setSays({ ...says, definition }),
      }),
      button({ type: "submit", disabled: Boolean(deeds.busy) }, "Add"),
    ),
    failure(deeds.problem),
    said ? p({ class: "muted", role: "status" }, said) : null,
  );
}
