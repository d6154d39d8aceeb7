// @ts-check
/** All runs, however many: asked for by a condition, sorted by any figure, chosen to be compared. */
import {
  a,
  button,
  code,
  div,
  form,
  h,
  h1,
  input,
  span,
  td,
  th,
  tr,
  useEffect,
  useRef,
  useState,
} from "../../lib/dom.js";
import { asError, call } from "../../lib/api.js";
import { LongTable } from "./longtable.js";
import { act, empty, failure, panel, stateBadge, waiting, when } from "../../lib/parts.js";
import { onChange } from "../../lib/pulse.js";
import { address, go } from "../../lib/use.js";
import { between, count, figureOf } from "../../lib/words.js";
import { figures } from "./reading.js";

/** @typedef {import("../../api.d.ts").RunLine} RunLine */

const PAGE = 100;
const LIVE_MS = 3000;
const FIGURES = 3;
const COMPARED = 12;

/** Pages of runs for one question, fetched as they come into sight. */
class Pages {
  /** @param {{where: string, sort: string}} ask @param {() => void} changed @param {{ask: {where: string}, total: number | null} | null} before what was asked before: sorted anew, there are as many */
  constructor(ask, changed, before) {
    this.ask = ask;
    this.changed = changed;
    /** @type {number | null} */
    this.total = before && before.ask.where === ask.where ? before.total : null;
    this.error = /** @type {import("../../lib/api.js").ApiError | null} */ (null);
    this.rows = /** @type {Map<number, RunLine>} */ (new Map());
    this.asked = /** @type {Set<number>} */ (new Set());
    this.seen = [0, 0];
    this.told = "";
  }

  /** @param {number} first @param {number} last one behind the last */
  need(first, last) {
    this.seen = [Math.floor(first / PAGE), Math.floor(Math.max(first, last - 1) / PAGE)];
    for (let page = this.seen[0]; page <= this.seen[1]; page++) if (!this.asked.has(page)) this.load(page);
  }

  refresh() {
    this.asked.clear();
    this.need(this.seen[0] * PAGE, (this.seen[1] + 1) * PAGE);
  }

  /** @param {number} page */
  async load(page) {
    this.asked.add(page);
    try {
      const { rows, total } = await call("runs.list", { ...this.ask, offset: page * PAGE, limit: PAGE });
      rows.forEach((row, k) => this.rows.set(page * PAGE + k, row));
      this.total = total;
      this.error = null;
    } catch (caught) {
      this.asked.delete(page);
      this.error = asError(caught);
    }
    this.changed();
  }
}

