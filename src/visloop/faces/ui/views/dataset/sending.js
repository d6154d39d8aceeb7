// @ts-check
/** Files under way into a data set: how far, each of them, what was refused; and what an ended tab left undone. */
import { a, div, li, p, span, strong, ul, h, useState } from "../../lib/dom.js";
import { cutOff, forget } from "../../lib/arrivals/kept.js";
import { useUploads } from "../../lib/arrivals/page.js";
import { act, bar, failure, panel } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { bytes, count, duration } from "../../lib/words.js";
import { here } from "./mends.js";
import { Outcome } from "./outcome.js";
import { shelf } from "../../lib/sending/shelf.js";

/** @typedef {import("../../lib/arrivals/parcels.js").Parcel} Parcel */
/** @typedef {import("../../lib/arrivals/uploads.js").Uploads} Uploads */

const SHOWN = 8;

/** What is under way, or how it ended. */
export function Sending() {
  const uploads = useUploads();
  const { batch } = uploads;
  const { counts } = batch;
  const over = !uploads.unfinished;
  const took = counts.added + counts.updated + counts.unchanged + counts.quarantined;
  return panel(
    {
      title: over ? `Sent to ${uploads.dataset}` : `Sending to ${uploads.dataset}`,
      aside: over
        ? null
        : div(
            { class: "row" },
            batch.paused ? act("Go on", () => uploads.resume()) : act("Pause", () => uploads.pause()),
            act("Cancel", () => uploads.cancel()),
          ),
    },
    div(
      { class: "stacked" },
      over ? null : underWay(uploads),
      batch.trouble
        ? failure({ what: batch.trouble.what, fix: `It is tried again by itself. ${here(batch.trouble, true).fix}` })
        : null,
      batch.held ? stopped(uploads) : null,
      took || over
        ? h(Outcome, {
            done: { ...counts, classes_added: batch.classes, notes: batch.notes },
            dataset: uploads.dataset,
          })
        : null,
      refusals(batch.failed),
      over ? ended(uploads) : null,
    ),
  );
}

/** All in all, and each file or parcel that is on its way. @param {Uploads} uploads */
const underWay = ({ batch, pace }) =>
  div(
    { class: "under-way" },
    div(
      { role: "status" },
      bar(pace.share, { label: "sent", value: pace.words }),
      p(
        { class: "caption" },
        batch.paused ? "Paused. " : "",
        batch.asking ? "Looking what is there already … " : "",
        pace.words,
      ),
    ),
    batch.sending.size ? ul({ class: "on-the-way" }, ...[...batch.sending].map(onTheWay)) : null,
  );

/** @param {Parcel} parcel */
const onTheWay = ({ entries, size, sent, whole }) => {
  const [{ path }] = entries;
  const words = entries.length > 1 ? `${path} and ${count(entries.length - 1, "more", "more")}` : path;
  const far = sent >= size ? (whole ? "there, being taken in" : "being taken in") : `${bytes(sent)} of ${bytes(size)}`;
  return li(
    span({ class: "path" }, words),
    span({ class: "muted" }, far),
    bar(size ? sent / size : 1, { label: words, value: far }),
  );
};

/** @param {Uploads} uploads */
const stopped = (uploads) => {
  const { failed } = uploads.batch;
  const last = failed[failed.length - 1]?.trouble;
  return failure(
    { what: `Stopped after ${failed.length} refusals: ${last?.what}`, fix: last ? here(last, true).fix : "" },
    act("Go on", () => uploads.resume()),
  );
};

/** @param {import("../../lib/arrivals/uploads.js").Failed[]} failed */
const refusals = (failed) =>
  failed.length
    ? div(
        { class: "notice bad" },
        div(
          { class: "notice-words" },
          p({ class: "what" }, `${count(failed.length, "file")} not taken by the server`),
          ul(
            { class: "refused" },
            ...failed
              .slice(0, SHOWN)
              .map(({ path, trouble }) =>
                li(
                  span({ class: "path" }, path),
                  span(trouble.what),
                  span({ class: "muted" }, here(trouble, true).fix),
                ),
              ),
          ),
        ),
      )
    : null;

/** @param {Uploads} uploads */
const ended = (uploads) => {
  const { batch } = uploads;
  return div(
    p(
      { class: "muted" },
      batch.cancelled ? `${count(batch.cancelled, "file")} not sent: cancelled. ` : "",
      batch.before ? `${count(batch.before, "file")} had come before and were not sent again. ` : "",
      `It took ${duration(batch.tookMs / 1000)}.`,
    ),
    div(
      { class: "row" },
      a({ href: address("data", uploads.dataset), class: "button primary" }, "See the pictures"),
      act("Send more", () => uploads.clear()),
    ),
  );
};

/**
 * What a tab that was closed left undone.
 * @param {{name: string, onSays: (says: Record<string, any>) => void}} properties `onSays`: take its settings over
 */
export function CutOff({ name, onSays }) {
  const [, redraw] = useState(0);
  const [taken, setTaken] = useState("");
  const found = cutOff(shelf).filter((each) => !name || each.dataset === name);
  if (!found.length) return null;
  return div(
    ...found.map((each) =>
      div(
        { class: "notice", role: "status" },
        div(
          { class: "notice-words" },
          p(
            { class: "what" },
            "The page was closed while files went to ",
            strong(each.dataset),
            `: ${each.finished.toLocaleString("en")} of ${count(each.total, "file")} were there by then.`,
          ),
          p(
            { class: "fix" },
            `A browser may not open them again by itself. Drop the same files here (they began with ${each.first}) and it goes on: what is there is not sent again, and of a large file only the rest.`,
          ),
        ),
        div(
          { class: "row" },
          taken === each.dataset
            ? span({ class: "muted" }, "Same settings: taken over")
            : act("Same settings as then", () => {
                onSays(each.says);
                setTaken(each.dataset);
              }),
          act(
            "Forget it",
            () => {
              forget(shelf, each.dataset);
              redraw((n) => n + 1);
            },
            { kind: "quiet" },
          ),
        ),
      ),
    ),
  );
}
