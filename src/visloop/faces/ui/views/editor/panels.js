// @ts-check
/** What stands beside the picture: tools, classes, the objects and what is known of the chosen one. */
import { button, div, h, input, label, li, option, p, select, span, ul, useState } from "../../lib/dom.js";
import { placed } from "../../lib/marks.js";
import { act, dot, panel } from "../../lib/parts.js";
import { useDeeds } from "../../lib/use.js";
import { isFollowed } from "./film/course.js";
import { TOOLS } from "./keys.js";
import { bounds } from "./shapes.js";
import { Switches } from "./sight.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("./gestures.js").Tool} Tool */
/** @typedef {{names: string[], colour: (name: string | undefined) => string, definition: (name: string | undefined) => string}} Classes */

/** @param {{tool: Tool, onTool: (tool: Tool) => void}} properties */
export const Tools = ({ tool, onTool }) =>
  div(
    { class: "edit-tools tabs", role: "group", "aria-label": "tools" },
    ...TOOLS.map((each) =>
      button(
        {
          type: "button",
          "aria-pressed": String(each.tool === tool),
          "aria-keyshortcuts": each.key,
          onClick: () => onTool(each.tool),
        },
        each.title,
        span({ class: "key", "aria-hidden": "true" }, each.key),
      ),
    ),
  );

/** @param {{dataset: string, classes: Classes, current: string, whole: string[], onClass: (name: string) => void}} properties */
export function ClassList({ dataset, classes, current, whole, onClass }) {
  const deeds = useDeeds();
  const [name, setName] = useState("");
  const add = async () => {
    const done = await deeds.run("add", "classes.add", { dataset, names: [name.trim()] });
    if (done) setName((now) => (now === name ? "" : now)); // the next may be typed already
  };
  return panel(
    "Classes",
    classes.names.length ? null : p({ class: "muted" }, "None yet: name the first one, then draw."),
    div(
      { class: "classes", role: "group", "aria-label": "classes" },
      ...classes.names.map((each, k) =>
        button(
          {
            type: "button",
            class: each === current ? "choice proposed" : "choice",
            "aria-pressed": String(each === current),
            "aria-keyshortcuts": k < 9 ? String(k + 1) : undefined,
            onClick: () => onClass(each),
          },
          dot(classes.colour(each)),
          span({ title: [each, classes.definition(each)].filter(Boolean).join(": ") }, each),
          whole.includes(each)
            ? span(
                {
                  class: "badge good",
                  role: "img",
                  title: "class of the whole picture",
                  "aria-label": "class of the whole picture",
                },
                "✓",
              )
            : null,
          k < 9 ? span({ class: "key", "aria-hidden": "true" }, String(k + 1)) : null,
        ),
      ),
    ),
    classes.definition(current) ? p({ class: "muted small edit-definition" }, classes.definition(current)) : null,
    div(
      { class: "row edit-add" },
      input({
        type: "text",
        value: name,
        placeholder: classes.names.length ? "another class" : "first class",
        "aria-label": "name of another class",
        onInput: (/** @type {any} */ event) => setName(event.target.value),
        onKeyDown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Enter" && name.trim()) add();
        },
      }),
      act("Add", add, { disabled: !name.trim(), busy: deeds.busy === "add" }),
    ),
    deeds.problem ? p({ class: "failure", role: "alert" }, deeds.problem.what) : null,
  );
}

/** @param {Annotation} each */
export function inWords(each) {
  if (each.type === "class") return "whole picture";
  if (each.type === "number") return `${each.value} ${each.unit ?? ""}`;
  const around = bounds(each);
  if (!around) return each.type;
  const [x1, y1, x2, y2] = around.map(Math.round);
  const size = `${x2 - x1} × ${y2 - y1}`;
  if (isFollowed(each)) return each.key_frame === false ? `${size}, interpolated` : `${size}, key frame`;
  return each.type === "box" ? size : `${each.type === "obb" ? "turned" : each.type} ${size}`;
}

