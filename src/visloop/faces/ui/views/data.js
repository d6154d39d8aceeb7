// @ts-check
/** A data set: grid of pictures with their labels and boxes, versions, splits, what was refused. */
import { a, button, code, dd, dialog, div, dl, dt, figcaption, figure, h, h1, img, li, ol, option, p, rect, select, span, svg, ul, useEffect, useRef, useState } from "../lib/dom.js";
import { image, thumbnail } from "../lib/api.js";
import { act, badge, classColour, empty, failure, grid, panel, when } from "../lib/parts.js";
import { useAnswer, useKeys } from "../lib/use.js";

const PAGE = 60;
const BOXED = new Set(["box", "track"]);

/** @param {any} row */
const labelsOf = (row) => [...new Set((row.annotations ?? []).map((/** @type {any} */ each) => each.label).filter(Boolean))];

/** Boxes over a picture, in the upright picture's own pixels. @param {{row: any}} properties */
function Boxes({ row }) {
  const found = (row.annotations ?? []).filter((/** @type {any} */ each) => BOXED.has(each.type));
  if (!found.length) return null;
  return svg({ class: "boxes", viewBox: `0 0 ${row.width} ${row.height}`, preserveAspectRatio: "xMidYMid meet", "aria-hidden": "true" },
    ...found.map((/** @type {any} */ each) => {
      const [x1, y1, x2, y2] = each.xyxy;
      return rect({ x: x1, y: y1, width: x2 - x1, height: y2 - y1, style: `stroke:${classColour(each.label)}` });
    }));
}

/** @param {{row: any, onOpen: () => void}} properties */
function Card({ row, onOpen }) {
  const labels = labelsOf(row);
  return figure({ class: "card" },
    button({ type: "button", onClick: onOpen, "aria-label": `open ${row.path}` },
      div({ class: "picture" }, img({ src: thumbnail(row.image, 160), alt: row.path, loading: "lazy" }), h(Boxes, { row }))),
    figcaption(
      labels.length ? labels.slice(0, 2).map((name) => span({ class: "label" }, span({ class: "dot", style: `background:${classColour(name)}` }), name)) : span({ class: "muted" }, "no label"),
      labels.length > 2 ? span({ class: "muted" }, `+${labels.length - 2}`) : null,
      row.split ? span({ class: "split" }, row.split) : null));
}

/** @param {{row: any, onClose: () => void, onStep: (by: number) => void}} properties */
function Sample({ row, onClose, onStep }) {
  const ref = useRef(null);
  useEffect(() => { ref.current?.showModal(); }, []);
  useKeys({ ArrowRight: () => onStep(1), ArrowLeft: () => onStep(-1) });
  const metadata = Object.entries(row.metadata ?? {});
  return dialog({ ref, class: "sample", onClose },
    div({ class: "picture large" }, img({ src: image(row.image), alt: row.path }), h(Boxes, { row })),
    div({ class: "side" },
      div({ class: "title" }, span({ class: "path" }, row.path), span({ class: "grow" }), act("Close", () => ref.current?.close(), { key: "Esc", kind: "quiet" })),
      dl({ class: "facts" },
        dt("labels"), dd(labelsOf(row).join(", ") || "none"),
        dt("objects"), dd(String((row.annotations ?? []).filter((/** @type {any} */ each) => each.type !== "class").length)),
        dt("split"), dd(row.split ?? "–"),
        dt("size"), dd(`${row.width} × ${row.height} px, ${row.mode ?? "RGB"}`),
        dt("source"), dd(row.source || "–"),
        dt("sample"), dd(code(row.id.slice(0, 12))),
        dt("bytes"), dd(code(row.image.slice(0, 12))),
        ...metadata.flatMap(([key, value]) => [dt(key), dd(String(value))]))));
}

