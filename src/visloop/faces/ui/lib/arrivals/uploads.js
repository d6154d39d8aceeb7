// @ts-check
/**
 * Files on their way into a data set: parcels of small ones, large ones in pieces, a few at a time, on in the
 * background while a person looks elsewhere. What came before is not sent again; what the server refuses is told with
 * its reason, file by file; while nobody answers, it is sent again.
 */
import { leftInWords, rateInWords, secondsLeft, speedInWords } from "../pace.js";
import { count } from "../words.js";
import { packed } from "./parcels.js";

/** @typedef {import("./parcels.js").Wanted} Wanted */
/** @typedef {import("./parcels.js").Parcel} Parcel */
/** @typedef {{what: string, fix: string, code: string, passing: boolean}} Trouble */
/** @typedef {{path: string, trouble: Trouble}} Failed */
/** @typedef {{added: number, updated: number, unchanged: number, quarantined: number, left_out: number}} Counts */
/** @typedef {Counts & {classes_added: string[], notes: string[]}} Pushed */
/** @typedef {{missing: number[], unchanged: number}} Missing */
/**
 * Both throw a `Trouble`; a signal that ends with "paused" leaves at the server what is there.
 * @typedef {{send: (dataset: string, parcel: Parcel, onSent: (sent: number) => void, signal: AbortSignal) => Promise<Pushed>, missing: (dataset: string, wanted: Wanted[]) => Promise<Missing>}} Line
 */

const AT_ONCE = 3;
const PAUSES_MS = [500, 1000, 2000, 4000];
const TOLD_MS = 120;
/** So many refusals in a row, and not one success: the next thousand would be refused alike. */
const HOLD = 5;
const NOTES = 500;
const ASKED = 2000;

/** What was given to send at a time, and what became of it. */
class Batch {
  constructor() {
    /** @type {Parcel[]} */
    this.waiting = [];
    /** @type {Set<Parcel>} */
    this.sending = new Set();
    /** Files of which it is not known yet whether the server has them. */
    this.asking = 0;
    this.total = 0;
    this.totalBytes = 0;
    this.finished = 0;
    this.finishedBytes = 0;
    /** Of those that are finished: they were there before. */
    this.before = 0;
    /** @type {Counts} */
    this.counts = { added: 0, updated: 0, unchanged: 0, quarantined: 0, left_out: 0 };
    /** @type {string[]} */
    this.notes = [];
    /** @type {string[]} */
    this.classes = [];
    /** @type {Failed[]} */
    this.failed = [];
    this.cancelled = 0;
    /** @type {Trouble | null} */
    this.trouble = null;
    this.inARow = 0;
    this.held = false;
    this.paused = false;
    this.since = 0;
    this.tookMs = 0;
  }
}

export class Uploads {
  /**
   * @param {Line} line
   * @param {{now?: () => number, pause?: (ms: number) => Promise<void>, toldMs?: number}} [clock]
   */
  constructor(line, { now = () => performance.now(), pause, toldMs = TOLD_MS } = {}) {
    this.line = line;
    this.now = now;
    this.pauseFor = pause ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
    this.toldMs = toldMs;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.told = 0;
    this.timer = 0;
    this.dataset = "";
    this.batch = new Batch();
  }

  /** Forget what was done. */
  clear() {
    this.batch = new Batch();
    this.change();
  }

  /** Whether something is not yet there, on its way or not. */
  get unfinished() {
    return this.batch.sending.size + this.batch.waiting.length + this.batch.asking > 0;
  }

  /** Whether something is under way or waits for its turn. */
  get busy() {
    return this.unfinished && !this.batch.held && !(this.batch.paused && !this.batch.sending.size);
  }

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** @param {string} dataset @param {Wanted[]} wanted */
  begin(dataset, wanted) {
    if (!this.unfinished) {
      this.clear();
      this.dataset = dataset;
      this.batch.since = this.now();
    }
    this.batch.total += wanted.length;
    this.batch.totalBytes += wanted.reduce((sum, each) => sum + each.file.size, 0);
    this.batch.asking += wanted.length;
    this.change();
    this.prepare(this.batch, wanted);
  }

  /** Ask which of them are there, and queue the others. @param {Batch} batch @param {Wanted[]} wanted */
  async prepare(batch, wanted) {
    for (let from = 0; from < wanted.length; from += ASKED) {
      const some = wanted.slice(from, from + ASKED);
      const there = await this.line.missing(this.dataset, some).catch(() => null); // sending them will tell
      if (batch !== this.batch || !batch.asking) return;
      const away = there ? there.missing.map((k) => some[k]) : some;
      if (there) {
        batch.counts.unchanged += there.unchanged;
        batch.before += some.length - away.length;
        batch.finished += some.length - away.length;
        const left = new Set(away);
        batch.finishedBytes += some.reduce((sum, each) => sum + (left.has(each) ? 0 : each.file.size), 0);
      }
      batch.asking -= some.length;
      batch.waiting.push(...packed(away));
      this.run();
    }
    this.rest();
  }

