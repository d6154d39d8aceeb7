// @ts-check
/** Data sets, to be removed; and the trash: taken out again, or purged. */
import { a, button, div, form, h, input, li, p, span, ul, useEffect, useState } from "../../lib/dom.js";
import { act, badge, failure, grid, panel, when } from "../../lib/parts.js";
import { address, go, useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").DatasetSummary} DatasetSummary */
/** @typedef {import("../../api.d.ts").RemovedDataset} RemovedDataset */

/** What a data set holds. @param {RemovedDataset} set */
const held = ({ versions, samples, staged, quarantined }) =>
  [
    count(versions, "version"),
    `${count(samples, "picture")} in the newest`,
    staged ? `${count(staged, "change")} not committed` : "",
    quarantined ? `${quarantined} in quarantine` : "",
  ]
    .filter(Boolean)
    .join(", ");

/** @param {{chosen: string}} properties the data set that somebody wants to remove */
export function Sets({ chosen }) {
  const { data, error } = useAnswer("datasets", {});
  const rows = data?.rows ?? [];
  if (!data) return failure(error);
  return panel(
    "Data sets",
    rows.length
      ? grid(rows, [
          { title: "name", cell: (each) => a({ href: address("data", each.name) }, each.name), kind: "wide" },
          { title: "newest", cell: (each) => each.version ?? "–" },
          {
            title: "pictures",
            cell: (each) =>
              each.version || !each.staged
                ? each.samples.toLocaleString("en")
                : `${count(each.staged, "change")} not committed`,
            kind: "number",
          },
          {
            title: "",
            cell: (each) =>
              each.name === chosen
                ? badge("see below", "busy")
                : a({ href: address("housekeeping", each.name), "aria-label": `remove ${each.name}` }, "Remove …"),
          },
        ])
      : p({ class: "muted" }, "None."),
    rows.some((each) => each.name === chosen) ? h(Removing, { key: chosen, name: chosen }) : null,
  );
}

/** What would go, who needs it, and the deed. @param {{name: string}} properties */
function Removing({ name }) {
  const deeds = useDeeds();
  const [would, setWould] = useState(/** @type {RemovedDataset | null} */ (null));
  const [reason, setReason] = useState("");
  useEffect(() => {
    deeds.run("look", "datasets.remove", { dataset: name, dry_run: true }).then(setWould);
  }, [name]);
  const remove = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const ask = { dataset: name, message: reason.trim(), force: Boolean(would?.needed_by.length) };
    if (await deeds.run("remove", "datasets.remove", ask)) go("housekeeping");
  };
  return div(
    { class: "change-form foot" },
    failure(deeds.problem),
    would
      ? form(
          { class: "stacked", onSubmit: remove },
          p(`${name}: ${held(would)}. It goes to the trash, and can be taken out again.`),
          would.needed_by.length
            ? div(
                { class: "notice bad slim" },
                div(
                  { class: "notice-words" },
                  p("It is needed:"),
                  ul(...would.needed_by.map((each) => li(each))),
                  p({ class: "muted" }, "What a model was trained or judged on is never purged from the trash."),
                ),
              )
            : null,
          input({
            type: "text",
            value: reason,
            placeholder: "why",
            "aria-label": `why ${name} is removed`,
            onInput: (/** @type {any} */ event) => setReason(event.target.value),
          }),
          div(
            { class: "row" },
            button(
              { type: "submit", class: "danger", disabled: Boolean(deeds.busy) },
              would.needed_by.length ? "Put it into the trash all the same" : "Put it into the trash",
            ),
            act("Leave it", () => go("housekeeping"), { kind: "quiet" }),
          ),
        )
      : null,
  );
}

export function Trash() {
  const { data, error } = useAnswer("datasets.trash", {});
  const deeds = useDeeds();
  const [sure, setSure] = useState("");
  const rows = data?.rows ?? [];
  const restore = (/** @type {string} */ dataset) => deeds.run(dataset, "datasets.restore", { dataset });
  const purge = async (/** @type {string} */ dataset) => {
    if (await deeds.run(dataset, "datasets.purge", { dataset })) setSure("");
  };
  if (!rows.length && !error) return null;
  return panel(
    { title: "Trash", aside: span({ class: "muted" }, "freeing space purges what has been here for 30 days") },
    failure(deeds.problem ?? error),
    ul(
      { class: "stacked" },
      ...rows.map((each) =>
        li(
          { key: each.dataset },
          p(each.dataset, " ", span({ class: "muted" }, "removed "), when(each.removed)),
          p({ class: "muted" }, held(each)),
          ...each.needed_by.map((needed) => p({ class: "muted small" }, `stays: ${needed}`)),
          div(
            { class: "row foot" },
            act("Take it out", () => restore(each.dataset), { busy: deeds.busy === each.dataset }),
            each.needed_by.length
              ? null
              : sure === each.dataset
                ? act("Purge it for good", () => purge(each.dataset), { kind: "danger", disabled: Boolean(deeds.busy) })
                : act("Purge …", () => setSure(each.dataset), { kind: "quiet" }),
          ),
        ),
      ),
    ),
  );
}
