// @ts-check
/**
 * One picture that is being edited: what the server has, what is on its way there, and every step that can be undone.
 *
 * What is shown is always the server's state with the edits on their way applied: so a tab that was killed shows, when it
 * is opened again, exactly what was drawn, and says what the server has not heard yet.
 */

import { isFollowed } from "./film/course.js";

/** @typedef {import("../../lib/marks.js").Annotation} Annotation */
/** @typedef {import("../../api.d.ts").Sample} Sample */
/** @typedef {{put?: Annotation, remove?: string, was?: Annotation, labelled?: boolean, path?: string}} Edit */
/** @typedef {{dataset: string, path: string, edits: Edit[], task?: string}} EditAsk `task`: drawn for it alone */
/** @typedef {{id: string, before: Annotation | null, after: Annotation | null, path?: string}} Change `path`: of another frame of the film */
/** @typedef {{changes: Change[], labelled: [boolean, boolean], path?: string}} Step */
/** @typedef {{objects: Annotation[], labelled: boolean}} Shown */

/** What is shown when edits have been applied. Pure. @param {Shown} state @param {readonly Edit[]} edits @returns {Shown} */
export function applied(state, edits) {
  const held = new Map(state.objects.map((each) => [each.id ?? "", each]));
  let { labelled } = state;
  for (const { put, remove, labelled: said } of edits) {
    if (said !== undefined) labelled = said;
    if (put) {
      held.set(put.id ?? "", put);
      labelled = true;
    } else if (remove) held.delete(remove);
  }
  return { objects: [...held.values()], labelled };
}

/** The edits of a step. Pure. @param {Step} step @returns {Edit[]} */
export function editsOf({ changes, labelled: [was, now] }) {
  /** @type {Edit[]} */
  const edits = changes.map(({ id, before, after, path }) => {
    const seen = { ...(before ? { was: before } : {}), ...(path ? { path } : {}) };
    return after ? { put: after, ...seen } : { remove: id, ...seen };
  });
  const implied = was || changes.some(({ after, path }) => after && !path); // who puts an object has looked
  return implied === now ? edits : [...edits, { labelled: now }];
}

/** The step that takes a step back. Pure. @param {Step} step @returns {Step} */
export const reversed = ({ changes, labelled: [was, now], path }) => ({
  changes: [...changes].reverse().map((each) => ({ ...each, before: each.after, after: each.before })),
  labelled: [now, was],
  path,
});

/** What is drawn of a track stands in a key frame of it, which it did not where it was interpolated. @param {Annotation | null} before @param {Annotation} after */
function placed(before, after) {
  const seen = isFollowed(before) && before.key_frame === false ? null : before;
  return isFollowed(after) ? { before: seen, after: { ...after, key_frame: true } } : { before: seen, after };
}

/** An id that nobody else draws. */
export const freshId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");

export class Desk {
  /**
   * @param {string} dataset
   * @param {Sample} sample as the server last said
   * @param {() => Array<{ask: EditAsk}>} onTheirWay all that waits to be sent, oldest first
   * @param {(ask: EditAsk) => void} send
   * @param {string} [task] of the queue that it is drawn for; "": the data set itself
   */
  constructor(dataset, sample, onTheirWay, send, task = "") {
    this.dataset = dataset;
    this.sample = sample;
    this.onTheirWay = onTheirWay;
    this.send = send;
    this.task = task;
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    /** @type {import("./film/film.js").Film | null} */
    this.film = null;
  }

  /** It is a frame of a film: what was done to any frame of it is undone in any. @param {import("./film/film.js").Film} film @param {{done: Step[], undone: Step[]}} history */
  join(film, history) {
    this.film = film;
    if (this.done === history.done) return;
    history.done.push(...this.done);
    this.done = history.done;
    this.undone = history.undone;
  }

  /** The server's state, and what waits on top. @returns {Shown} */
  get shown() {
    const base = { objects: [...(this.sample.annotations ?? [])], labelled: this.sample.labelled ?? true };
    const { film, sample } = this;
    const waiting = this.onTheirWay();
    const here = waiting.flatMap(({ ask }) =>
      ask.dataset === this.dataset && (ask.task ?? "") === this.task
        ? ask.edits.filter(({ path }) => (path || ask.path) === sample.path)
        : [],
    );
    const plain = applied(base, here);
    if (!film) return plain;
    const followed = film.shown(film.at(sample.path), waiting);
    const objects = [...plain.objects.filter((each) => !isFollowed(each)), ...followed];
    return { objects, labelled: plain.labelled || followed.length > 0 };
  }

  /** The server says anew what it has. @param {Sample} sample */
  refreshed(sample) {
    if (sample.path === this.sample.path) this.sample = sample;
  }

  /**
   * Objects as they shall be: with an id that is known they replace it. One step, to be undone as one.
   * @param {Annotation[]} objects
   * @param {string[]} [removed] ids
   */
  change(objects, removed = []) {
    const { objects: before } = this.shown;
    const held = new Map(before.map((each) => [each.id ?? "", each]));
    const changes = [
      ...objects.map((after) => ({ id: after.id ?? "", ...placed(held.get(after.id ?? "") ?? null, after) })),
      ...removed.flatMap((id) => (held.has(id) ? [{ id, before: held.get(id) ?? null, after: null }] : [])),
    ].filter(({ before: was, after }) => JSON.stringify(was) !== JSON.stringify(after));
    this.make(changes);
  }

  /** One step, of this picture and of other frames of its film. @param {Change[]} changes */
  make(changes) {
    if (!changes.length) return;
    const { labelled } = this.shown;
    const own = changes.map((each) => (each.path === this.sample.path ? { ...each, path: undefined } : each));
    const puts = own.some(({ after, path }) => after && !path);
    this.take({ changes: own, labelled: [labelled, labelled || puts] });
  }

  /** Somebody looked: without objects there is nothing. @param {boolean} labelled */
  say(labelled) {
    const { labelled: before } = this.shown;
    if (labelled !== before) this.take({ changes: [], labelled: [before, labelled] });
  }

  /** @param {Step} step */
  take(step) {
    const here = { ...step, path: this.sample.path };
    this.done.push(here);
    this.undone.length = 0;
    this.go(here);
  }

  undo() {
    const step = this.done.pop();
    if (!step) return null;
    this.undone.push(step);
    this.go(reversed(step));
    return step;
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    this.done.push(step);
    this.go(step);
    return step;
  }

  /** @param {Step} step */
  go(step) {
    const edits = editsOf(step);
    const where = { dataset: this.dataset, path: step.path ?? this.sample.path };
    if (edits.length) this.send({ ...where, edits, ...(this.task ? { task: this.task } : {}) });
  }
}