/** @param {string} where @param {string} sort */
function usePages(where, sort) {
  const [, redraw] = useState(0);
  const kept = useRef(/** @type {Pages | null} */ (null));
  if (kept.current?.ask.where !== where || kept.current.ask.sort !== sort)
    kept.current = new Pages({ where, sort }, () => redraw((n) => n + 1), kept.current);
  const pages = kept.current;
  useEffect(() => {
    pages.need(0, 1);
    const stop = onChange(() => pages.refresh());
    const timer = setInterval(() => {
      const live = [...pages.rows.values()].some((row) => row.status === "running");
      if (live && !document.hidden) pages.refresh();
    }, LIVE_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [pages]);
  return pages;
}

/** @param {{where: string}} properties */
export function List({ where }) {
  const [sort, setSort] = useState("");
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const pages = usePages(where, sort);
  const title = div(
    { class: "title" },
    h1("Runs"),
    span({ class: "muted" }, pages.total ? count(pages.total, "run") : ""),
  );
  if (pages.total === null && !where) return div(title, waiting(pages.error));
  if (pages.total === 0 && !where)
    return div(
      title,
      panel(
        "",
        empty(
          "No run yet",
          "A run is a training with everything that it depended on: data version, parameters, packages, code.",
          "visloop train DATASET@v1 --model NAME",
          "visloop tune DATASET@v1 --trials 20",
        ),
      ),
    );
  /** @param {string} id */
  const choose = (id) => setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return div(
    title,
    panel(
      "",
      tools(where, chosen, () => setChosen([])),
      failure(pages.error),
      pages.total === null && !pages.error ? waiting(null) : null,
      pages.total ? h(Rows, { pages, sort, setSort, chosen, choose }) : null,
      pages.total === 0 ? div({ class: "muted" }, "No run is like that.") : null,
    ),
  );
}

/** @param {string} where @param {string[]} chosen @param {() => void} clear */
const tools = (where, chosen, clear) =>
  form(
    {
      class: "runs-tools",
      onSubmit: (/** @type {any} */ event) => {
        event.preventDefault();
        const text = new FormData(event.target).get("where");
        go("runs", ...(text ? ["where", String(text)] : []));
      },
    },
    input({
      type: "text",
      name: "where",
      "aria-label": "condition",
      value: where,
      placeholder: "metrics.accuracy >= 0.9 and params.rate < 0.001 and status = done",
    }),
    button({ type: "submit" }, "Find"),
    a({ href: address("runs", "parallel", "", ...(where ? [where] : [])) }, "Parallel coordinates"),
    chosen.length
      ? span(
          act(
            chosen.length < 2 ? "Compare: choose another" : `Compare ${chosen.length}`,
            () => go("runs", "compare", chosen.slice(0, COMPARED).join(",")),
            { kind: "primary", disabled: chosen.length < 2 },
          ),
          " ",
          act("Clear", clear, { kind: "quiet" }),
        )
      : span({ class: "muted small" }, "tick two or more to compare"),
  );

/**
 * @param {{pages: Pages, sort: string, setSort: (sort: string) => void, chosen: string[], choose: (id: string) => void}} properties
 */
function Rows({ pages, sort, setSort, chosen, choose }) {
  const keys = useRef(/** @type {string[]} */ ([]));
  const found = figures([...pages.rows.values()].slice(0, 2 * PAGE), FIGURES);
  if (keys.current.length < found.length) keys.current = found;
  /** @param {string} words @param {string} by @param {string} [kind] */
  const sorted = (words, by, kind = "") => {
    const down = sort === `-${by}`;
    return th(
      { scope: "col", class: kind, "aria-sort": down ? "descending" : sort === by ? "ascending" : undefined },
      button(
        { type: "button", title: `sort by ${words}`, onClick: () => setSort(down ? by : sort === by ? "" : `-${by}`) },
        words,
        down ? " ↓" : sort === by ? " ↑" : "",
      ),
    );
  };
  const head = [
    th({ scope: "col", class: "tickcell" }, span({ class: "unseen" }, "choose")),
    th({ scope: "col", class: "widest" }, "run"),
    th({ scope: "col", class: "slim" }, "state"),
    sorted("recipe", "recipe", "wide"),
    sorted("data", "data", "wide"),
    sorted("model", "model", "wide"),
    ...keys.current.map((key) => sorted(key.replaceAll("_", " "), `metrics.${key}`, "number")),
    th({ scope: "col", class: "number slim" }, "took"),
    sorted("began", "started", "slim"),
  ];
  return h(LongTable, {
    words: "runs",
    count: pages.total ?? 0,
    columns: head.length,
    head,
    onRange: (first, last) => pages.need(first, last),
    row: (index) => line(index, pages.rows.get(index), keys.current, chosen, choose),
  });
}

/** @param {number} index @param {RunLine | undefined} row @param {string[]} keys @param {string[]} chosen @param {(id: string) => void} choose */
function line(index, row, keys, chosen, choose) {
  if (!row)
    return tr({ key: index, "aria-rowindex": index + 2 }, td({ colSpan: 8 + keys.length, class: "muted" }, "…"));
  const what = row.recipe || (row.source === "tune" ? `search: ${row.params.recipe}` : row.source);
  return tr(
    {
      key: row.id,
      class: "pickable",
      "aria-rowindex": index + 2,
      onClick: (/** @type {any} */ event) => {
        if (!event.target.closest("a, button, input, label") && !getSelection()?.toString()) go("runs", row.id);
      },
    },
    td(
      { class: "tickcell" },
      input({
        type: "checkbox",
        "aria-label": `choose ${row.id}`,
        checked: chosen.includes(row.id),
        onChange: () => choose(row.id),
      }),
    ),
    td(
      a({ href: address("runs", row.id), title: row.id }, row.name || code(row.id)),
      row.parent
        ? span({ class: "muted small" }, " of ", a({ href: address("runs", row.parent) }, code(row.parent.slice(0, 9))))
        : null,
    ),
    td(stateBadge(row.status)),
    td({ title: what }, what),
    td({ title: row.data }, row.data || "–"),
    td(row.model ? a({ href: address("models", row.model) }, row.model) : "–"),
    ...keys.map((key) => td({ class: "number" }, figureOf(row.metrics[key]))),
    td({ class: "number" }, row.ended ? between(row.started, row.ended) : left(row)),
    td(when(row.started)),
  );
}

/** @param {RunLine} row */
const left = (row) => (row.progress?.total ? `${Math.round((100 * row.progress.done) / row.progress.total)} %` : "–");
