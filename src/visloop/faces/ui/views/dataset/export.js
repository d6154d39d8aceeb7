// @ts-check
/** Write a version out for another tool: which formats there are, what each cannot hold, what was lost. */
import { a, button, div, form, h, input, label, li, p, span, strong, ul, useState } from "../../lib/dom.js";
import { textField, tick } from "../../lib/forms.js";
import { failure, panel, underWay, waiting } from "../../lib/parts.js";
import { useRights } from "../../lib/rights.js";
import { address, useAnswer, useDeeds } from "../../lib/use.js";
import { count } from "../../lib/words.js";

/** @typedef {import("../../api.d.ts").FormatLine} FormatLine */
/** @typedef {import("../../api.d.ts").Exported} Exported */

const SHOWN = 12;

/** @param {{name: string, version: string, split: string, where: string}} properties `where`: only those on which it holds */
export function Export({ name, version, split, where }) {
  const { data, error } = useAnswer("formats", {});
  const [says, setSays] = useState({ format: "coco", directory: "", force: false });
  const [done, setDone] = useState(/** @type {Exported | null} */ (null));
  const deeds = useDeeds();
  const rights = useRights();
  const ref = `${name}@${version}${split ? `:${split}` : ""}`;
  if (!data) return waiting(error);
  const formats = data.rows.filter((each) => each.writes);
  const write = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setDone(null);
    setDone(
      await deeds.run("export", "export", { ...says, where, directory: says.directory.trim(), ref }, { long: true }),
    );
  };
  return form(
    { class: "columns wide", onSubmit: write },
    panel(
      "Format",
      div(
        { class: "formats", role: "radiogroup", "aria-label": "format" },
        ...formats.map((each) =>
          label(
            { class: "tick" },
            input({
              type: "radio",
              name: "format",
              value: each.name,
              checked: each.name === says.format,
              onChange: () => setSays({ ...says, format: each.name }),
            }),
            span(
              strong(each.name),
              ` ${each.title}`,
              each.lacks.length ? span({ class: "hint" }, `does not bring back ${each.lacks.join(", ")}`) : null,
            ),
          ),
        ),
      ),
    ),
    div(
      { class: "side" },
      panel(
        `${ref} as ${says.format}`,
        div(
          { class: "stacked" },
          where ? h(Which, { name, version, split, where }) : null,
          rights.may("data.export")
            ? a(
                {
                  class: "button primary",
                  href: `/exports?${new URLSearchParams({ ref, format: says.format, ...(where && { where }) })}`,
                  download: "",
                },
                "Download as one file",
              )
            : p({ class: "muted" }, rights.ready ? `A ${rights.role} may look at data, not take it away.` : ""),
          p(
            { class: "hint" },
            "A zip with the pictures. It is written first, then sent: many pictures take their time. What the format cannot hold is listed in it.",
          ),
        ),
      ),
      panel(
        "Or to a folder of the server",
        div(
          { class: "stacked" },
          textField({
            words: "Folder",
            hint: "new or empty, where the server runs",
            value: says.directory,
            required: true,
            placeholder: `/data/${name}-${says.format}`,
            onValue: (directory) => setSays({ ...says, directory }),
          }),
          tick({
            words: "Write although the folder holds something",
            checked: says.force,
            onChecked: (force) => setSays({ ...says, force }),
          }),
          button(
            { type: "submit", class: deeds.busy ? "busy" : "", disabled: Boolean(deeds.busy) },
            `Write as ${says.format}`,
          ),
          underWay(deeds, "", "The folder holds a part of it."),
        ),
        failure(deeds.problem),
      ),
      done ? report(done) : null,
    ),
  );
}

/** Which pictures are written, where it is not all of them. @param {{name: string, version: string, split: string, where: string}} properties */
function Which({ name, version, split, where }) {
  const at = `${name}@${version}${split ? `:${split}` : ""}`;
  const { data, error } = useAnswer("query", { text: where, at, limit: 0 });
  const here = ["data", name, version, split || "all"];
  if (!data) return waiting(error);
  return p(
    strong(count(data.count, "picture")),
    ": ",
    a({ href: address(...here, "find", where) }, where),
    " · ",
    a({ href: address(...here, "export") }, "all of it instead"),
  );
}

/** What was written, and what did not fit. @param {Exported} done */
const report = (done) =>
  panel(
    { title: "Written", class: "outcome-panel" },
    div(
      { class: "outcome", role: "status" },
      p(
        `${count(done.images, "picture")} and ${count(done.objects, "object")} in `,
        span({ class: "path" }, done.directory),
      ),
      done.losses.length
        ? div(p(strong("What it cannot hold natively:")), lines(done.losses))
        : p("Everything fitted."),
      done.notes.length ? lines(done.notes) : null,
    ),
  );

/** @param {readonly string[]} all */
const lines = (all) =>
  ul(
    { class: "notes" },
    ...all.slice(0, SHOWN).map((each) => li(each)),
    all.length > SHOWN ? li(`and ${(all.length - SHOWN).toLocaleString("en")} more`) : null,
  );
