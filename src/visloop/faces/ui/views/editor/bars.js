// @ts-check
/** Above the picture: where one is, what was done, what the server did not take. */
import { a, div, h, span, useState } from "../../lib/dom.js";
import { asError } from "../../lib/api.js";
import { act, badge, failure } from "../../lib/parts.js";
import { written } from "../../lib/questions.js";
import { edits } from "../../lib/sending/edits.js";
import { saved, unheard } from "../../lib/sending/sent.js";
import { address } from "../../lib/use.js";
import { isFollowed } from "./film/course.js";
import { anew } from "./film/deeds.js";
import { refilmed } from "./film/using.js";
import { reread } from "./open.js";
import { Tools } from "./panels.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./editor.js").Given} Given */
/** @typedef {import("./gestures.js").Tool} Tool */
/** @typedef {import("../../lib/sending/edits.js").Sent} Sent */

/** What the server did not take. @param {{sent: Sent}} properties */
export function Troubles({ sent }) {
  const [problem, setProblem] = useState(/** @type {import("../../lib/api.js").ApiError | null} */ (null));
  const settle = async (/** @type {Sent["refused"][number]["entry"]} */ { id, ask }, /** @type {boolean} */ mine) => {
    setProblem(null);
    try {
      const [desk, film] = await Promise.all([reread(ask), refilmed(ask)]);
      edits.dismiss(id);
      if (mine) again(desk, film, ask);
    } catch (caught) {
      setProblem(asError(caught));
    }
  };
  return div(
    { "aria-live": "assertive" },
    unheard(sent, "edit"),
    failure(problem),
    ...sent.refused.map(({ entry, trouble }) =>
      failure(
        { what: `Not saved: ${trouble.what}`, fix: trouble.fix },
        act("Keep mine", () => settle(entry, true)),
        act("Keep what is there", () => settle(entry, false)),
      ),
    ),
  );
}

/**
 * What was refused once more, over what is there now: of tracks each key frame in its own frame.
 * @param {import("./desk.js").Desk} desk
 * @param {import("./film/film.js").Film | null} film
 * @param {import("./desk.js").EditAsk} ask
 */
function again(desk, film, ask) {
  const plain = ask.edits.filter(({ put, was }) => !film || !(isFollowed(put) || isFollowed(was)));
  desk.change(
    plain.flatMap(({ put }) => (put ? [put] : [])),
    plain.flatMap(({ remove }) => (remove ? [remove] : [])),
  );
  if (film) desk.make(anew(film, edits.state.waiting, ask));
}

/**
 * @param {{sample: Sample, around: ReturnType<typeof import("./neighbours.js").useNeighbours>, sent: Sent, drawn: number, desk: import("./desk.js").Desk, deeds: any, others: import("./open.js").Other[], tool: Tool, labelled: boolean, objects: readonly Annotation[], radius: number, erase: boolean, given: Given | null}} properties
 */
export function Bar({
  sample,
  around,
  sent,
  drawn,
  desk,
  deeds,
  others,
  tool,
  labelled,
  objects,
  radius,
  erase,
  given,
}) {
  const who = others.map(({ actor }) => (actor === "user:owner" ? "another window" : actor.replace(/^\w+:/, "")));
  const there = [...new Set(who)];
  return div(
    { class: "edit-bars" },
    div(
      { class: "edit-bar" },
      given ? a({ class: "button", href: given.back }, "Queue") : null,
      act("‹", deeds.previous, { disabled: !around.previous, title: "previous picture (a)" }),
      act("Next ›", deeds.next, { key: "d", disabled: !around.next, title: "next picture" }),
      span(
        { class: "muted edit-place" },
        around.total ? `${around.place.toLocaleString("en")} of ${around.total.toLocaleString("en")}` : "",
      ),
      given
        ? span({ class: "path" }, sample.path)
        : a(
            {
              class: "path",
              href: address("data", desk.dataset, "work", "all", "find", `path = ${written(sample.path)}`),
              title: "among the pictures",
            },
            sample.path,
          ),
      span({ class: "muted small" }, `${sample.width} × ${sample.height}`),
      span({ class: "grow" }),
      there.length
        ? span(
            { class: "badge busy", role: "status", title: "edits of different objects are merged" },
            `also open: ${there.join(", ")}`,
          )
        : null,
      objects.length || !labelled ? null : badge("nothing here", "good"),
      saved(sent, "edit", drawn),
      given?.status,
      given
        ? act(given.isDeciding ? "Decide so" : "Done", deeds.handIn, {
            key: "Ctrl Enter",
            kind: "primary",
            disabled: !objects.length && !labelled,
            title: "hand in what is drawn (or that nothing is here), and have the next picture",
          })
        : null,
    ),
    div(
      { class: "edit-bar" },
      h(Tools, { tool, onTool: deeds.takeTool }),
      tool === "brush" ? span({ class: "muted small" }, `${erase ? "erasing" : "painting"}, ${radius} px`) : null,
      span({ class: "grow" }),
      act(labelled && !objects.length ? "Not looked at" : "Nothing here", deeds.nothing, {
        key: "e",
        disabled: objects.length > 0,
        title: "somebody looked: there is nothing to label",
      }),
      act("Undo", deeds.undo, { disabled: !desk.done.length, title: "undo (Ctrl z)" }),
      act("Redo", deeds.redo, { disabled: !desk.undone.length, title: "redo (Ctrl y)" }),
    ),
  );
}
