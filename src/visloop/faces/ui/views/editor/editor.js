// @ts-check
/** The label editor: one picture, its objects, and the next picture. `#/data/line/work/all/edit/a.jpg` */
import { a, div, h, span, useEffect, useMemo, useRef, useState } from "../../lib/dom.js";
import { asError } from "../../lib/api.js";
import { act, badge, empty, failure, panel, waiting } from "../../lib/parts.js";
import { edits, useEdits } from "../../lib/sending/edits.js";
import { saved, unheard } from "../../lib/sending/sent.js";
import { address, go, useClasses } from "../../lib/use.js";
import { Canvas } from "./canvas.js";
import { freshId } from "./desk.js";
import { useEditorKeys } from "./keys.js";
import { bindings } from "./bindings.js";
import { changed, useReel } from "./film/reel.js";
import { Strip } from "./film/strip.js";
import { useFilm } from "./film/using.js";
import { Answered, useAnswers } from "./answered.js";
import { first, useNeighbours } from "./neighbours.js";
import { Proposals, useProposals } from "./proposals.js";
import { reread, useDesk } from "./open.js";
import { Chosen, ClassList, Objects, Tools } from "./panels.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./gestures.js").Tool} Tool */
/** @typedef {import("../../lib/sending/edits.js").Sent} Sent */
/**
 * A picture that was given to somebody: `isDeciding` about what `answers` say, `isBlind` to what anything proposes.
 * @typedef {{isDeciding: boolean, isBlind: boolean, answers: readonly import("../../api.d.ts").Answer[], back: string, onHandIn: () => void, beside: import("../../lib/dom.js").Child, status: import("../../lib/dom.js").Child}} Given
 */

const RADIUS_PX = 8;
const EDIT = "edit";

/** @param {{name: string, split: string, text: string, path: string}} properties */
export function Editor({ name, split, text, path }) {
  const at = `${name}@work${split ? `:${split}` : ""}`;
  const here = (/** @type {string} */ to) => ["data", name, "work", split || "all", EDIT, to, ...(text ? [text] : [])];
  const [nothing, setNothing] = useState(false);
  const [error, setError] = useState(/** @type {import("../../lib/api.js").ApiError | null} */ (null));
  useEffect(() => {
    if (path) return;
    first(at, text)
      .then((found) => (found ? location.replace(address(...here(found.path))) : setNothing(true)))
      .catch((caught) => setError(asError(caught)));
  }, [at, text, path]);
  if (nothing)
    return panel(
      "",
      empty("No pictures to label", "Bring some in first, or ask another question.", `visloop add FOLDER --to ${name}`),
    );
  if (!path) return waiting(error);
  return h(Room, { key: name, name, at, text, path, onGo: (to) => go(...here(to)) });
}

/** What the server did not take. @param {{sent: Sent}} properties */
const Troubles = ({ sent }) =>
  div(
    { "aria-live": "assertive" },
    unheard(sent, "edit"),
    ...sent.refused.map(({ entry, trouble }) => {
      const settle = async (/** @type {boolean} */ mine) => {
        const desk = await reread(entry.ask);
        edits.dismiss(entry.id);
        if (!mine) return;
        const puts = entry.ask.edits.flatMap(({ put }) => (put ? [put] : []));
        desk.change(
          puts,
          entry.ask.edits.flatMap(({ remove }) => (remove ? [remove] : [])),
        );
      };
      return failure(
        { what: `Not saved: ${trouble.what}`, fix: trouble.fix },
        act("Keep mine", () => settle(true)),
        act("Keep what is there", () => settle(false)),
      );
    }),
  );

/** Which tool somebody took last in this data set; what its objects are, where nobody has. @param {string} name @param {readonly Annotation[]} objects @param {boolean} draws objects are asked for @returns {Tool} */
function usualTool(name, objects, draws) {
  const known = localStorage.getItem(`visloop.tool.${name}`);
  if (known && !(draws && known === "class")) return /** @type {Tool} */ (known);
  /** @type {Record<string, Tool>} */
  const of = { class: "class", obb: "obb", polygon: "polygon", mask: "brush", points: "points" };
  return of[objects[0]?.type ?? ""] ?? "box";
}

