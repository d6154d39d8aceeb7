// @ts-check
/** Two versions compared: the changed pictures in a list, one of them large, old beside new. */
import { a, button, div, h, li, ol, option, p, select, span, ul, useEffect, useRef, useState } from "../../lib/dom.js";
import { thumbnail } from "../../lib/api.js";
import { COLOURS, drawnOf, KINDS, toldOf } from "./changes.js";
import { act, empty, failure, panel, Picture, waiting } from "../../lib/parts.js";
import { frameInWords } from "../../lib/states.js";
import { address, go, useAnswer, useKeys } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Sides } from "./pair.js";
import { versionsOf } from "./words.js";

/** @typedef {import("../../api.d.ts").Change} Change */
/** @typedef {import("../../api.d.ts").Verbs["diff"]["answer"]} Answer */
/** @typedef {{name: string, a: string, b: string, kind: string, label: string, place: number}} Where */

const PAGE = 50;
const LISTED = 24;

/** @param {Where} where */
export function Compare(where) {
  const { name, a: from, b: to, kind, label, place } = where;
  const offset = Math.floor(place / PAGE) * PAGE;
  const found = useAnswer(
    "diff",
    from && to
      ? {
          a: `${name}@${from}`,
          b: `${name}@${to}`,
          ...(kind === "all" ? {} : { kind: /** @type {any} */ (kind) }),
          ...(label ? { label } : {}),
          most: true,
          sides: true,
          offset,
          limit: PAGE,
        }
      : null,
  );
  const last = useRef(/** @type {Answer | null} */ (null));
  if (found.data) last.current = found.data;
  const data = found.data ?? last.current;
  const total = data?.total ?? 0;
  const show = (/** @type {Partial<Where>} */ some) => {
    const now = { ...where, place: 0, ...some };
    go("data", name, "work", "all", "versions", "diff", now.a, now.b, now.kind, now.label, now.place + 1);
  };
  const step = (/** @type {number} */ by) => show({ place: Math.max(0, Math.min(total - 1, place + by)) });
  useKeys({ ArrowRight: () => step(1), ArrowLeft: () => step(-1), j: () => step(1), k: () => step(-1) });
  return div(
    h(Head, { where, show }),
    failure(found.error),
    !from || !to
      ? panel("", empty("Two versions are needed", a({ href: versionsOf(name) }, "Choose them in the graph")))
      : null,
    data
      ? div(
          h(Kinds, { data, where, show }),
          total
            ? div(
                { class: "compare" },
                h(List, { data, offset, place, show }),
                data.details[place - offset]
                  ? h(One, {
                      key: data.details[place - offset].id,
                      data,
                      where,
                      change: data.details[place - offset],
                      place,
                      total,
                      step,
                    })
                  : panel("", waiting(null)),
              )
            : panel(
                "",
                empty(
                  "Nothing differs",
                  kind === "all" && !label ? "Both hold the same pictures and labels." : "Not in this kind or class.",
                ),
              ),
          h(Beside, { data }),
        )
      : found.error
        ? null
        : waiting(null),
  );
}

/** @param {{where: Where, show: (some: Partial<Where>) => void}} properties */
function Head({ where, show }) {
  const log = useAnswer("log", { dataset: where.name, limit: 500 }).data?.rows ?? [];
  const heads = useAnswer("branch.list", { dataset: where.name }).data?.rows ?? [];
  const names = [
    ...heads.map((each) => each.name),
    "work",
    ...log.flatMap((row) => row.tags),
    ...log.map((row) => row.version),
  ];
  const choice = (/** @type {"a" | "b"} */ side, /** @type {string} */ words) =>
    select(
      {
        "aria-label": words,
        value: where[side],
        onChange: (/** @type {any} */ event) => show({ [side]: event.target.value }),
      },
      ...[...new Set([where[side], ...names])].map((each) =>
        option({ value: each, selected: each === where[side] }, each),
      ),
    );
  return div(
    { class: "row compare-head" },
    a({ href: versionsOf(where.name) }, "Versions"),
    span({ class: "muted", "aria-hidden": "true" }, "/"),
    choice("a", "older version"),
    span({ class: "muted" }, "→"),
    choice("b", "newer version"),
    act("Swap", () => show({ a: where.b, b: where.a }), { kind: "quiet" }),
  );
}

/** @param {{data: Answer, where: Where, show: (some: Partial<Where>) => void}} properties */
function Kinds({ data, where, show }) {
  const number = (/** @type {string} */ kind) => {
    if (kind === "metadata") return data.details.some((each) => each.metadata.length) ? -1 : 0;
    const [side, name] = kind.split(".");
    return /** @type {any} */ (data)[side]?.[name] ?? 0;
  };
  const labels = Object.entries(data.by_class);
  return div(
    { class: "row kinds", role: "group", "aria-label": "kind of change" },
    ...[["all", "all"], ...KINDS]
      .filter(([kind]) => kind === "all" || kind === where.kind || number(kind))
      .map(([kind, words]) =>
        button(
          { type: "button", class: "chip", "aria-pressed": String(kind === where.kind), onClick: () => show({ kind }) },
          kind.startsWith("objects.")
            ? span({ class: "swatch", style: `--mark:${COLOURS[kind.split(".")[1]]}`, "aria-hidden": "true" })
            : null,
          words,
          kind.includes(".") ? span({ class: "muted" }, number(kind).toLocaleString("en")) : null,
        ),
      ),
    labels.length || where.label
      ? select(
          {
            "aria-label": "class",
            value: where.label,
            onChange: (/** @type {any} */ event) => show({ label: event.target.value }),
          },
          option({ value: "", selected: !where.label }, "every class"),
          ...labels.map(([label, n]) =>
            option({ value: label, selected: label === where.label }, `${label} (${n.toLocaleString("en")})`),
          ),
        )
      : null,
  );
}

