// @ts-check
/** The metadata of one sample: typed values with their units; in the working state they can be changed. */
import {
  button,
  datalist,
  div,
  form,
  h,
  h3,
  input,
  option,
  p,
  span,
  table,
  tbody,
  td,
  th,
  tr,
  useEffect,
  useRef,
  useState,
} from "../../lib/dom.js";
import { act, failure } from "../../lib/parts.js";
import { valueInWords } from "../../lib/states.js";
import { useAnswer, useDeeds } from "../../lib/use.js";
import { shortened } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Value} Value */

/** Shown above, or nobody's to change. @param {string} field */
const fixed = (field) => field.startsWith("privacy.") || field === "video.digest";

/** @param {{from: string, path: string}} properties `from`: for example `line@work` */
export function Values({ from, path }) {
  const { data, error } = useAnswer("meta.show", { ref: from, path });
  const [open, setOpen] = useState("");
  const deeds = useDeeds();
  const [dataset, version] = from.split("@");
  const rows = (data?.rows ?? []).filter((row) => row.field !== "source" && row.field !== "added");
  const changes = version === "work";
  const save = async (/** @type {string} */ field, /** @type {string | null} */ value) => {
    const said = value === null ? { unset: [field] } : { set: { [field]: value } };
    if (await deeds.run("set", "meta.set", { dataset, paths: [path], ...said })) setOpen("");
  };
  const toggle = (/** @type {string} */ field) => {
    deeds.clear();
    setOpen(open === field ? "" : field);
  };
  return div(
    { class: "values" },
    h3("Metadata"),
    failure(error),
    rows.length
      ? table(
          tbody(
            ...rows.map((row) =>
              open === row.field
                ? tr(
                    { key: row.field },
                    td(
                      { colSpan: 2 },
                      h(Change, { row, busy: Boolean(deeds.busy), onSave: save, onClose: () => toggle(row.field) }),
                      failure(deeds.problem),
                    ),
                  )
                : tr(
                    { key: row.field },
                    th({ scope: "row", title: row.description || undefined }, row.field),
                    td(
                      span(
                        shortened(valueInWords(row.value, row.type)),
                        row.unit ? span({ class: "muted" }, ` ${row.unit}`) : null,
                      ),
                      changes && !fixed(row.field) && row.type !== "json"
                        ? button(
                            {
                              type: "button",
                              class: "quiet change",
                              "aria-label": `change ${row.field}`,
                              onClick: () => toggle(row.field),
                            },
                            "change",
                          )
                        : null,
                    ),
                  ),
            ),
          ),
        )
      : data
        ? p({ class: "muted" }, "None.")
        : null,
    changes
      ? open === "+"
        ? h(Fresh, { dataset, busy: Boolean(deeds.busy), onSave: save, onClose: () => toggle("+") })
        : act("Add a value", () => toggle("+"), { kind: "quiet" })
      : p({ class: "muted small" }, "A version stays as it is; values are changed in work."),
    open === "+" || !open ? failure(deeds.problem) : null,
  );
}

/** The field that has the focus as soon as it is there. */
function useFirst() {
  const ref = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => ref.current?.focus(), []);
  return ref;
}

/** @param {{row: Value, busy: boolean, onSave: (field: string, value: string | null) => void, onClose: () => void}} properties */
function Change({ row, busy, onSave, onClose }) {
  const [value, setValue] = useState(String(row.value ?? ""));
  const first = useFirst();
  return form(
    {
      class: "change-form",
      onSubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        onSave(row.field, value);
      },
    },
    p({ class: "path" }, row.field, span({ class: "muted" }, ` ${row.type}${row.unit ? `, ${row.unit}` : ""}`)),
    row.description ? p({ class: "muted small" }, row.description) : null,
    div(
      { class: "row" },
      input({
        type: "text",
        value,
        "aria-label": `value of ${row.field}`,
        ref: first,
        onInput: (/** @type {any} */ event) => setValue(event.target.value),
      }),
      button({ type: "submit", class: "primary", disabled: busy }, "Save"),
      act("Take it off", () => onSave(row.field, null), { disabled: busy }),
      act("Leave it", onClose, { kind: "quiet" }),
    ),
  );
}

/** @param {{dataset: string, busy: boolean, onSave: (field: string, value: string | null) => void, onClose: () => void}} properties */
function Fresh({ dataset, busy, onSave, onClose }) {
  const known = useAnswer("meta.field.list", { ref: dataset, all: true }).data?.rows ?? [];
  const [field, setField] = useState("");
  const first = useFirst();
  const [value, setValue] = useState("");
  const found = known.find((each) => each.field === field);
  return form(
    {
      class: "change-form",
      onSubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        onSave(field.trim(), value);
      },
    },
    div(
      { class: "row" },
      input({
        type: "text",
        ref: first,
        value: field,
        list: "known-fields",
        required: true,
        placeholder: "field",
        "aria-label": "field",
        onInput: (/** @type {any} */ event) => setField(event.target.value),
      }),
      datalist({ id: "known-fields" }, ...known.map((each) => option({ value: each.field }, each.description))),
      input({
        type: "text",
        value,
        required: true,
        placeholder: found?.unit ? `value in ${found.unit}` : "value",
        "aria-label": "value",
        onInput: (/** @type {any} */ event) => setValue(event.target.value),
      }),
      button({ type: "submit", class: "primary", disabled: busy }, "Save"),
      act("Leave it", onClose, { kind: "quiet" }),
    ),
    p({ class: "muted small" }, found?.description ?? "A new field learns its type from its first value."),
  );
}
