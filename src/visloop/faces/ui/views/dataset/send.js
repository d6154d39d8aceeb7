// @ts-check
/** Files of this computer: dropped or chosen, sent a few at a time, what became of each. */
import { a, button, div, form, h, input, label, li, p, span, strong, ul, useState } from "../../lib/dom.js";
import { chosen, useUploads } from "../../lib/arrivals/page.js";
import { chosenFiles, droppedFiles, folderOf, isHidden } from "../../lib/arrivals/dropped.js";
import { choiceField, fields, textField, tick } from "../../lib/forms.js";
import { act, bar, failure, panel } from "../../lib/parts.js";
import { address } from "../../lib/use.js";
import { bytes, count, duration } from "../../lib/words.js";
import { here } from "./mends.js";
import { Outcome } from "./outcome.js";

/** @typedef {import("../../lib/arrivals/dropped.js").Chosen} Chosen */

const FILM = /\.(mp4|mov|m4v|mkv|webm|avi|ts|mpe?g|h26[45])$/i;

/** @param {Chosen[]} files */
export function choose(files) {
  const seen = files.filter((each) => !isHidden(each.path));
  chosen.hidden = files.length - seen.length;
  chosen.files = seen;
}

/** @param {{name: string, cameras: string[]}} properties */
export function Send({ name, cameras }) {
  const [, redraw] = useState(0);
  const uploads = useUploads();
  const [over, setOver] = useState(false);
  const [says, setSays] = useState({ split: "", camera: "", licence: "", label: "", frames: "", folders: false });
  const set = (/** @type {Partial<typeof says>} */ some) => setSays({ ...says, ...some });
  const take = (/** @type {Chosen[]} */ files) => {
    choose(files);
    redraw((n) => n + 1);
  };
  const { files } = chosen;
  const inFolders = files.some((each) => folderOf(each.path));
  const films = files.some((each) => FILM.test(each.path));
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { folders, label: given, ...rest } = says;
    uploads.begin(
      name,
      files.map(({ path, file }) => {
        const word = folders ? folderOf(path) : given.trim();
        const frames = FILM.test(path) ? rest.frames.trim() : "";
        return { path, file, says: { ...rest, frames, label: word, add_classes: word ? "1" : "" } };
      }),
    );
    take([]);
  };
  if (uploads.batch.total) return h(Sending, { key: "sending" });
  return panel(
    "From this computer",
    h(Zone, { over, onOver: setOver, onFiles: take }),
    files.length
      ? form(
          { class: "stacked", onSubmit: go },
          p(
            { role: "status" },
            strong(count(files.length, "file")),
            `, ${bytes(files.reduce((sum, each) => sum + each.file.size, 0))}`,
            chosen.hidden ? span({ class: "muted" }, `; ${count(chosen.hidden, "hidden file")} left out`) : null,
          ),
          inFolders
            ? tick({
                words: "The folders are classes",
                hint: `${[...new Set(files.map((each) => folderOf(each.path)))].filter(Boolean).slice(0, 6).join(", ")}`,
                checked: says.folders,
                onChecked: (folders) => set({ folders }),
              })
            : null,
          fields(
            says.folders
              ? null
              : textField({
                  words: "Class of all of them",
                  hint: "empty: not labelled",
                  value: says.label,
                  onValue: (value) => set({ label: value }),
                }),
            textField({
              words: "Split",
              id: "send-splits",
              offers: ["train", "val", "test"],
              value: says.split,
              placeholder: "none",
              onValue: (split) => set({ split }),
            }),
            textField({
              words: "Licence",
              id: "send-licences",
              offers: LICENCES,
              value: says.licence,
              placeholder: "not said",
              onValue: (licence) => set({ licence }),
            }),
            cameras.length
              ? choiceField({
                  words: "Camera",
                  value: says.camera,
                  choices: [
                    { value: "", words: "as the files say" },
                    ...cameras.map((id) => ({ value: id, words: id })),
                  ],
                  onValue: (camera) => set({ camera }),
                })
              : null,
            films
              ? textField({
                  words: "Frames of videos",
                  id: "send-frames",
                  offers: FRAMES,
                  hint: "every:1s, every:12frames, key, scene or all",
                  value: says.frames,
                  required: true,
                  onValue: (frames) => set({ frames }),
                })
              : null,
          ),
          div(
            { class: "row" },
            button({ type: "submit", class: "primary", disabled: !name }, name ? `Add to ${name}` : "Name it first"),
            act("Not these", () => take([]), { kind: "quiet" }),
          ),
        )
      : null,
  );
}

