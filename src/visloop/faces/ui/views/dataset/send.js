// @ts-check
/** Files of this computer: dropped or chosen, sent a few at a time, what became of each. */
import { button, div, form, h, input, label, p, span, strong, useState } from "../../lib/dom.js";
import { begin, chosen, useUploads } from "../../lib/arrivals/page.js";
import { chosenFiles, droppedFiles, folderOf, isHidden } from "../../lib/arrivals/dropped.js";
import { choiceField, fields, textField, tick } from "../../lib/forms.js";
import { act, panel } from "../../lib/parts.js";
import { bytes, count } from "../../lib/words.js";
import { CutOff, Sending } from "./sending.js";

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
    begin(
      name,
      files.map(({ path, file }) => {
        const word = folders ? folderOf(path) : given.trim();
        const frames = FILM.test(path) ? rest.frames.trim() : "";
        return { path, file, says: { ...rest, frames, label: word, add_classes: word ? "1" : "" } };
      }),
      says,
    );
    take([]);
  };
  if (uploads.batch.total) return h(Sending, { key: "sending" });
  return panel(
    "From this computer",
    h(CutOff, { name, onSays: (before) => set(before) }),
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
