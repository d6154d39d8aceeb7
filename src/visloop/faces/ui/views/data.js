// @ts-check
/** A data set: its pictures with labels and boxes, versions, splits; and the rooms beside them. */
import { a, button, div, h, h1, nav, option, select, span, useState } from "../lib/dom.js";
import { droppedFiles } from "../lib/arrivals/dropped.js";
import { useSamples } from "../lib/pages.js";
import { empty, failure, panel, waiting } from "../lib/parts.js";
import { askedOf } from "../lib/questions.js";
import { address, go, useAnswer } from "../lib/use.js";
import { count } from "../lib/words.js";
import { Add } from "./dataset/add.js";
import { Classes } from "./dataset/classes.js";
import { Export } from "./dataset/export.js";
import { PictureMap } from "./dataset/map/map.js";
import { Findings } from "./dataset/findings/findings.js";
import { Metadata } from "./dataset/metadata.js";
import { Objects } from "./dataset/objects/objects.js";
import { Pictures } from "./dataset/pictures.js";
import { Quarantine } from "./dataset/quarantine.js";
import { choose } from "./dataset/send.js";
import { Editor } from "./editor/editor.js";
import { VersionsRoom } from "./versions/room.js";

/** @typedef {import("../api.d.ts").DatasetSummary} DatasetSummary */
/** What a data set shows besides its pictures; each has an address: `#/data/line/work/all/classes`. */
const ROOMS = /** @type {const} */ ([
  ["pictures", "Pictures"],
  ["objects", "Objects"],
  ["map", "Map"],
  ["edit", "Label"],
  ["classes", "Classes"],
  ["metadata", "Metadata"],
  ["findings", "Findings"],
  ["versions", "Versions"],
  ["export", "Export"],
  ["quarantine", "Quarantine"],
  ["add", "Add pictures"],
]);

/** Rooms that show every split at once. */
const OF_ALL = ["versions", "findings"];

/** In the place of a room: the pictures on which a question holds, `#/data/line/work/all/find/split%20%3D%20test`. */
const FIND = "find";

/** @param {{address: string[]}} properties */
export function Data({ address: parts }) {
  const sets = useAnswer("datasets", {});
  const rows = sets.data?.rows ?? [];
  const title = div({ class: "title" }, h1("Data"));
  if (!sets.data) return div(title, waiting(sets.error));
  if (parts[0] === NEW || (!rows.length && !parts[0])) return h(Begin, { key: NEW, others: rows });
  const dataset =
    rows.find((each) => each.name === parts[0]) ??
    (parts[0] ? null : [...rows].sort((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))[0]);
  if (!dataset)
    return div(
      title,
      panel("", empty(`There is no data set ${parts[0]}`, a({ href: "#/data" }, "See those there are"))),
    );
  const found = parts[3] === FIND;
  const place = Number((found ? parts[5] : parts[3]) ?? "");
  return h(Dataset, {
    key: dataset.name,
    dataset,
    others: rows,
    version: parts[1] || "work",
    split: parts[2] === "all" ? "" : (parts[2] ?? ""),
    room: parts[3] && !place && !found ? parts[3] : "pictures",
    text: found ? (parts[4] ?? "") : "",
    chosen: parts[4] ?? "",
    rest: parts.slice(4),
    open: place ? place - 1 : -1,
  });
}

/** The address of a data set that is still to be made; no name begins so. */
const NEW = "+";

/** @param {{others: DatasetSummary[]}} properties */
const Begin = ({ others }) =>
  div(
    div({ class: "title" }, h1("Data"), others.length ? h(Choice, { name: NEW, others }) : null),
    h(Add, { name: "", fresh: true }),
    others.length
      ? null
      : panel(
          "",
          empty(
            "No pictures yet",
            "Drop some above, or bring them in by the shell: folders, archives, buckets, COCO, YOLO, VOC, CVAT and more; what cannot be read is set aside with its reason.",
            "visloop add FOLDER --to NAME",
            "visloop demo images parts && visloop add parts --to line",
          ),
        ),
  );

/** @param {{name: string, others: DatasetSummary[]}} properties */
const Choice = ({ name, others }) =>
  select(
    { "aria-label": "data set", value: name, onChange: (/** @type {any} */ event) => go("data", event.target.value) },
    ...others.map((each) => option({ value: each.name, selected: each.name === name }, each.name)),
    option({ value: NEW, selected: name === NEW }, "a new one …"),
  );

/** Where a room begins: what is asked of pictures is asked of their objects, and the other way round. @param {string} to @param {string} room @param {string} asked @returns {string[]} */
function entry(to, room, asked) {
  const carried = asked && to !== room && (to === "objects" || to === "pictures") ? askedOf(asked, to) : "";
  if (to === "pictures") return carried ? [FIND, carried] : [];
  return carried ? [to, carried] : [to];
}

