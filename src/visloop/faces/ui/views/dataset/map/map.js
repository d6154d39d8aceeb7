// @ts-check
/** A map of a data set: every picture a point, those that look alike together; what is picked stands beside it. */
import {
  button,
  div,
  h,
  label,
  option,
  p,
  select,
  span,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "../../../lib/dom.js";
import { asError, call } from "../../../lib/api.js";
import { act, empty, failure, panel } from "../../../lib/parts.js";
import { written } from "../../../lib/questions.js";
import { go, useAnswer, useClasses } from "../../../lib/use.js";
import { count, percent } from "../../../lib/words.js";
import { useColours, useMap } from "./loading.js";
import { coloured, paintsOf } from "./paints.js";
import { Legend, Picked } from "./picked.js";
import { Surface } from "./surface.js";

/** @typedef {import("../../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../../api.d.ts").Sample} Sample */

const TOLD = "map-told";
/** @type {ReadonlySet<number>} */
const NONE = new Set();
/** @type {ReadonlyArray<["move" | "line" | "box", string, string]>} */
const TOOLS = [
  ["move", "Move", ""],
  ["line", "Draw around", "l"],
  ["box", "Rectangle", "r"],
];

/**
 * `rest`: what colours it, what is picked, how it is made: `#/data/line/work/all/map/split/s0a1b2c3d4e5f/pca`.
 *
 * @param {{dataset: DatasetSummary, version: string, split: string, total: number, rest: string[]}} properties
 */
export function PictureMap({ dataset, version, split, total, rest }) {
  const { name } = dataset;
  const ref = `${name}@${version}${split ? `:${split}` : ""}`;
  const [field, pick, by] = [rest[0] || "label", rest[1] || "", rest[2] || ""];
  const here = ["data", name, version, split || "all", "map"];
  const to = (/** @type {string} */ colour, /** @type {string} */ picked, /** @type {string} */ way) =>
    go(...here, colour, ...(picked || way ? [picked] : []), ...(way ? [way] : []));
  const map = useMap(ref, by);
  const { colours, error } = useColours(ref, map.answer?.by ?? by, field, Boolean(map.points));
  const classes = useClasses(name);
  const [picked, setPicked] = useState(NONE);
  const [hidden, setHidden] = useState(/** @type {number[]} */ ([]));
  const [current, setCurrent] = useState(-1);
  const [tool, setTool] = useState(/** @type {"move" | "line" | "box"} */ ("move"));
  const [kept, setKept] = useState({ pick: "", of: NONE });
  const [problem, setProblem] = useState(/** @type {import("../../../lib/api.js").ApiError | null} */ (null));
  const { points } = map;
  const now = useRef({ field, by }); // they may change while what is picked gets its name
  now.current = { field, by };

  useEffect(() => setHidden([]), [field]);
  useEffect(() => {
    setPicked(NONE);
    setKept({ pick: "", of: NONE });
    setCurrent(-1);
  }, [points]);
  // what the address names is picked
  useEffect(() => {
    if (!points || kept.pick === pick) return undefined;
    if (!pick) {
      setPicked(NONE);
      setKept({ pick: "", of: NONE });
      return undefined;
    }
    let alive = true;
    found(ref, `pick(${pick})`)
      .then((ids) => {
        if (!alive) return;
        const of = new Set(ids.map(points.indexOf).filter((each) => each !== undefined));
        setKept({ pick, of });
        setPicked(of);
      })
      .catch((caught) => alive && setProblem(asError(caught)));
    return () => {
      alive = false;
    };
  }, [points, pick]);
  // what is picked gets a name, and so an address
  useEffect(() => {
    if (!points || picked === kept.of) return undefined;
    let alive = true;
    const timer = setTimeout(async () => {
      if (!picked.size) {
        setKept({ pick: "", of: picked });
        to(now.current.field, "", now.current.by);
        return;
      }
      try {
        const done = await call("pick", { dataset: name, ids: [...picked].map(points.id) });
        if (!alive) return;
        setKept({ pick: done.pick, of: picked });
        setProblem(null);
        to(now.current.field, done.pick, now.current.by);
      } catch (caught) {
        if (alive) setProblem(asError(caught));
      }
    }, 250);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [picked]);

  const paints = useMemo(() => paintsOf(colours?.names ?? [], classes), [colours, classes]);
  const rgba = useMemo(
    () =>
      coloured({
        count: points?.count ?? 0,
        codes: colours?.codes ?? new Uint8Array(0),
        values: colours?.values ?? new Float32Array(0),
        paints,
        picked,
        hidden,
      }),
    [points, colours, paints, picked, hidden],
  );
  const shown = useAnswer(
    "query",
    points && current >= 0 ? { text: `id = "${points.id(current)}"`, at: ref, limit: 1 } : null,
  );
  const sample = /** @type {Sample | undefined} */ (shown.data?.rows[0]);
  /** @param {number} index */
  const open = async (index) => {
    if (!points) return;
    try {
      const { rows } = await call("query", { text: `id = "${points.id(index)}"`, at: ref, limit: 1 });
      if (rows.length) go("data", name, version, split || "all", "find", `path = ${written(String(rows[0].path))}`, 1);
    } catch (caught) {
      setProblem(asError(caught));
    }
  };
  /** @param {number[]} indexes @param {import("./surface.js").How} how */
  const choose = (indexes, how) => {
    const seen = colours?.codes.length ? indexes.filter((each) => !hidden.includes(colours.codes[each])) : indexes;
    const next = new Set(how === "replace" ? [] : picked);
    for (const each of seen) how === "remove" ? next.delete(each) : next.add(each);
    setPicked(next);
  };

  if (!total)
    return panel(
      "",
      empty(
        "No pictures to lay out",
        "Neither this version nor this split holds one.",
        `visloop add FOLDER --to ${name}`,
      ),
    );
  const { answer } = map;
  return div(
    div(
      { class: "map-bar" },
      div(
        { class: "tabs", role: "group", "aria-label": "what dragging does" },
        ...TOOLS.map(([kind, words, short]) =>
          button(
            { type: "button", "aria-pressed": String(tool === kind), onClick: () => setTool(kind) },
            words,
            short ? span({ class: "key", "aria-hidden": "true" }, short) : null,
          ),
        ),
      ),
      h(Fields, { at: ref, field, onField: (each) => to(each, pick, by) }),
      label(
        "laid out by",
        select(
          { value: by || answer?.by, onChange: (/** @type {any} */ event) => to(field, pick, event.target.value) },
          ...["tsne", "pca"].map((way) => option({ value: way, selected: way === (by || answer?.by) }, WAYS[way])),
        ),
      ),
      span({ class: "muted small" }, answer ? believed(answer) : ""),
    ),
    failure(map.error && map.error.code !== "given_up" ? map.error : null, act("Try again", map.again)),
    map.error?.code === "given_up"
      ? panel(
          "",
          empty("It was given up", "What was looked at so far is kept."),
          act("Make the map", map.again, { kind: "primary" }),
        )
      : null,
    failure(error),
    failure(problem),
    !points && !map.error
      ? panel(
          { title: "The map is being made", aside: act("Cancel", map.cancel) },
          p({ role: "status" }, map.words || "Looking for it …"),
          p({ class: "muted" }, "Each picture is looked at once; the map is kept for the next time."),
        )
      : null,
    points
      ? div(
          { class: "map-desk" },
          div(
            h(Surface, {
              key: answer?.map,
              points: points.points,
              rgba,
              picked,
              current,
              tool,
              image: points.image,
              onTool: setTool,
              onCurrent: setCurrent,
              onPick: choose,
              onOpen: open,
              describedBy: TOLD,
            }),
            p(
              { id: TOLD, class: "map-told muted small", role: "status" },
              sample
                ? `${sample.path}${said(sample)}`
                : "Drag to move, wheel to come closer, Shift and drag to pick; by keys: arrows, Space, n for the nearest, Enter. ? lists all.",
            ),
            answer?.unreadable.length
              ? p(
                  { class: "muted small" },
                  `${count(answer.unreadable.length, "picture")} could not be placed: ${answer.unreadable[0].reason}`,
                )
              : null,
          ),
          div(
            { class: "side" },
            h(Picked, {
              name,
              version,
              split,
              at: ref,
              pick: kept.of === picked ? kept.pick : "",
              total: picked.size,
              classes,
              path: sample?.path ?? "",
              onClear: () => choose([], "replace"),
            }),
            h(Legend, {
              colours,
              paints,
              hidden,
              onHide: (code) =>
                setHidden(hidden.includes(code) ? hidden.filter((each) => each !== code) : [...hidden, code]),
              onPick: (code) =>
                choose(
                  [...(colours?.codes ?? [])].flatMap((each, at) => (each === code ? [at] : [])),
                  "replace",
                ),
            }),
          ),
        )
      : null,
  );
}

/** @type {Record<string, string>} */
const WAYS = { tsne: "neighbours (t-SNE)", pca: "principal components" };

/** All ids that a question finds, a page at a time. @param {string} at @param {string} text */
async function found(at, text) {
  /** @type {string[]} */
  const ids = [];
  for (;;) {
    const page = await call("query", { text, at, offset: ids.length, limit: 1000 });
    ids.push(...page.rows.map((row) => String(row.id)));
    if (!page.rows.length || ids.length >= page.count) return ids;
  }
}

/** @param {Sample} sample */
const said = ({ annotations = [], split }) => {
  const names = [...new Set(annotations.map((each) => each.label).filter(Boolean))];
  return `${names.length ? `: ${names.slice(0, 4).join(", ")}` : ""}${split ? ` (${split})` : ""}`;
};

/** How far the map can be believed. @param {import("../../../api.d.ts").MapAnswer} answer */
const believed = ({ kept, trustworthiness, neighbours }) =>
  typeof kept === "number" && typeof trustworthiness === "number"
    ? `of the ${neighbours} nearest here ${percent(kept, 0)} are the nearest by looks; trustworthiness ${trustworthiness.toFixed(2)}`
    : "";

/** What can colour the points. @param {{at: string, field: string, onField: (field: string) => void}} properties */
function Fields({ at, field, onField }) {
  const fields = useAnswer("complete", { at });
  const own = (fields.data?.rows ?? [])
    .filter(({ kind }) => kind === "field")
    .map((each) => each.text.replaceAll("`", ""))
    .filter((each) => !["path", "name", "id", "image"].includes(each));
  const all = [...new Set(["label", "split", field, "score", ...own])];
  return label(
    "coloured by",
    select(
      { value: field, onChange: (/** @type {any} */ event) => onField(event.target.value) },
      ...all.map((each) => option({ value: each, selected: each === field }, each)),
    ),
  );
}