export const LICENCES = ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "proprietary"];
export const FRAMES = ["every:1s", "every:0.5s", "key", "scene", "all"];

/** @param {{over: boolean, onOver: (over: boolean) => void, onFiles: (files: Chosen[]) => void}} properties */
const Zone = ({ over, onOver, onFiles }) => {
  const pick = (/** @type {any} */ event) => {
    onFiles(chosenFiles(event.target.files));
    event.target.value = "";
  };
  return div(
    {
      class: over ? "drop files over" : "drop files",
      onDragOver: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        onOver(true);
      },
      onDragLeave: () => onOver(false),
      onDrop: async (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        event.stopPropagation();
        onOver(false);
        if (event.dataTransfer) onFiles(await droppedFiles(event.dataTransfer));
      },
    },
    p("Drop pictures, videos or folders here"),
    div(
      { class: "row" },
      label(
        { class: "button" },
        "Choose files",
        input({ type: "file", multiple: true, class: "unseen", onChange: pick }),
      ),
      label(
        { class: "button" },
        "Choose a folder",
        input({ type: "file", webkitdirectory: true, class: "unseen", onChange: pick }),
      ),
    ),
  );
};

/** What is under way, or how it ended. */
function Sending() {
  const uploads = useUploads();
  const { batch, pace } = uploads;
  const { counts, failed } = batch;
  const over = !uploads.busy && !batch.held;
  const took = counts.added + counts.updated + counts.unchanged + counts.quarantined;
  return panel(
    {
      title: over ? `Sent to ${uploads.dataset}` : `Sending to ${uploads.dataset}`,
      aside: over ? null : act("Cancel", () => uploads.cancel()),
    },
    div(
      { class: "stacked" },
      over
        ? null
        : div(
            { class: "under-way", role: "status" },
            bar(pace.share, { label: "sent", value: pace.words }),
            p({ class: "caption" }, pace.words),
          ),
      batch.trouble
        ? failure({ what: batch.trouble.what, fix: `It is tried again by itself. ${here(batch.trouble, true).fix}` })
        : null,
      batch.held
        ? failure(
            {
              what: `Stopped after ${failed.length} refusals: ${failed.at(-1)?.trouble.what}`,
              fix: failed.length ? here(failed[failed.length - 1].trouble, true).fix : "",
            },
            act("Go on", () => uploads.resume()),
          )
        : null,
      took || over
        ? h(Outcome, {
            done: { ...counts, classes_added: batch.classes, notes: batch.notes },
            dataset: uploads.dataset,
          })
        : null,
      failed.length
        ? div(
            { class: "notice bad" },
            div(
              { class: "notice-words" },
              p({ class: "what" }, `${count(failed.length, "file")} not taken by the server`),
              ul(
                { class: "refused" },
                ...failed
                  .slice(0, 8)
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
        : null,
      over
        ? p(
            { class: "muted" },
            batch.cancelled ? `${count(batch.cancelled, "file")} not sent: cancelled. ` : "",
            `It took ${duration(batch.tookMs / 1000)}.`,
          )
        : null,
      over
        ? div(
            { class: "row" },
            a({ href: address("data", uploads.dataset), class: "button primary" }, "See the pictures"),
            act("Send more", () => uploads.clear()),
          )
        : null,
    ),
  );
}