/** @param {{name: string}} properties */
function Versions({ name }) {
  const { data } = useAnswer("log", { dataset: name }, 5000);
  if (!data?.count) return empty("No version yet.", `visloop commit ${name} -m "first"`);
  return ol({ class: "versions" }, ...data.rows.map((/** @type {any} */ row) =>
    li(a({ href: `#/data/${name}/${row.version}` }, row.version), span({ class: "message" }, row.message), span({ class: "muted" }, `${row.samples} pictures, `, when(row.time)))));
}

/** @param {{name: string}} properties */
function Refused({ name }) {
  const { data } = useAnswer("quarantine.list", { dataset: name }, 8000);
  if (!data?.count) return p({ class: "muted" }, "Nothing was refused.");
  return grid(data.rows, [["file", (row) => row.path], ["why", (row) => row.reason, "wide"], ["mend it", (row) => row.fix, "wide"]]);
}

/** @param {{address: string[]}} properties */
export function Data({ address }) {
  const sets = useAnswer("datasets", {}, 5000);
  const [name, version = "work", split = ""] = [address[0] || sets.data?.rows[0]?.dataset || sets.data?.rows[0]?.name, address[1], address[2]];
  const [page, setPage] = useState(0);
  const [open, setOpen] = useState(-1);
  useEffect(() => setPage(0), [name, version, split]);
  const ref = name ? `${name}@${version}${split ? `:${split}` : ""}` : null;
  const { data, error } = useAnswer("samples", ref ? { ref, offset: page * PAGE, limit: PAGE } : null, 5000);
  if (sets.data && !sets.data.count) return div(h1("Data"), empty("No data set yet.", "visloop add FOLDER --to NAME"));
  if (!name) return div(h1("Data"), failure(sets.error));
  const go = (/** @type {string[]} */ ...parts) => { location.hash = `/data/${parts.filter(Boolean).map(encodeURIComponent).join("/")}`; };
  const last = data ? Math.max(0, Math.ceil(data.total / PAGE) - 1) : 0;
  const rows = data?.rows ?? [];
  const step = (/** @type {number} */ by) => setOpen(Math.max(0, Math.min(rows.length - 1, open + by)));
  return div(
    div({ class: "title" },
      h1("Data"),
      select({ value: name, onChange: (/** @type {any} */ event) => go(event.target.value), "aria-label": "data set" },
        ...(sets.data?.rows ?? [{ name }]).map((/** @type {any} */ row) => option({ value: row.dataset ?? row.name }, row.dataset ?? row.name))),
      badge(version === "work" ? "newest, committed or not" : version),
      span({ class: "muted" }, data ? `${data.total} pictures` : ""),
      span({ class: "grow" }),
      div({ class: "tabs", role: "group", "aria-label": "split" },
        ...["", ...Object.keys(data?.splits ?? {})].map((each) =>
          button({ type: "button", "aria-pressed": String(each === split), onClick: () => go(name, version, each) }, each || "all", each ? span({ class: "muted" }, ` ${data.splits[each]}`) : null)))),
    failure(error),
    div({ class: "columns wide" },
      div(
        rows.length ? div({ class: "cards" }, ...rows.map((/** @type {any} */ row, /** @type {number} */ k) => h(Card, { key: row.id, row, onOpen: () => setOpen(k) }))) : data ? empty("No pictures here.") : null,
        last > 0 ? div({ class: "pager" }, act("Previous", () => setPage(page - 1), { disabled: page === 0 }), span(`${page + 1} of ${last + 1}`), act("Next", () => setPage(page + 1), { disabled: page >= last })) : null),
      div({ class: "side" },
        panel("Classes", data?.classes.length ? ul({ class: "legend" }, ...data.classes.map((/** @type {string} */ each) => li(span({ class: "dot", style: `background:${classColour(each)}` }), each))) : p({ class: "muted" }, "None yet.")),
        panel("Versions", h(Versions, { name })),
        panel("Quarantine", h(Refused, { name })))),
    open >= 0 && rows[open] ? h(Sample, { key: "sample", row: rows[open], onClose: () => setOpen(-1), onStep: step }) : null);
}
