// @ts-check
/** The label editor: one picture, its objects, and the next picture. `#/data/line/work/all/edit/a.jpg/QUESTION/OBJECT` */
import { div, h, useEffect, useMemo, useRef, useState } from "../../lib/dom.js";
import { asError } from "../../lib/api.js";
import { empty, failure, panel, waiting } from "../../lib/parts.js";
import { useEdits } from "../../lib/sending/edits.js";
import { remember, shelf } from "../../lib/sending/shelf.js";
import { address, go, useClasses, usePassing } from "../../lib/use.js";
import { Bar, Troubles } from "./bars.js";
import { Canvas } from "./canvas.js";
import { Drafts, useDrafts } from "./drafts.js";
import { freshId } from "./desk.js";
import { useEditorKeys } from "./keys.js";
import { bindings } from "./bindings.js";
import { changed, useReel } from "./film/reel.js";
import { Strip } from "./film/strip.js";
import { useFilm } from "./film/using.js";
import { Answered, drawnBy } from "./answered.js";
import { first, useNeighbours } from "./neighbours.js";
import { Proposals, useProposals } from "./proposals.js";
import { useDesk } from "./open.js";
import { Chosen, ClassList, Objects } from "./panels.js";
import { useSight } from "./sight.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {import("./gestures.js").Tool} Tool */
/**
 * A picture that was given to somebody: `isDeciding` about what `answers` say, `isBlind` to what anything proposes.
 * @typedef {{isDeciding: boolean, isBlind: boolean, answers: readonly import("../../api.d.ts").Answer[], back: string, onHandIn: () => void, beside: import("../../lib/dom.js").Child, status: import("../../lib/dom.js").Child}} Given
 */

const RADIUS_PX = 8;
const HALF = "Half of a shape is drawn: Enter closes it, Esc gives it up.";
const EDIT = "edit";

/** @param {{name: string, split: string, text: string, path: string, object: string}} properties */
export function Editor({ name, split, text, path, object }) {
  const at = `${name}@work${split ? `:${split}` : ""}`;
  const here = (/** @type {string} */ to) => ["data", name, "work", split || "all", EDIT, to, ...(text ? [text] : [])];
  const [nothing, setNothing] = useState(false);
  const [error, setError] = useState(/** @type {import("../../lib/api.js").ApiError | null} */ (null));
  useEffect(() => {
    let alive = !path;
    if (alive)
      first(at, text)
        .then((found) => {
          if (alive) found ? location.replace(address(...here(found.path))) : setNothing(true);
        })
        .catch((caught) => alive && setError(asError(caught)));
    return () => {
      alive = false; // somebody went elsewhere meanwhile
    };
  }, [at, text, path]);
  if (nothing)
    return panel(
      "",
      empty("No pictures to label", "Bring some in first, or ask another question.", `visloop add FOLDER --to ${name}`),
    );
  if (!path) return waiting(error);
  return h(Room, { key: name, name, at, text, path, object, onGo: (to) => go(...here(to)) });
}

/** Which tool somebody took last in this data set; what its objects are, where nobody has. @param {string} name @param {readonly Annotation[]} objects @param {boolean} draws objects are asked for @returns {Tool} */
function usualTool(name, objects, draws) {
  const known = shelf.getItem(`visloop.tool.${name}`);
  if (known && !(draws && known === "class")) return /** @type {Tool} */ (known);
  /** @type {Record<string, Tool>} */
  const of = { class: "class", obb: "obb", polygon: "polygon", mask: "brush", points: "points" };
  return of[objects[0]?.type ?? ""] ?? "box";
}

/** @param {{name: string, at: string, text: string, path: string, object: string, onGo: (path: string) => void}} properties */
function Room({ name, at, text, path, object, onGo }) {
  const around = useNeighbours(at, text, path);
  const early = useRef(/** @type {Sample | null} */ (null));
  const { desk, error, others, redraw } = useDesk(name, path, early.current);
  const leave = (/** @type {Sample | null} */ to) => {
    if (!to) return;
    early.current = to;
    onGo(to.path);
  };
  const { reel, error: unread } = useFilm(name, desk?.sample ?? null, redraw);
  if (!desk) return div(waiting(error));
  if (reel && reel.film.at(desk.sample.path) >= 0) desk.join(reel.film, reel.history);
  const film = desk.film ? reel : null;
  return h(Table, {
    name,
    text,
    desk,
    object,
    others,
    around,
    redraw,
    onLeave: leave,
    error: error ?? unread,
    reel: film,
  });
}

