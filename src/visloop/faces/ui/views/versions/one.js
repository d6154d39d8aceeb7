// @ts-check
/** One version: what it is, what it changed, and what can be done with it. */
import {
  a,
  button,
  dd,
  div,
  dl,
  dt,
  form,
  h,
  input,
  label,
  li,
  option,
  p,
  select,
  span,
  ul,
  useState,
} from "../../lib/dom.js";
import { act, failure, panel, when } from "../../lib/parts.js";
import { address, go, useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { versionsOf, whoInWords } from "./words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../api.d.ts").LogRow} LogRow */
/** @typedef {import("../../api.d.ts").Branch} Branch */

/** @param {{dataset: DatasetSummary, row: LogRow, rows: LogRow[], heads: Branch[]}} properties */
export function OneVersion({ dataset, row, rows, heads }) {
  const { name } = dataset;
  const deeds = useDeeds();
  return panel(
    { title: row.version, class: "named", aside: a({ href: address("data", name, row.version) }, "its pictures") },
    p(row.message),
    dl(
      { class: "facts" },
      dt("by"),
      dd(whoInWords(row.actor), ", ", when(row.time)),
      dt("on"),
      dd(row.branch, `, ${count(row.samples, "picture")}`),
      ...(row.parents.length
        ? [
            dt("from"),
            dd(...row.parents.map((each) => span({ class: "listed" }, a({ href: versionsOf(name, each) }, each)))),
          ]
        : []),
    ),
    h(Tags, { name, row, deeds }),
    row.parents.length ? h(Changed, { name, before: row.parents[0], version: row.version }) : null,
    h(Against, { name, version: row.version, rows, heads }),
    h(Revert, { dataset, version: row.version }),
    failure(deeds.problem),
  );
}

/** @param {{name: string, row: LogRow, deeds: ReturnType<typeof useDeeds>}} properties */
function Tags({ name, row, deeds }) {
  const [tag, setTag] = useState("");
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await deeds.run("tag", "tag", { ref: `${name}@${row.version}`, name: tag.trim() })) setTag("");
  };
  return div(
    { class: "stacked tags-of" },
    row.tags.length
      ? ul(
          { class: "aliases", "aria-label": "tags" },
          ...row.tags.map((each) =>
            li(
              each,
              button(
                {
                  type: "button",
                  class: "quiet",
                  "aria-label": `take the tag ${each} away`,
                  onClick: () => deeds.run("tag", "tag.remove", { dataset: name, name: each }),
                },
                "×",
              ),
            ),
          ),
        )
      : null,
    form(
      { class: "row", onSubmit: add },
      input({
        type: "text",
        value: tag,
        required: true,
        placeholder: "a name that stays",
        "aria-label": "new tag",
        onInput: (/** @type {any} */ event) => setTag(event.target.value),
      }),
      button({ type: "submit", disabled: Boolean(deeds.busy) }, "Tag it"),
    ),
  );
}

/** @param {{name: string, before: string, version: string}} properties */
function Changed({ name, before, version }) {
  const { data } = useAnswer("diff", { a: `${name}@${before}`, b: `${name}@${version}`, stat: true });
  if (!data) return null;
  const said = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts)
      .filter(([, n]) => n)
      .map(([what, n]) => `${n.toLocaleString("en")} ${what.replaceAll("_", " ")}`)
      .join(", ") || "none";
  return p(
    { class: "changed-words" },
    a({ href: versionsOf(name, "diff", before, version) }, `Against ${before}`),
    `: pictures ${said(data.samples)}; objects ${said(data.objects)}`,
  );
}

/** @param {{name: string, version: string, rows: LogRow[], heads: Branch[]}} properties */
function Against({ name, version, rows, heads }) {
  const others = [
    ...heads.map((each) => each.name),
    "work",
    ...rows.map((row) => row.version).filter((each) => each !== version),
  ];
  return label(
    { class: "field" },
    span({ class: "field-name" }, "Compare with"),
    select(
      {
        value: "",
        onChange: (/** @type {any} */ event) => {
          const [from, to] = inOrder(event.target.value, version);
          go("data", name, "work", "all", "versions", "diff", from, to);
        },
      },
      option({ value: "", selected: true, disabled: true }, "another version …"),
      ...others.map((each) => option({ value: each }, each)),
    ),
  );
}

/** The older of two numbers first; whatever has no number is taken for newer. @param {string} other @param {string} version */
function inOrder(other, version) {
  const number = (/** @type {string} */ each) => (/^v\d+$/.test(each) ? Number(each.slice(1)) : Infinity);
  return number(other) < number(version) ? [other, version] : [version, other];
}

/** Looked at first, then done. @param {{dataset: DatasetSummary, version: string}} properties */
function Revert({ dataset, version }) {
  const { name } = dataset;
  const deeds = useDeeds();
  const [would, setWould] = useState("");
  const look = async () => {
    const found = await deeds.run("look", "revert", { dataset: name, version, dry_run: true });
    if (found) setWould(`${count(found.samples, "picture")} would change, ${count(found.total, "conflict")}.`);
  };
  const take = async () => {
    const done = await deeds.run("revert", "revert", { dataset: name, version });
    if (done) go("data", name, "work", "all", "versions", done.version ?? "merge");
  };
  return div(
    { class: "stacked" },
    would
      ? div(
          { class: "change-form", role: "group", "aria-label": `take ${version} back` },
          p(`Take back what ${version} changed, as a new version of ${dataset.branch}: ${would}`),
          div(
            { class: "row" },
            act("Take it back", take, { kind: "primary", busy: deeds.busy === "revert" }),
            act("Leave it", () => setWould(""), { kind: "quiet" }),
          ),
        )
      : act("Take it back …", look, { busy: deeds.busy === "look", title: "revert: later work stays" }),
    failure(deeds.problem),
  );
}
