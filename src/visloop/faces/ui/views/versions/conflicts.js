// @ts-check
/** The merge that waits: its conflicts in a list, one of them large, decided by mouse or keys, then finished. */
import { a, button, div, h, li, ol, option, p, select, span, useEffect, useRef, useState } from "../../lib/dom.js";
import { act, badge, failure, panel, waiting } from "../../lib/parts.js";
import { go, useAnswer, useDeeds, useKeys } from "../../lib/use.js";
import { count } from "../../lib/words.js";
import { Conflict } from "./conflict.js";
import { fieldInWords, RULES, TAKES, versionsOf } from "./words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../api.d.ts").MergeConflict} MergeConflict */
/** @typedef {import("../../api.d.ts").Verbs["merge.status"]["answer"]} Status */
/** @typedef {"ours" | "theirs" | "base" | "both" | "open"} Take */

const PAGE = 100;

/** @param {{dataset: DatasetSummary, chosen: string}} properties */
export function Conflicts({ dataset, chosen }) {
  const { name } = dataset;
  const [offset, setOffset] = useState(0);
  const status = useAnswer("merge.status", { dataset: name, offset, limit: PAGE });
  const deeds = useDeeds();
  const [ending, setEnding] = useState(false);
  const data = status.data;
  const rows = data?.conflicts ?? [];
  const at = Math.max(
    0,
    rows.findIndex((each) => (chosen ? each.id === chosen : each.take === null)),
  );
  const current = rows[at];
  const show = (/** @type {string} */ id) => go("data", name, "work", "all", "versions", "merge", id);
  const step = (/** @type {number} */ by) =>
    rows.length && show(rows[Math.max(0, Math.min(rows.length - 1, at + by))].id);
  const take = async (/** @type {Take} */ what) => {
    if (!current || deeds.busy || (what === "both" && !current.both)) return;
    const done = await deeds.run(what, "merge.resolve", {
      dataset: name,
      conflicts: [current.id],
      take: what,
      hold: true,
    });
    status.reload();
    if (!done) return;
    const next =
      what === "open" ? undefined : [...rows.slice(at + 1), ...rows.slice(0, at)].find((each) => each.take === null);
    show((next ?? current).id);
  };
  const finish = async () => {
    const done = await deeds.run("finish", "merge.finish", { dataset: name });
    if (done?.version) go("data", name, "work", "all", "versions", done.version);
  };
  const giveUp = async () => {
    if (await deeds.run("abort", "merge.abort", { dataset: name })) go("data", name, "work", "all", "versions");
  };
  useKeys({
    ...Object.fromEntries(TAKES.map(([what, key]) => [key, () => take(what)])),
    u: () => take("open"),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    Enter: () => {
      if (data && !data.open && !deeds.busy) finish();
    },
  });
  if (!data) return waiting(status.error);
  return div(
    div(
      { class: "row compare-head" },
      a({ href: versionsOf(name) }, "Versions"),
      span({ class: "muted", "aria-hidden": "true" }, "/"),
      span({ class: "branch-name" }, data.what),
      data.open ? badge(`${data.open} of ${data.total} open`, "bad") : badge("all decided", "good"),
      span({ class: "muted" }, `${count(data.samples, "picture")} of ${dataset.branch} will change`),
      span({ class: "grow" }),
      ending
        ? [
            act("Give it up for good", giveUp, { kind: "danger", busy: deeds.busy === "abort" }),
            act("Go on", () => setEnding(false), { kind: "quiet" }),
          ]
        : act("Give up …", () => setEnding(true), { kind: "quiet" }),
      act("Finish the merge", finish, {
        key: "Enter",
        kind: "primary",
        disabled: data.open > 0,
        busy: deeds.busy === "finish",
        title: data.open ? "decide all conflicts first" : undefined,
      }),
    ),
    failure(deeds.problem ?? status.error),
    div(
      { class: "compare" },
      h(List, { data, rows, current, offset, onPage: setOffset, onShow: show, name, deeds, reload: status.reload }),
      current
        ? h(Conflict, { key: current.id, name, conflict: current, status: data, busy: deeds.busy, onTake: take })
        : panel("", p("No conflict.")),
    ),
  );
}

/** @param {{data: Status, rows: MergeConflict[], current: MergeConflict | undefined, offset: number, onPage: (offset: number) => void, onShow: (id: string) => void, name: string, deeds: ReturnType<typeof useDeeds>, reload: () => void}} properties */
function List({ data, rows, current, offset, onPage, onShow, name, deeds, reload }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    ref.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current?.id]);
  const rule = async (/** @type {any} */ event) => {
    const wanted = event.target.value;
    event.target.value = "";
    await deeds.run("rule", "merge.resolve", { dataset: name, rule: wanted, hold: true });
    reload();
  };
  return panel(
    { title: count(data.total, "conflict"), class: "compare-list" },
    ol(
      { ref, class: "changed-list", "aria-label": "conflicts" },
      ...rows.map((each) =>
        li(
          { key: each.id },
          button(
            {
              type: "button",
              "aria-current": each === current ? "true" : undefined,
              onClick: () => onShow(each.id),
              title: each.path || each.object,
            },
            span(
              { class: "changed-name" },
              span({ class: "path" }, each.path.split("/").pop() || each.object),
              span(
                { class: "dots" },
                span({ class: "muted" }, fieldInWords(each.field)),
                each.take ? badge(each.take, "good") : badge("open", "bad"),
              ),
            ),
          ),
        ),
      ),
    ),
    data.total > PAGE
      ? div(
          { class: "row foot" },
          act("Previous", () => onPage(offset - PAGE), { disabled: offset === 0, kind: "quiet" }),
          act("Next", () => onPage(offset + PAGE), { disabled: offset + PAGE >= data.total, kind: "quiet" }),
        )
      : null,
    data.open
      ? select(
          {
            "aria-label": "decide all that are open by a rule",
            class: "rule",
            value: "",
            onChange: rule,
            disabled: Boolean(deeds.busy),
          },
          option({ value: "", selected: true, disabled: true }, "all that are open by a rule …"),
          ...RULES.map(([value, words]) => option({ value }, words)),
        )
      : null,
  );
}