  /** What is on its way is stopped, the rest is not sent; what the server has it keeps. */
  cancel() {
    const { batch } = this;
    batch.cancelled += batch.asking + batch.waiting.reduce((sum, each) => sum + each.entries.length, 0);
    batch.waiting = [];
    batch.asking = 0;
    batch.held = false;
    batch.paused = false;
    for (const each of batch.sending) each.stop.abort("cancelled");
    this.rest();
  }

  /** Nothing new begins; a large file stops where it is. */
  pause() {
    this.batch.paused = true;
    for (const each of this.batch.sending) if (each.whole) each.stop.abort("paused");
    this.change();
  }

  /** Go on after a pause, or after the refusals were read. */
  resume() {
    this.batch.held = false;
    this.batch.paused = false;
    this.batch.inARow = 0;
    this.run();
  }

  run() {
    const { batch } = this;
    while (!batch.held && !batch.paused && batch.waiting.length && batch.sending.size < AT_ONCE) {
      const parcel = /** @type {Parcel} */ (batch.waiting.shift());
      batch.sending.add(parcel);
      this.one(batch, parcel);
    }
    this.change();
  }

  /** @param {Batch} batch @param {Parcel} parcel */
  async one(batch, parcel) {
    parcel.stop = new AbortController();
    const onSent = (/** @type {number} */ sent) => {
      if (sent > parcel.sent) batch.trouble = null;
      parcel.sent = Math.min(sent, parcel.size);
      this.change();
    };
    try {
      this.took(batch, parcel, await this.line.send(this.dataset, parcel, onSent, parcel.stop.signal));
    } catch (caught) {
      await this.refused(batch, parcel, /** @type {Trouble} */ (caught));
    }
    batch.sending.delete(parcel);
    this.rest();
  }

  /** Go on with what waits; where nothing does, note how long it took. */
  rest() {
    if (!this.unfinished) this.batch.tookMs = this.now() - this.batch.since;
    this.run();
  }

  /** @param {Batch} batch @param {Parcel} parcel @param {Pushed} answer */
  took(batch, parcel, answer) {
    for (const key of /** @type {Array<keyof Counts>} */ (Object.keys(batch.counts))) batch.counts[key] += answer[key];
    batch.classes.push(...answer.classes_added);
    if (batch.notes.length < NOTES)
      batch.notes.push(...answer.notes.filter((each) => !batch.notes.includes(each)).slice(0, NOTES));
    batch.trouble = null;
    batch.inARow = 0;
    batch.finished += parcel.entries.length;
    batch.finishedBytes += parcel.size;
  }

  /** @param {Batch} batch @param {Parcel} parcel @param {Trouble} trouble */
  async refused(batch, parcel, trouble) {
    if (parcel.stop.signal.aborted) {
      if (parcel.stop.signal.reason === "paused") batch.waiting.unshift(parcel);
      else batch.cancelled += parcel.entries.length;
      return;
    }
    if (trouble.passing) {
      batch.trouble = trouble;
      this.change();
      await this.pauseFor(PAUSES_MS[Math.min(parcel.tries, PAUSES_MS.length - 1)]);
      parcel.tries += 1;
      parcel.sent = 0;
      if (!parcel.stop.signal.aborted || parcel.stop.signal.reason === "paused") batch.waiting.unshift(parcel);
      else batch.cancelled += parcel.entries.length;
      return;
    }
    if (parcel.entries.length > 1) {
      batch.waiting.unshift(...parcel.entries.flatMap((each) => packed([each])));
      return;
    }
    batch.failed.push({ path: parcel.entries[0].path, trouble });
    batch.inARow += 1;
    if (batch.inARow >= HOLD && batch.waiting.length) batch.held = true;
    batch.finished += 1;
    batch.finishedBytes += parcel.size;
  }

  /** How far, as a share of the bytes, and in words. */
  get pace() {
    const { batch } = this;
    const elapsed_ms = this.now() - batch.since;
    const done = batch.finishedBytes + [...batch.sending].reduce((sum, each) => sum + each.sent, 0);
    const left = secondsLeft({ done, total: batch.totalBytes, elapsed_ms });
    const rate = batch.finished && elapsed_ms > 0 ? (1000 * batch.finished) / elapsed_ms : 0;
    const words = [
      `${batch.finished.toLocaleString("en")} of ${count(batch.total, "file")}`,
      batch.before ? `${batch.before.toLocaleString("en")} were there` : "",
      rate ? `${rateInWords(rate)} a second` : "",
      speedInWords(done, elapsed_ms),
      left === null ? "" : leftInWords(left),
    ];
    return { share: batch.totalBytes ? done / batch.totalBytes : 0, words: words.filter(Boolean).join(", ") };
  }

  /** Tell everybody, a few times a second at the most. */
  change() {
    if (this.timer) return;
    const since = this.now() - this.told;
    const tell = () => {
      this.timer = 0;
      this.told = this.now();
      for (const listener of [...this.listeners]) listener();
    };
    if (since >= this.toldMs) tell();
    else this.timer = /** @type {any} */ (setTimeout(tell, this.toldMs - since));
  }
}