/** @param {{data: Answer, offset: number, place: number, show: (some: Partial<Where>) => void}} properties */
function List({ data, offset, place, show }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    ref.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [place, data]);
  const page = (/** @type {number} */ by) => () => show({ place: offset + by * PAGE });
  return panel(
    { title: count(data.total, "picture"), class: "compare-list" },
    ol(
      { ref, class: "changed-list", "aria-label": "changed pictures" },
      ...data.details.map((each, k) =>
        li(
          { key: each.id },
          button(
            {
              type: "button",
              "aria-current": offset + k === place ? "true" : undefined,
              onClick: () => show({ place: offset + k }),
              title: each.path,
            },
            h(Picture, { src: thumbnail((each.now ?? each.was)?.image ?? "", 64), alt: "" }),
            span(
              { class: "changed-name" },
              span({ class: "path" }, each.path.split("/").pop()),
              span({ class: "dots" }, ...dotsOf(each)),
            ),
          ),
        ),
      ),
    ),
    data.total > PAGE
      ? div(
          { class: "row foot" },
          act("Previous", page(-1), { disabled: offset === 0, kind: "quiet" }),
          span(
            { class: "muted small" },
            `${(offset + 1).toLocaleString("en")} – ${Math.min(offset + PAGE, data.total).toLocaleString("en")}`,
          ),
          act("Next", page(1), { disabled: offset + PAGE >= data.total, kind: "quiet" }),
        )
      : null,
  );
}

/** How many objects of each kind, as small swatches. @param {Change} change */
function dotsOf({ kinds, objects }) {
  const whole = kinds.filter((kind) => kind !== "changed").map((kind) => span({ class: "muted" }, kind));
  const of = Object.keys(COLOURS)
    .map((kind) => ({ kind, n: objects.filter((each) => each.kind === kind).length }))
    .filter(({ n }) => n)
    .map(({ kind, n }) =>
      span(
        { class: "label", title: `${n} ${kind}`, "aria-label": `${n} ${kind}` },
        span({ class: "swatch", style: `--mark:${COLOURS[kind]}` }),
        String(n),
      ),
    );
  return [...whole, ...of];
}

/** @param {{data: Answer, where: Where, change: Change, place: number, total: number, step: (by: number) => void}} properties */
function One({ data, where, change, place, total, step }) {
  const [lit, setLit] = useState("");
  const [before, after] = drawnOf(change);
  const told = toldOf(change);
  const frame = frameInWords((change.now ?? change.was)?.metadata ?? {});
  return panel(
    {
      title: change.path,
      class: "named compared",
      aside: div(
        { class: "row" },
        where.b === "work" && change.now
          ? a({ class: "button", href: address("data", where.name, "work", "all", "edit", change.now.path) }, "Edit it")
          : null,
        act("←", () => step(-1), { disabled: place === 0, title: "previous (← or k)" }),
        span({ class: "muted" }, `${(place + 1).toLocaleString("en")} of ${total.toLocaleString("en")}`),
        act("→", () => step(1), { disabled: place >= total - 1, title: "next (→ or j)" }),
      ),
    },
    frame ? p({ class: "muted small" }, frame) : null,
    h(Sides, {
      lit,
      sides: [
        { title: data.a, sample: change.was, drawn: before, none: "not there yet" },
        { title: data.b, sample: change.now, drawn: after, none: "not there any more" },
      ],
    }),
    ul(
      { class: "told", "aria-label": "what changed" },
      ...told
        .slice(0, LISTED)
        .map(({ kind, words, object }) =>
          li(
            button(
              {
                type: "button",
                class: lit && lit === object ? "quiet here" : "quiet",
                onMouseEnter: () => setLit(object),
                onMouseLeave: () => setLit(""),
                onFocus: () => setLit(object),
                onBlur: () => setLit(""),
              },
              span({
                class: "swatch",
                style: COLOURS[kind] ? `--mark:${COLOURS[kind]}` : undefined,
                "aria-hidden": "true",
              }),
              span({ class: "muted" }, kind),
              words,
            ),
          ),
        ),
    ),
    told.length > LISTED ? p({ class: "muted small" }, `${told.length - LISTED} more changes`) : null,
  );
}

/** What differs beside the pictures: classes and fields. @param {{data: Answer}} properties */
function Beside({ data }) {
  if (!data.classes.length && !data.fields.length) return null;
  return panel(
    "Beside the pictures",
    ul(
      ...data.classes
        .slice(0, LISTED)
        .map((each) => li(`class ${each.name} ${each.kind}${each.was_name ? `, was ${each.was_name}` : ""}`)),
      data.classes.length > LISTED ? li(`${data.classes.length - LISTED} more classes`) : null,
      ...data.fields.map((each) =>
        li(`field ${each.name} ${each.kind}${each.was ? `: ${each.was}` : ""}${each.now ? ` → ${each.now}` : ""}`),
      ),
    ),
  );
}