/** @param {{name: string, at: string, text: string, path: string, onGo: (path: string) => void}} properties */
function Room({ name, at, text, path, onGo }) {
  const around = useNeighbours(at, text, path);
  const early = useRef(/** @type {Sample | null} */ (null));
  const { desk, error, others, redraw } = useDesk(name, path, early.current);
  const leave = (/** @type {Sample | null} */ to) => {
    if (!to) return;
    early.current = to;
    onGo(to.path);
  };
  const reel = useFilm(name, desk?.sample ?? null, redraw);
  if (!desk) return div(waiting(error));
  if (reel && reel.film.at(desk.sample.path) >= 0) desk.join(reel.film, reel.history);
  return h(Table, { name, text, desk, others, around, redraw, onLeave: leave, error, reel: desk.film ? reel : null });
}

/**
 * @typedef {{name: string, text: string, desk: import("./desk.js").Desk, others: import("./open.js").Other[], around: ReturnType<typeof useNeighbours>, redraw: () => void, onLeave: (to: Sample | null) => void, error: import("../../lib/api.js").ApiError | null, reel: import("./film/using.js").Reel | null, given?: Given | null}} TableProperties
 */

/** The desk, once the classes are known: until then their keys would do nothing. @param {TableProperties} properties */
export function Table(properties) {
  const classes = useClasses(properties.name);
  return classes.known ? h(Laid, { ...properties, classes }) : div(waiting(classes.error));
}

/** @param {TableProperties & {classes: ReturnType<typeof useClasses>}} properties */
function Laid({ name, text, desk, others, around, redraw, onLeave, error, reel, given = null, classes }) {
  const { sample } = desk;
  const { objects, labelled } = desk.shown;
  const sent = useEdits();
  const stage = useRef(/** @type {import("./stage.js").Stage | null} */ (null));
  const [tool, setTool] = useState(() => usualTool(name, objects, given !== null));
  const [label, setLabel] = useState("");
  const [selected, setSelected] = useState(/** @type {string | null} */ (null));
  const [radius, setRadius] = useState(RADIUS_PX);
  const [erase, setErase] = useState(false);
  const [hide, setHide] = useState(false);
  const [copied, setCopied] = useState(/** @type {Annotation[]} */ ([]));
  const byModel = useProposals(name, sample.path, !given?.isDeciding && !given?.isBlind);
  const byPeople = useAnswers(given?.isDeciding ? given.answers : [], objects);
  const proposed = given?.isDeciding ? byPeople : byModel;
  const reeling = useReel({ desk, reel, tool, selected, select: setSelected, redraw, goTo: (frame) => leave(frame) });
  const { film, absent, playing } = reeling;
  const current = objects.find((each) => each.id === selected) ?? null;
  const offered = proposed.shown.find((each) => each.id === selected) ?? null;
  const drawing = classes.names.includes(label) ? label : (classes.names[0] ?? "");
  useEffect(() => setSelected((was) => (was && reeling.tracks.has(was) ? was : null)), [sample.path]);
  const change = (/** @type {Annotation[]} */ put, /** @type {string[]} */ removed = []) => {
    if (put.some((each) => !each.label) || playing !== null) return; // a frame that passes by is not changed
    changed(reeling, desk, put, removed);
    redraw();
  };
  const take = (/** @type {Annotation[]} */ those) => {
    if (!those.length) return;
    const taken = those.map((each) => ({ ...each, id: freshId() }));
    change(taken);
    proposed.dismiss(those.map((each) => each.id ?? ""));
    setSelected(taken.length === 1 ? taken[0].id : null);
  };
  const takeTool = (/** @type {Tool} */ next) => {
    localStorage.setItem(`visloop.tool.${name}`, next);
    setTool(next);
  };
  const whole = objects.filter((each) => each.type === "class");
  const skeleton = useMemo(() => skeletonOf(objects, drawing), [sample.path, drawing, objects.length]);
  const leave = (/** @type {Sample | null} */ to) => {
    setCopied(objects.length ? objects : copied);
    onLeave(to);
  };
  const chooseClass = (/** @type {string} */ chosen, also = false) => {
    setLabel(chosen);
    if (tool === "class") return change(...classed(whole, chosen, also));
    if (current && current.label !== chosen) change([{ ...current, label: chosen }]);
    return undefined;
  };
  /** The frame beside this one, where frames are gone through one by one. @param {number} by */
  const beside = (by) => (film && playing === null && !text ? (film.frames[reeling.here + by] ?? null) : null);
  const back = (/** @type {import("./desk.js").Step | null} */ step) => {
    redraw();
    const frame = film && step?.path !== sample.path ? film.frames[film.at(step?.path ?? "")] : null;
    if (frame) leave(frame);
  };
  const deeds = {
    film: film ? { ...reeling.deeds, current } : null,
    stage,
    change,
    chooseClass,
    takeTool,
    select: setSelected,
    undo: () => back(desk.undo()),
    redo: () => back(desk.redo()),
    brush: (/** @type {number} */ by) =>
      setRadius(Math.max(1, Math.min(200, Math.round(radius * by + Math.sign(by - 1))))),
    erase: () => setErase(!erase),
    hide: () => setHide(!hide),
    next: () => leave(beside(1) ?? around.next),
    previous: () => leave(beside(-1) ?? around.previous),
    copy: () => change(copied.map((each) => ({ ...each, id: freshId() }))),
    take: () => offered && take([offered]),
    takeAll: () => take(proposed.shown),
    offered,
    nothing: () => (desk.say(!labelled), redraw()),
    handIn: given && (() => (objects.length || labelled) && !stage.current?.busy && given.onHandIn()),
  };
  const frame = film && playing !== null ? film.frames[playing] : null;
  const shown = frame
    ? [...(frame.annotations ?? []), ...(film?.shown(reeling.at, sent.waiting) ?? [])]
    : [...objects, ...(absent ? [absent] : [])];
  useEditorKeys(bindings({ tool, objects, current, names: classes.names, size: sample, ...deeds }), (key) => {
    if (key !== "z" || !stage.current) return;
    stage.current.loupe = false;
    stage.current.draw();
  });
  return div(
    { class: "edit" },
    h(Bar, {
      sample,
      around: { ...around, next: beside(1) ?? around.next, previous: beside(-1) ?? around.previous },
      sent,
      drawn: desk.done.length + desk.undone.length,
      desk,
      deeds,
      others,
      tool,
      labelled,
      objects,
      radius,
      erase,
      given,
    }),
    h(Troubles, { sent }),
    failure(error),
    div(
      { class: "edit-desk" },
      h(Canvas, {
        sample: frame ?? sample,
        view: film ? film.name : sample.path,
        stage,
        given: {
          ...{ tool, radius, erase, selected, skeleton },
          label: drawing,
          name: reeling.drawn,
          objects: hide ? [] : shown,
          proposals: frame ? [] : proposed.shown,
          hidden: [],
          size: { width: sample.width, height: sample.height },
          colour: classes.colour,
          onChange: change,
          onSelect: setSelected,
        },
      }),
      div(
        { class: "side edit-side" },
        given?.beside,
        h(ClassList, {
          dataset: name,
          classes,
          current: current?.label ?? drawing,
          whole: whole.map((each) => each.label ?? ""),
          onClass: chooseClass,
        }),
        current
          ? h(Chosen, {
              object: current,
              classes,
              onPut: (each) => change([each]),
              onRemove: () => change([], [current.id ?? ""]),
            })
          : null,
        given?.isDeciding
          ? h(Answered, { answers: given.answers, offered: proposed.shown, colour: classes.colour, onTake: take })
          : given?.isBlind
            ? null
            : h(Proposals, { proposed: byModel, onTake: take }),
        h(Objects, { objects, classes, selected, onSelect: setSelected }),
      ),
    ),
    h(Strip, { reeling, current, colour: classes.colour, onSelect: setSelected }),
  );
}

