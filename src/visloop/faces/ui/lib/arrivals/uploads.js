// @ts-check
/**
 * Files on their way into a data set: a few at a time, on in the background while a person looks elsewhere.
 * A file that the server refuses is told with its reason; while nobody answers, it is sent again.
 */
import { leftInWords, rateInWords, secondsLeft, speedInWords } from "../pace.js";
import { count } from "../words.js";

/** @typedef {import("../api.js").Pushed} Pushed */
/** @typedef {{what: string, fix: string, code: string, passing: boolean}} Trouble */
/** @typedef {{path: string, file: {size: number}, says: Record<string, string>}} Wanted */
/** @typedef {Wanted & {sent: number, tries: number, stop: AbortController | null}} Entry */
/** @typedef {{path: string, trouble: Trouble}} Failed */
/** @typedef {{added: number, updated: number, unchanged: number, quarantined: number}} Counts */
/** @typedef {(dataset: string, wanted: Wanted, onSent: (sent: number) => void, signal: AbortSignal) => Promise<Pushed>} Send */

const AT_ONCE = 3;
const PAUSES_MS = [500, 1000, 2000, 4000];
const TOLD_MS = 120;
/** So many refusals in a row, and not one success: the next thousand would be refused alike. */
const HOLD = 5;
const NOTES = 500;

/** What was given to send at a time, and what became of it. */
class Batch {
  constructor() {
    /** @type {Entry[]} */
    this.waiting = [];
    /** @type {Set<Entry>} */
    this.sending = new Set();
    this.total = 0;
    this.totalBytes = 0;
    this.finished = 0;
    this.finishedBytes = 0;
    /** @type {Counts} */
    this.counts = { added: 0, updated: 0, unchanged: 0, quarantined: 0 };
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
    this.since = 0;
    this.tookMs = 0;
  }
}

export class Uploads {
  /**
   * @param {Send} send throws a `Trouble`
   * @param {{now?: () => number, pause?: (ms: number) => Promise<void>, toldMs?: number}} [clock]
   */
  constructor(send, { now = () => performance.now(), pause, toldMs = TOLD_MS } = {}) {
    this.send = send;
    this.now = now;
    this.pause = pause ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
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

  /** Whether something is under way or waits. */
  get busy() {
    return this.batch.sending.size + this.batch.waiting.length > 0 && !this.batch.held;
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
    if (!this.busy) {
      this.clear();
      this.dataset = dataset;
      this.batch.since = this.now();
    }
    this.batch.waiting.push(...wanted.map((each) => ({ ...each, sent: 0, tries: 0, stop: null })));
    this.batch.total += wanted.length;
    this.batch.totalBytes += wanted.reduce((sum, each) => sum + each.file.size, 0);
    this.change();
    this.run();
  }

  /** What is on its way is stopped, the rest is not sent; what the server has it keeps. */
  cancel() {
    this.batch.cancelled += this.batch.waiting.length;
    this.batch.waiting = [];
    this.batch.held = false;
    for (const each of this.batch.sending) each.stop?.abort();
    this.change();
  }

  /** Go on after the refusals were read. */
  resume() {
    this.batch.held = false;
    this.batch.inARow = 0;
    this.run();
  }

  run() {
    while (!this.batch.held && this.batch.waiting.length && this.batch.sending.size < AT_ONCE) {
      const entry = /** @type {Entry} */ (this.batch.waiting.shift());
      this.batch.sending.add(entry);
      this.one(entry);
    }
    this.change();
  }

  /** @param {Entry} entry */
  async one(entry) {
    entry.stop = new AbortController();
    const onSent = (/** @type {number} */ sent) => {
      entry.sent = Math.min(sent, entry.file.size);
      this.change();
    };
    try {
      this.took(entry, await this.send(this.dataset, entry, onSent, entry.stop.signal));
    } catch (caught) {
      await this.refused(entry, /** @type {Trouble} */ (caught));
    }
    this.batch.sending.delete(entry);
    if (!this.busy) this.batch.tookMs = this.now() - this.batch.since;
    this.run();
  }

  /** @param {Entry} entry @param {Pushed} answer */
  took(entry, answer) {
    for (const key of /** @type {Array<keyof Counts>} */ (Object.keys(this.batch.counts)))
      this.batch.counts[key] += answer[key];
    this.batch.classes.push(...answer.classes_added);
    if (this.batch.notes.length < NOTES)
      this.batch.notes.push(...answer.notes.filter((each) => !this.batch.notes.includes(each)).slice(0, NOTES));
    this.batch.trouble = null;
    this.batch.inARow = 0;
    this.end(entry);
  }

  /** @param {Entry} entry @param {Trouble} trouble */
  async refused(entry, trouble) {
    if (trouble.code === "cancelled") {
      this.batch.cancelled += 1;
      return;
    }
    if (trouble.passing) {
      this.batch.trouble = trouble;
      this.change();
      await this.pause(PAUSES_MS[Math.min(entry.tries, PAUSES_MS.length - 1)]);
      entry.tries += 1;
      entry.sent = 0;
      if (entry.stop?.signal.aborted) this.batch.cancelled += 1;
      else this.batch.waiting.unshift(entry);
      return;
    }
    this.batch.failed.push({ path: entry.path, trouble });
    this.batch.inARow += 1;
    if (this.batch.inARow >= HOLD && this.batch.waiting.length) this.batch.held = true;
    this.end(entry);
  }

  /** @param {Entry} entry */
  end(entry) {
    this.batch.finished += 1;
    this.batch.finishedBytes += entry.file.size;
  }

  /** How far, as a share of the bytes, and in words. */
  get pace() {
    const elapsed_ms = this.now() - this.batch.since;
    const done = this.batch.finishedBytes + [...this.batch.sending].reduce((sum, each) => sum + each.sent, 0);
    const left = secondsLeft({ done, total: this.batch.totalBytes, elapsed_ms });
    const rate = this.batch.finished && elapsed_ms > 0 ? (1000 * this.batch.finished) / elapsed_ms : 0;
    const words = [
      `${this.batch.finished.toLocaleString("en")} of ${count(this.batch.total, "file")}`,
      rate ? `${rateInWords(rate)} a second` : "",
      speedInWords(done, elapsed_ms),
      left === null ? "" : leftInWords(left),
    ];
    return { share: this.batch.totalBytes ? done / this.batch.totalBytes : 0, words: words.filter(Boolean).join(", ") };
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
