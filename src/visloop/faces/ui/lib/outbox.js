// @ts-check
/**
 * Decisions on their way to the server, one after another. None is forgotten before the server has said yes:
 * each is kept in the browser until then, is sent again while nobody answers, and is shown when it is refused.
 */

/** @typedef {{verb: "label.accept" | "label.reject" | "label.undo", ask: {task: string, label?: string | null}}} Decision */
/** @typedef {Decision & {id: string, time: number}} Entry */
/** @typedef {{what: string, fix: string, passing: boolean}} Trouble */
/** @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void, key(k: number): string | null, readonly length: number}} Shelf */
/** @typedef {{waiting: Entry[], refused: Array<{entry: Entry, trouble: Trouble}>, trouble: Trouble | null, saved: Entry[]}} State */

const PREFIX = "visloop.decision.";
const PAUSES_MS = [300, 1000, 2000, 4000];

export class Outbox {
  /**
   * @param {(decision: Decision) => Promise<unknown>} send throws a `Trouble`
   * @param {Shelf} shelf where entries outlive the tab
   * @param {(ms: number) => Promise<void>} [pause]
   */
  constructor(send, shelf, pause = (ms) => new Promise((done) => setTimeout(done, ms))) {
    this.send = send;
    this.shelf = shelf;
    this.pause = pause;
    /** @type {State} */
    this.state = { waiting: left(shelf), refused: [], trouble: null, saved: [] };
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.running = false;
    if (this.state.waiting.length) this.run();
  }

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** @param {Decision} decision */
  add(decision) {
    const time = Math.max(Date.now(), (this.state.waiting.at(-1)?.time ?? 0) + 1);
    const entry = { ...decision, time, id: `${time}-${Math.random().toString(36).slice(2, 8)}` };
    this.shelf.setItem(PREFIX + entry.id, JSON.stringify(entry));
    this.change({ waiting: [...this.state.waiting, entry] });
    this.run();
  }

  /** A refusal was read. @param {string} id */
  dismiss(id) {
    this.change({ refused: this.state.refused.filter(({ entry }) => entry.id !== id) });
  }

  async run() {
    if (this.running) return;
    this.running = true;
    let tries = 0;
    while (this.state.waiting.length) {
      const entry = this.state.waiting[0];
      try {
        await this.send({ verb: entry.verb, ask: entry.ask });
        tries = 0;
        this.done(entry, { trouble: null, saved: [...this.state.saved, entry] });
      } catch (caught) {
        const trouble = /** @type {Trouble} */ (caught);
        if (trouble.passing) {
          this.change({ trouble });
          await this.pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
          tries += 1;
        } else {
          this.done(entry, { refused: [...this.state.refused, { entry, trouble }] });
        }
      }
    }
    this.running = false;
  }

  /** @param {Entry} entry @param {Partial<State>} changes */
  done(entry, changes) {
    this.shelf.removeItem(PREFIX + entry.id);
    this.change({ ...changes, waiting: this.state.waiting.filter((each) => each.id !== entry.id) });
  }

  /** @param {Partial<State>} changes */
  change(changes) {
    this.state = { ...this.state, ...changes };
    for (const listener of [...this.listeners]) listener();
  }
}

/** What an earlier tab could not send, oldest first. @param {Shelf} shelf @returns {Entry[]} */
function left(shelf) {
  const keys = Array.from({ length: shelf.length }, (_, k) => shelf.key(k) ?? "").filter((key) =>
    key.startsWith(PREFIX),
  );
  const found = keys.map((key) => {
    try {
      return /** @type {Entry} */ (JSON.parse(shelf.getItem(key) ?? ""));
    } catch {
      return null;
    }
  });
  return /** @type {Entry[]} */ (found.filter((each) => each !== null)).sort((a, b) => a.time - b.time);
}