/** The points and bones of the class, as they were drawn before. @param {readonly Annotation[]} objects @param {string} label */
function skeletonOf(objects, label) {
  const found = objects.find((each) => each.type === "points" && each.label === label && each.names?.length);
  return found?.type === "points" ? { names: found.names ?? [], edges: found.edges ?? [] } : undefined;
}

/**
 * The classes of the whole picture when one is chosen: it alone, or beside the others.
 * @param {Annotation[]} whole
 * @param {string} label
 * @param {boolean} also
 * @returns {[Annotation[], string[]]}
 */
function classed(whole, label, also) {
  const there = whole.find((each) => each.label === label);
  const ids = (/** @type {Annotation[]} */ those) => those.map((each) => each.id ?? "");
  if (there) return [[], ids(also || whole.length === 1 ? [there] : whole.filter((each) => each !== there))];
  return [[{ type: "class", id: freshId(), label }], also ? [] : ids(whole)];
}

/**
 * @param {{sample: Sample, around: ReturnType<typeof useNeighbours>, sent: Sent, drawn: number, desk: import("./desk.js").Desk, deeds: any, others: import("./open.js").Other[], tool: Tool, labelled: boolean, objects: readonly Annotation[], radius: number, erase: boolean, given: Given | null}} properties
 */
function Bar({ sample, around, sent, drawn, desk, deeds, others, tool, labelled, objects, radius, erase, given }) {
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
              href: address("data", desk.dataset, "work", "all", "find", `path = "${sample.path}"`),
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
