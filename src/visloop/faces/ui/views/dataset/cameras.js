// @ts-check
/** The registry of cameras: where each stands, how it says who it is, by how much its clock is wrong. */
import { button, details, div, form, h, li, p, span, strong, summary, ul, useState } from "../../lib/dom.js";
import { fields, textField } from "../../lib/forms.js";
import { act, failure, panel, underWay } from "../../lib/parts.js";
import { useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").CameraAnswer} CameraAnswer */

/** @param {{name: string, changes: boolean}} properties */
export function Cameras({ name, changes }) {
  const { data, error } = useAnswer("camera.list", {});
  const deeds = useDeeds();
  const [said, setSaid] = useState("");
  const rows = data?.rows ?? [];
  const apply = async () => {
    const done = await deeds.run("apply", "camera.apply", { dataset: name }, { long: true });
    if (done) setSaid(`${count(done.changed, "picture")} of ${done.matched.toLocaleString("en")} changed`);
  };
  return panel(
    {
      title: rows.length ? `Cameras: ${rows.length}` : "Cameras",
      aside:
        rows.length && changes
          ? act("Note again", apply, {
              busy: deeds.busy === "apply",
              title: `camera and true time on every picture of ${name}, by what is known now`,
            })
          : null,
    },
    failure(error ?? deeds.problem),
    underWay(deeds) ?? (said ? p({ class: "muted", role: "status" }, said) : null),
    rows.length
      ? ul({ class: "cameras" }, ...rows.map((row) => h(Camera, { key: row.id, row })))
      : p({ class: "muted" }, "None yet. A camera's pictures are known by its make, model or serial number."),
    details(summary("Add a camera"), h(Fresh, {})),
  );
}

/** The last offset of its clock. @param {CameraAnswer} row */
function clockOf(row) {
  const last = row.clocks.at(-1);
  if (!last?.offset_s) return "its clock is right";
  const by = `${Math.abs(last.offset_s).toLocaleString("en")} s`;
  return `its clock is ${last.offset_s > 0 ? "fast" : "slow"} by ${by}${last.since ? ` since ${last.since}` : ""}`;
}

/** @param {{row: CameraAnswer}} properties */
function Camera({ row }) {
  const [open, setOpen] = useState(false);
  const [offset, setOffset] = useState(String(row.clocks.at(-1)?.offset_s ?? 0));
  const [since, setSince] = useState("");
  const deeds = useDeeds();
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const ask = { camera: row.id, clock_offset_s: Number(offset), since: since.trim() || null };
    if (await deeds.run("set", "camera.set", ask)) setOpen(false);
  };
  return li(
    p(strong(row.id), row.place ? span({ class: "muted" }, `, ${row.place}`) : null),
    p({ class: "muted small" }, [row.make, row.model, row.serial].filter(Boolean).join(" ") || "known by its id only"),
    p(
      { class: "small" },
      clockOf(row),
      " ",
      act(open ? "Leave it" : "Set", () => setOpen(!open), { kind: "quiet", title: "by how much its clock is wrong" }),
    ),
    open
      ? form(
          { class: "change-form", onSubmit: save },
          fields(
            textField({
              words: `Clock of ${row.id}, s`,
              type: "number",
              step: "any",
              value: offset,
              required: true,
              hint: "what it shows less the true time",
              onValue: setOffset,
            }),
            textField({
              words: "From when on",
              value: since,
              placeholder: "always",
              hint: "2026-05-01T12:00:00Z",
              onValue: setSince,
            }),
          ),
          div({ class: "row" }, button({ type: "submit", class: "primary", disabled: Boolean(deeds.busy) }, "Save")),
          failure(deeds.problem),
        )
      : null,
  );
}

const NOTHING = { camera: "", place: "", make: "", model: "", serial: "", clock: "" };

function Fresh() {
  const [says, setSays] = useState(NOTHING);
  const deeds = useDeeds();
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { camera, clock, ...rest } = says;
    const known = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, value.trim() || null]));
    const ask = { camera: camera.trim(), ...known, clock_offset_s: clock ? Number(clock) : null };
    if (await deeds.run("add", "camera.add", ask)) setSays(NOTHING);
  };
  /** @param {keyof typeof NOTHING} key @param {string} words @param {Partial<Parameters<typeof textField>[0]>} [more] */
  const said = (key, words, more = {}) =>
    textField({ words, value: says[key], onValue: (value) => setSays({ ...says, [key]: value }), ...more });
  return form(
    { class: "stacked", onSubmit: add },
    said("camera", "Id", { required: true, placeholder: "dock-3" }),
    said("place", "Place"),
    fields(said("make", "Make"), said("model", "Model")),
    said("serial", "Serial number"),
    said("clock", "Clock, s", {
      type: "number",
      step: "any",
      hint: "what it shows less the true time; -3.2: it is slow",
    }),
    button({ type: "submit", disabled: Boolean(deeds.busy) }, "Add the camera"),
    failure(deeds.problem),
  );
}
