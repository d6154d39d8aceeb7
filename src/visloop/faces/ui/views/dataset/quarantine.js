// @ts-check
/** What was not taken: why, what mends it, the picture where there is one; try again, or set aside with a reason. */
import { div, form, h, img, input, label, p, span, ul, li, button, useState } from "../../lib/dom.js";
import { image } from "../../lib/api.js";
import { act, badge, empty, failure, panel, underWay, waiting, when } from "../../lib/parts.js";
import { useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").Quarantined} Quarantined */

const STEP = 50;
/** Kinds of damage of which a browser may still show something. */
const VISIBLE = new Set(["truncated", "decode_error", "too_large", "bad_geometry", "privacy", "wrong_metadata"]);

/** No file of what was sent stays: it is sent again. @param {Quarantined} row */
const sent = (row) => row.source.startsWith("push:");

/** @param {{name: string}} properties */
export function Quarantine({ name }) {
  const { data, error } = useAnswer("quarantine.list", { dataset: name });
  const deeds = useDeeds();
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  const [said, setSaid] = useState("");
  const [kind, setKind] = useState("");
  const [limit, setLimit] = useState(STEP);
  const all = data?.rows ?? [];
  const kinds = [...new Set(all.map((row) => row.reason_code))].sort();
  const rows = kind ? all.filter((row) => row.reason_code === kind) : all;
  const ids = rows.filter((row) => picked.includes(row.id)).map((row) => row.id);
  const again = (ids.length ? rows.filter((row) => picked.includes(row.id)) : all)
    .filter((row) => !sent(row))
    .map((row) => row.id);
  const retry = async (/** @type {string[]} */ only) => {
    setSaid("");
    const done = await deeds.run("retry", "quarantine.retry", { dataset: name, ids: only }, { long: true });
    if (done) setSaid(`${done.added + done.updated} taken, ${done.quarantined + done.left_out} still refused`);
  };
  const remove = async (/** @type {string} */ reason) => {
    setSaid("");
    const done = await deeds.run("remove", "quarantine.remove", { dataset: name, ids, reason });
    if (done) setSaid(`${count(done.count, "file")} set aside`);
    if (done) setPicked([]);
    return Boolean(done);
  };
  const pick = (/** @type {string} */ id, /** @type {boolean} */ on) =>
    setPicked(on ? [...picked, id] : picked.filter((each) => each !== id));
  if (!data) return waiting(error);
  if (!all.length)
    return panel("", empty("Nothing is in quarantine", said || "What cannot be taken waits here with its reason."));
  return panel(
    {
      title: `${all.length.toLocaleString("en")} not taken`,
      aside: div(
        { class: "row" },
        act(ids.length ? `Try ${again.length} again` : "Try all again", () => retry(again), {
          busy: deeds.busy === "retry",
          disabled: Boolean(deeds.busy) || !again.length,
          title: "after they were repaired where they lie",
        }),
      ),
    },
    failure(deeds.problem ?? error),
    underWay(deeds) ?? (said ? p({ class: "muted", role: "status" }, said) : null),
    div(
      { class: "row sift" },
      kinds.length > 1
        ? div(
            { class: "tabs", role: "group", "aria-label": "reason" },
            ...["", ...kinds].map((each) =>
              button(
                { type: "button", "aria-pressed": String(each === kind), onClick: () => setKind(each) },
                each.replaceAll("_", " ") || "all",
                each ? span({ class: "muted" }, String(all.filter((row) => row.reason_code === each).length)) : null,
              ),
            ),
          )
        : null,
      label(
        { class: "tick" },
        input({
          type: "checkbox",
          checked: rows.length > 0 && ids.length === rows.length,
          onChange: (/** @type {any} */ event) => setPicked(event.target.checked ? rows.map((row) => row.id) : []),
        }),
        span("Pick all"),
      ),
      span({ class: "grow" }),
      h(Aside, { n: ids.length, busy: Boolean(deeds.busy), onRemove: remove }),
    ),
    ul(
      { class: "waiting-files" },
      ...rows
        .slice(0, limit)
        .map((row) =>
          h(Refused, {
            key: row.id,
            row,
            picked: picked.includes(row.id),
            busy: Boolean(deeds.busy),
            onPick: pick,
            onRetry: () => retry([row.id]),
          }),
        ),
    ),
    rows.length > limit
      ? act(`Show more of ${rows.length.toLocaleString("en")}`, () => setLimit(limit + 4 * STEP), { kind: "quiet" })
      : null,
  );
}

/** Set aside for good, which wants a reason. @param {{n: number, busy: boolean, onRemove: (reason: string) => Promise<boolean>}} properties */
function Aside({ n, busy, onRemove }) {
  const [reason, setReason] = useState("");
  return form(
    {
      class: "row",
      onSubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (await onRemove(reason)) setReason("");
      },
    },
    input({
      type: "text",
      value: reason,
      required: true,
      placeholder: "why they are not needed",
      "aria-label": "why the picked files are not needed",
      onInput: (/** @type {any} */ event) => setReason(event.target.value),
    }),
    button(
      { type: "submit", disabled: !n || busy, title: n ? undefined : "pick some first" },
      n ? `Set ${n} aside` : "Set aside",
    ),
  );
}

/** @param {{row: Quarantined, picked: boolean, busy: boolean, onPick: (id: string, on: boolean) => void, onRetry: () => void}} properties */
function Refused({ row, picked, busy, onPick, onRetry }) {
  const [gone, setGone] = useState(false);
  const shown = row.image && VISIBLE.has(row.reason_code) && !gone;
  return li(
    { class: "waiting-file" },
    input({
      type: "checkbox",
      checked: picked,
      "aria-label": `pick ${row.path}`,
      onChange: (/** @type {any} */ event) => onPick(row.id, event.target.checked),
    }),
    div(
      { class: "waiting-picture" },
      shown
        ? img({
            src: image(row.image ?? ""),
            alt: `what can be seen of ${row.path}`,
            loading: "lazy",
            onError: () => setGone(true),
          })
        : span({ class: "muted" }, "no picture"),
    ),
    div(
      { class: "waiting-words" },
      p(span({ class: "path" }, row.path), " ", badge(row.reason_code.replaceAll("_", " "), "bad")),
      p(row.reason),
      row.fix ? p({ class: "muted" }, row.fix) : null,
      sent(row) ? p({ class: "muted" }, "It was sent here: send it again, repaired and with the same name.") : null,
      p({ class: "muted small path" }, row.source),
    ),
    div({ class: "waiting-deeds" }, when(row.time), sent(row) ? null : act("Try again", onRetry, { disabled: busy })),
  );
}