/** @param {{dataset: DatasetSummary, version: string, split: string, room: string, asked: string}} properties `asked`: of pictures or objects, where they are shown */
const Rooms = ({ dataset, version, split, room, asked }) =>
  nav(
    { class: "rooms", "aria-label": "of the data set" },
    ...ROOMS.map(([to, words]) =>
      a(
        {
          href: address("data", dataset.name, version, split || "all", ...entry(to, room, asked)),
          "aria-current": to === room ? "true" : undefined,
        },
        words,
        to === "versions" && dataset.merging ? span({ class: "count quiet", title: "a merge waits" }, "1") : null,
        to === "quarantine" && dataset.quarantined
          ? span({ class: "count quiet" }, dataset.quarantined.toLocaleString("en"))
          : null,
      ),
    ),
  );

/** What follows the version in an address. @param {string} split @param {string} room @param {string} text @param {string} chosen */
const besides = (split, room, text, chosen) => {
  if (text) return [split || "all", FIND, text];
  if (room === "objects" && chosen) return [split || "all", room, chosen];
  if (room !== "pictures") return [split || "all", room];
  return split ? [split] : [];
};

/** @param {{dataset: DatasetSummary, others: DatasetSummary[], version: string, split: string, room: string, text: string, chosen: string, rest: string[], open: number}} properties */
function Dataset({ dataset, others, version, split, room, text, chosen, rest, open }) {
  const { name } = dataset;
  const samples = useSamples(`${name}@${version}${split ? `:${split}` : ""}`);
  const { head } = samples;
  const [over, setOver] = useState(false);
  const drop = async (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    if (!event.dataTransfer) return;
    choose(await droppedFiles(event.dataTransfer));
    go("data", name, version, split || "all", "add");
  };
  return div(
    {
      class: over ? "dataset over" : "dataset",
      onDragOver: (/** @type {DragEvent} */ event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (/** @type {DragEvent} */ event) => {
        if (!event.relatedTarget) setOver(false);
      },
      onDrop: drop,
    },
    div(
      { class: "title" },
      h1("Data"),
      h(Choice, { name, others }),
      span(
        { class: "muted" },
        head ? `${count(head.total, "picture")}, ${version === "work" ? "committed or not" : version}` : "",
      ),
      span({ class: "grow" }),
      a({ href: address("housekeeping", name), class: "muted small", "aria-label": `remove ${name}` }, "Remove …"),
      head && !OF_ALL.includes(room) && Object.keys(head.splits).length
        ? div(
            { class: "tabs", role: "group", "aria-label": "split" },
            ...["", ...Object.keys(head.splits)].map((each) =>
              button(
                {
                  type: "button",
                  "aria-pressed": String(each === split),
                  onClick: () => go("data", name, version, ...besides(each, room, text, chosen)),
                },
                each || "all",
                each ? span({ class: "muted" }, head.splits[each].toLocaleString("en")) : null,
              ),
            ),
          )
        : null,
    ),
    h(Rooms, { dataset, version, split, room, asked: room === "objects" ? chosen : text }),
    failure(samples.error),
    h(Room, { dataset, samples, version, split, room, text, chosen, rest, open }),
  );
}

/** @param {{dataset: DatasetSummary, samples: ReturnType<typeof useSamples>, version: string, split: string, room: string, text: string, chosen: string, rest: string[], open: number}} properties */
function Room({ dataset, samples, version, split, room, text, chosen, rest, open }) {
  const { name } = dataset;
  switch (room) {
    case "pictures":
      return h(Pictures, { dataset, samples, version, split, text, open });
    case "objects":
      return h(Objects, { name, version, split, text: chosen, place: Number(rest[1] ?? 0) || 0 });
    case "map":
      return h(PictureMap, { dataset, version, split, total: samples.head?.total ?? -1, rest });
    case "edit":
      return h(Editor, { name, split, text: rest[1] ?? "", path: rest[0] ?? "", object: rest[2] ?? "" });
    case "classes":
      return h(Classes, { dataset, version, split, chosen });
    case "metadata":
      return h(Metadata, { name, version, split, total: samples.head?.total ?? 0 });
    case "findings":
      return h(Findings, { name, version, split, total: samples.head?.total ?? -1, kind: chosen });
    case "versions":
      return h(VersionsRoom, { dataset, rest });
    case "export":
      return h(Export, { name, version, split, where: chosen });
    case "quarantine":
      return h(Quarantine, { name });
    case "add":
      return h(Add, { name });
    default:
      return panel("", empty(`A data set has no ${room}`, a({ href: address("data", name) }, "See its pictures")));
  }
}
