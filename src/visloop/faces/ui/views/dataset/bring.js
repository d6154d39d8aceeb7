// @ts-check
/** Pictures that lie where the server runs, in a bucket or behind URLs: a form over `add`, with a rehearsal. */
import { a, button, div, form, h, p, useState } from "../../lib/dom.js";
import { choiceField, fields, longField, textField, tick } from "../../lib/forms.js";
import { act, failure, panel, underWay } from "../../lib/parts.js";
import { address, useAnswer, useDeeds } from "../../lib/use.js";
import { here } from "./mends.js";
import { Outcome } from "./outcome.js";
import { FRAMES, LICENCES } from "./send.js";

/** @typedef {import("../../api.d.ts").AddAnswer} AddAnswer */

const NOTHING = {
  paths: "",
  format: "auto",
  split: "",
  licence: "",
  camera: "",
  frames: "",
  map: "",
  in_place: false,
  add_classes: false,
  pages: /** @type {"first" | "all"} */ ("first"),
};

/** What is written in the form: it is there again when one comes back. */
const kept = { says: NOTHING };
export const PLACE = "add";

/** `old = new`, one a line or between commas. @param {string} text @returns {Record<string, string>} */
export const pairs = (text) =>
  Object.fromEntries(
    text
      .split(/[\n,]/)
      .map((each) => each.split("=").map((part) => part.trim()))
      .filter(([old, now]) => old && now),
  );

/** @param {{name: string, cameras: string[]}} properties */
export function Bring({ name, cameras }) {
  const [says, setSays] = useState(kept.says);
  const formats = useAnswer("formats", {}).data?.rows ?? [];
  const deeds = useDeeds(PLACE);
  const set = (/** @type {Partial<typeof NOTHING>} */ some) => setSays((kept.says = { ...kept.says, ...some }));
  const paths = says.paths
    .split("\n")
    .map((each) => each.trim())
    .filter(Boolean);
  const run = async (/** @type {boolean} */ would) => {
    deeds.clear();
    const { map, split, paths: _, ...rest } = says;
    const ask = { ...rest, to: name, paths, split: split.trim() || null, map: pairs(map), dry_run: would };
    await deeds.run(would ? "look" : "add", "add", ask, { long: true });
  };
  const shown = deeds.done;
  return panel(
    "From where the server runs",
    form(
      {
        class: "stacked",
        onSubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          run(false);
        },
      },
      longField({
        words: "Paths",
        hint: "One a line: folders, files, archives, buckets (s3://bucket/prefix), lists of URLs (a .txt with one a line).",
        value: says.paths,
        placeholder: "/data/photos",
        required: true,
        onValue: (value) => set({ paths: value }),
      }),
      fields(
        choiceField({
          words: "Format",
          value: says.format,
          choices: [
            { value: "auto", words: "as it looks" },
            ...formats.map((each) => ({ value: each.name, words: each.name })),
          ],
          onValue: (format) => set({ format }),
        }),
        textField({
          words: "Split",
          id: "bring-splits",
          offers: ["train", "val", "test"],
          placeholder: "as the files say",
          value: says.split,
          onValue: (split) => set({ split }),
        }),
        textField({
          words: "Licence",
          id: "bring-licences",
          offers: LICENCES,
          placeholder: "not said",
          value: says.licence,
          onValue: (licence) => set({ licence }),
        }),
        cameras.length
          ? choiceField({
              words: "Camera",
              value: says.camera,
              choices: [{ value: "", words: "as the files say" }, ...cameras.map((id) => ({ value: id, words: id }))],
              onValue: (camera) => set({ camera }),
            })
          : null,
        textField({
          words: "Frames of videos",
          id: "bring-frames",
          offers: FRAMES,
          placeholder: "none",
          value: says.frames,
          onValue: (frames) => set({ frames }),
        }),
        choiceField({
          words: "Pages of TIFF, GIF, DICOM",
          value: says.pages,
          choices: [
            { value: "first", words: "the first" },
            { value: "all", words: "all" },
          ],
          onValue: (pages) => set({ pages: /** @type {"first" | "all"} */ (pages) }),
        }),
        textField({
          words: "Rename classes",
          placeholder: "pants = trousers, tee = t-shirt",
          wide: true,
          value: says.map,
          onValue: (map) => set({ map }),
        }),
      ),
      tick({
        words: "Leave the files where they lie",
        hint: "they are noted, not copied; a file that changes is noticed",
        checked: says.in_place,
        onChecked: (in_place) => set({ in_place }),
      }),
      tick({
        words: "Let new class names in",
        hint: "else a class that the data set does not have is an error",
        checked: says.add_classes,
        onChecked: (add_classes) => set({ add_classes }),
      }),
      div(
        { class: "row" },
        act("See what would happen", () => run(true), {
          busy: deeds.busy === "look",
          disabled: !name || !paths.length || Boolean(deeds.busy),
        }),
        button(
          {
            type: "submit",
            class: deeds.busy === "add" ? "primary busy" : "primary",
            disabled: !name || !paths.length || Boolean(deeds.busy),
          },
          name ? `Add to ${name}` : "Name it first",
        ),
      ),
    ),
    deeds.busy
      ? p(
          { class: "caption" },
          `${deeds.busy === "add" ? "Adding to" : "For"} ${deeds.ask.to}: ${deeds.ask.paths.join(", ")}`,
        )
      : null,
    underWay(deeds, "Looking at the files", "What had come in stays; the same again goes on from there."),
    failure(deeds.problem && here(deeds.problem)),
    shown
      ? h(Outcome, {
          done: /** @type {AddAnswer} */ (shown.answer),
          dataset: shown.ask.to,
          would: shown.name === "look",
        })
      : null,
    shown?.name === "add" ? p(a({ href: address("data", shown.ask.to) }, "See the pictures")) : null,
  );
}