/**
 * @typedef {{name: string, text: string, desk: import("./desk.js").Desk, object?: string, others: import("./open.js").Other[], around: ReturnType<typeof useNeighbours>, redraw: () => void, onLeave: (to: Sample | null) => void, error: import("../../lib/api.js").ApiError | null, reel: import("./film/using.js").Reel | null, given?: Given | null}} TableProperties `object`: selected at first
 */

/** The desk, once the classes are known: until then their keys would do nothing. @param {TableProperties} properties */
export function Table(properties) {
  const classes = useClasses(properties.name);
  return classes.known ? h(Laid, { ...properties, classes }) : div(waiting(classes.error));
}

/** @param {TableProperties & {classes: ReturnType<typeof useClasses>}} properties */
function Laid({ name, text, desk, object = "", others, around, redraw, onLeave, error, reel, given = null, classes }) {
  const { sample } = desk;
  const { objects, labelled } = desk.shown;
  const sent = useEdits();
  const stage = useRef(/** @type {import("./stage.js").Stage | null} */ (null));
  const [tool, setTool] = useState(() => usualTool(name, objects, given !== null));
  const [label, setLabel] = useState("");
  const [selected, setSelected] = useState(/** @type {string | null} */ (object || null));
  const [radius, setRadius] = useState(RADIUS_PX);
  const [erase, setErase] = useState(false);
  const sight = useSight();
  const [copied, setCopied] = useState(/** @type {Annotation[]} */ ([]));
  const [said, say] = usePassing();
  const owed = useRef(0);
  const left = useRef(""); // the picture that is left, until the next one stands here
  const [taken, setTaken] = useState(/** @type {Record<string, string>} */ ({})); // proposal → what was drawn of it
  const byModel = useProposals(name, sample.path, !given?.isDeciding && !given?.isBlind);
  const there = new Set(objects.map((each) => each.id));
  const proposals = (given?.isDeciding ? drawnBy(given.answers) : byModel.shown).filter(
    ({ id = "" }) => !there.has(id) && !there.has(taken[id]),
  );
  const reeling = useReel({ desk, reel, tool, selected, select: setSelected, redraw, goTo: (frame) => leave(frame) });
  const { film, absent, playing } = reeling;
  const current = objects.find((each) => each.id === selected) ?? null;
  const offered = proposals.find((each) => each.id === selected) ?? null;
  const drawing = classes.names.includes(label) ? label : (classes.names[0] ?? "");
  const stays = (/** @type {string} */ id) => reeling.tracks.has(id) || objects.some((each) => each.id === id);
  useEffect(() => setSelected((was) => (was && stays(was) ? was : null)), [sample.path]);
  const change = (/** @type {Annotation[]} */ put, /** @type {string[]} */ removed = []) => {
    if (playing !== null) return say("Pause the film first: a frame that passes by is not changed.");
    if ([...put.map((each) => each.id ?? ""), ...removed].some((id) => sight.locked.has(id)))
      return say("It is locked: press i to change it.");
    if (put.some((each) => !each.label)) return say("Name a class first: there is none yet.");
    changed(reeling, desk, put, removed);
    say("");
    redraw();
  };
  const take = (/** @type {Annotation[]} */ those) => {
    if (!those.length) return;
    const drawn = those.map((each) => ({ ...each, id: freshId() }));
    change(drawn);
    setTaken({ ...taken, ...Object.fromEntries(those.map((each, k) => [each.id, drawn[k].id])) });
    setSelected(drawn.length === 1 ? drawn[0].id : null);
  };
  const takeTool = (/** @type {Tool} */ next) => {
    remember(`visloop.tool.${name}`, next);
    setTool(next);
  };
  const whole = objects.filter((each) => each.type === "class");
  const skeleton = useMemo(() => skeletonOf(objects, drawing), [sample.path, drawing, objects.length]);
  const leave = (/** @type {Sample | null} */ to) => {
    if (stage.current?.half) return say(HALF);
    setCopied(objects.length ? objects : copied);
    say("");
    left.current = to ? sample.path : "";
    onLeave(to);
  };
  const half = useDrafts({
    ...{ tool, label: drawing, stage },
    picture: `${desk.task}:${desk.dataset}/${sample.path}`,
    onTake: (draft) => (takeTool(draft.tool), setLabel(draft.label), setSelected(null)),
  });
  const chooseClass = (/** @type {string} */ chosen, also = false) => {
    setLabel(chosen);
    if (tool === "class") return change(...classed(whole, chosen, also));
    if (current && current.label !== chosen) change([{ ...current, label: chosen }]);
    return undefined;
  };
  /** The frame beside this one, where frames are gone through one by one. @param {number} by */
  const beside = (by) => (film && playing === null && !text ? (film.frames[reeling.here + by] ?? null) : null);
  /** The next or previous picture, as soon as it is known. @param {1 | -1} by */
  const step = (by) => {
    const to = beside(by) ?? (by > 0 ? around.next : around.previous);
    if (left.current === sample.path || (!to && !around.ready)) owed.current += by;
    else if (to) leave(to);
    else say(by > 0 ? "This is the last picture." : "This is the first picture.");
  };
  useEffect(() => {
    if (left.current !== sample.path) left.current = "";
    if (!around.ready || !owed.current) return;
    const by = owed.current > 0 ? 1 : -1;
    owed.current -= by;
    step(by);
  }, [around.ready, sample.path]);
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
    undo: () => (stage.current?.half ? stage.current.back() : back(desk.undo())),
    redo: () => back(desk.redo()),
    brush: (/** @type {number} */ by) =>
      setRadius(Math.max(1, Math.min(200, Math.round(radius * by + Math.sign(by - 1))))),
    erase: () => setErase(!erase),
    hide: sight.hideAll,
    hideOne: () => (current ? sight.hide(current.id ?? "") : say("Select the object first.")),
    lock: () => (current ? sight.lock(current.id ?? "") : say("Select the object first.")),
    next: () => step(1),
    previous: () => step(-1),
    copy: () =>
      copied.length
        ? change(copied.map((each) => ({ ...each, id: freshId() })))
        : say("No picture before had objects."),
    goOn: () => half.take(),
    take: () => offered && take([offered]),
    takeAll: () => take(proposals),
    offered,
    nothing: () => (objects.length ? say("There are objects on it.") : (desk.say(!labelled), redraw())),
    handIn:
      given &&
      (() => {
        if (stage.current?.half) say(HALF);
        else if (objects.length || labelled) given.onHandIn();
        else say("Nothing is drawn: press e if there is nothing to label here.");
      }),
  };
  const frame = film && playing !== null ? film.frames[playing] : null;
  const shown = frame
    ? [...(frame.annotations ?? []), ...(film?.shown(reeling.at, sent.waiting) ?? [])]
    : [...objects, ...(absent ? [absent] : [])];
  useEditorKeys(
    bindings({ tool, objects, isHidden: sight.isHidden, current, names: classes.names, size: sample, ...deeds }),
    (key) => {
      if (key !== "z" || !stage.current) return;
      stage.current.loupe = false;
      stage.current.draw();
    },
  );
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
    div(
      { class: "edit-desk" },
      h(Canvas, {
        sample: frame ?? sample,
        view: film ? film.name : sample.path,
        ...{ close: object, stage, said },
        notes: [h(Troubles, { sent }), h(Drafts, { drafts: half }), failure(error)],
        given: {
          ...{ tool, radius, erase, selected, skeleton },
          label: drawing,
          name: reeling.drawn,
          objects: shown.filter((each) => !sight.isHidden(each)),
          locked: sight.locked,
          proposals: frame ? [] : proposals,
          size: { width: sample.width, height: sample.height },
          path: sample.path,
          onPath: half.onPath,
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
          ? h(Answered, { answers: given.answers, offered: proposals, colour: classes.colour, onTake: take })
          : given?.isBlind
            ? null
            : h(Proposals, { proposed: { ...byModel, shown: proposals }, onTake: take }),
        h(Objects, { objects, classes, selected, sight, onSelect: setSelected }),
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