/** @param {{objects: readonly Annotation[], classes: Classes, selected: string | null, sight: import("./sight.js").Sight, onSelect: (id: string | null) => void}} properties */
export function Objects({ objects, classes, selected, sight, onSelect }) {
  const unseen = objects.filter(sight.isHidden).length;
  return panel(
    {
      title: "Objects",
      aside: [
        unseen ? act(`Show ${unseen} hidden`, sight.showAll, { kind: "quiet" }) : null,
        span({ class: "muted small" }, objects.length ? String(objects.length) : ""),
      ],
    },
    objects.length
      ? ul(
          { class: "objects edit-objects", "aria-label": "objects" },
          ...objects.map((each) =>
            li(
              { key: each.id },
              button(
                {
                  type: "button",
                  class: each.id === selected ? "quiet here" : "quiet",
                  "aria-pressed": String(each.id === selected),
                  onClick: () => onSelect(each.id === selected ? null : (each.id ?? null)),
                },
                dot(classes.colour(each.label)),
                each.label ?? "",
                span({ class: "muted" }, inWords(each)),
              ),
              placed(each) && (each.id === selected || Object.values(sight.marks(each)).some(Boolean))
                ? h(Switches, { object: each, named: `${each.label ?? ""} ${inWords(each)}`, sight })
                : null,
            ),
          ),
        )
      : p({ class: "muted" }, "None yet."),
  );
}

/** @param {{object: Annotation, classes: Classes, onPut: (object: Annotation) => void, onRemove: () => void}} properties */
export function Chosen({ object, classes, onPut, onRemove }) {
  const flag = (/** @type {"ignore" | "crowd"} */ name, /** @type {string} */ title) =>
    label(
      { class: "check", title },
      input({
        type: "checkbox",
        checked: Boolean(object[name]),
        onChange: (/** @type {any} */ event) => onPut({ ...object, [name]: event.target.checked }),
      }),
      name,
    );
  return panel(
    { title: "Selected", aside: act("Remove", onRemove, { key: "Del", kind: "quiet" }) },
    div(
      { class: "edit-chosen" },
      select(
        {
          "aria-label": "class of the object",
          value: object.label,
          onChange: (/** @type {any} */ event) => onPut({ ...object, label: event.target.value }),
        },
        ...classes.names.map((name) => option({ value: name, selected: name === object.label }, name)),
      ),
      object.type === "number"
        ? input({
            type: "number",
            step: "any",
            value: object.value,
            "aria-label": "value",
            onChange: (/** @type {any} */ event) => onPut({ ...object, value: Number(event.target.value) }),
          })
        : null,
      h(Coordinates, { object, onPut }),
      h(Attributes, { key: object.id, object, onPut }),
      placed(object)
        ? div(
            { class: "row" },
            flag("ignore", "left out of metrics"),
            flag("crowd", "a region of many objects (COCO's iscrowd)"),
          )
        : null,
    ),
  );
}

const SIDES = ["left", "top", "right", "bottom"];

/** @param {{object: Annotation, onPut: (object: Annotation) => void}} properties */
function Coordinates({ object, onPut }) {
  if (object.type !== "box" && object.type !== "track") return null;
  const { xyxy } = object;
  return div(
    { class: "edit-numbers" },
    ...xyxy.map((value, k) =>
      label(
        span({ class: "muted small" }, SIDES[k]),
        input({
          type: "number",
          step: "any",
          value: String(Math.round(100 * value) / 100),
          onChange: (/** @type {any} */ event) => {
            const next = /** @type {[number, number, number, number]} */ ([...xyxy]);
            next[k] = Number(event.target.value);
            if (next[2] > next[0] && next[3] > next[1]) onPut({ ...object, xyxy: next });
          },
        }),
      ),
    ),
  );
}

/** A text that reads as true, false or a number is one. @param {string} text */
const meant = (text) => (/^(true|false|-?\d+(\.\d+)?)$/.test(text) ? JSON.parse(text) : text);

/** @param {{object: Annotation, onPut: (object: Annotation) => void}} properties */
function Attributes({ object, onPut }) {
  const [name, setName] = useState("");
  const attributes = object.attributes ?? {};
  const put = (/** @type {string} */ key, /** @type {string} */ text) => {
    const next = { ...attributes, [key]: meant(text) };
    if (!text) delete next[key];
    onPut({ ...object, attributes: next });
  };
  return div(
    { class: "edit-attributes" },
    ...Object.entries(attributes).map(([key, value]) =>
      label(
        { key },
        span({ class: "muted small" }, key),
        input({
          type: "text",
          value: typeof value === "string" ? value : JSON.stringify(value),
          title: "empty: take the attribute away",
          onChange: (/** @type {any} */ event) => put(key, event.target.value.trim()),
        }),
      ),
    ),
    input({
      type: "text",
      value: name,
      placeholder: "new attribute: name=value",
      "aria-label": "new attribute, name=value",
      onInput: (/** @type {any} */ event) => setName(event.target.value),
      onChange: (/** @type {any} */ event) => {
        const [key, ...rest] = event.target.value.split("=");
        if (!key.trim() || !rest.join("=").trim()) return;
        put(key.trim(), rest.join("=").trim());
        setName("");
      },
    }),
  );
}
