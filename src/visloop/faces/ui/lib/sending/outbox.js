// @ts-check
/**
 * What a person did, on its way to the server, one after another. None is forgotten before the server has said yes:
 * each is kept in the browser until then and sent again while nobody answers; what is refused is kept, and shown in
 * this tab and the next one, until a person has read it.
 */

/** @typedef {{what: string, fix: string, passing: boolean}} Trouble */
/** @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void, key(k: number): string | null, readonly length: number}} Shelf */
/**
 * @template D
 * @typedef {D & {id: string, time: number}} Entry
 */
/**
 * `taken` counts what the server took; `unkept` says that the browser has no room: what waits would be lost with the tab.
 * @template D
 * @typedef {{waiting: Array<Entry<D>>, refused: Array<{entry: Entry<D>, trouble: Trouble}>, trouble: Trouble | null, taken: number, unkept: boolean}} State
 */

const PAUSES_MS = [300, 1000, 2000, 4000];

/** @template {object} D */
export class Outbox {
  /**
   * @param {(deed: Entry<D>) => Promise<unknown>} send throws a `Trouble`
   * @param {Shelf} shelf where entries outlive the tab
   * @param {string} prefix of their keys there
   * @param {(ms: number) => Promise<void>} [pause]
   */
  constructor(send, shelf, prefix, pause = (ms) => new Promise((done) => setTimeout(done, ms))) {
    this.send = send;
    this.shelf = shelf;
    this.prefix = prefix;
    this.pause = pause;
    /** @type {State<D>} */
    this.state = { ...left(shelf, prefix), trouble: null, taken: 0, unkept: false };
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

  /** @param {D} deed */
  add(deed) {
    const time = Math.max(Date.now(), (this.state.waiting.at(-1)?.time ?? 0) + 1);
    const entry = { ...deed, time, id: `${time}-${Math.random().toString(36).slice(2, 8)}` };
    const unkept = !this.keep(entry.id, entry) || this.state.unkept;
    this.change({ waiting: [...this.state.waiting, entry], unkept });
    this.run();
  }

  /** @param {string} id @param {object} what @returns {boolean} false: the browser has no room */
  keep(id, what) {
    try {
      this.shelf.setItem(this.prefix + id, JSON.stringify(what));
      return true;
    } catch {
      return false;
    }
  }

  /** A refusal was read. @param {string} id */
  dismiss(id) {
    this.shelf.removeItem(this.prefix + id);
    this.change({ refused: this.state.refused.filter(({ entry }) => entry.id !== id) });
  }

  async run() {
    if (this.running) return;
    this.running = true;
    let tries = 0;
    while (this.state.waiting.length) {
      const entry = this.state.waiting[0];
      try {
        await this.send(entry);
        tries = 0;
        this.shelf.removeItem(this.prefix + entry.id);
        this.done(entry, { trouble: null, taken: this.state.taken + 1 });
      } catch (caught) {
        const trouble = /** @type {Trouble} */ (caught);
        if (trouble.passing) {
          this.change({ trouble });
          await this.pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
          tries += 1;
        } else {
          const { what, fix } = trouble;
          this.keep(entry.id, { ...entry, refused: { what, fix, passing: false } });
          this.done(entry, { refused: [...this.state.refused, { entry, trouble }] });
        }
      }
    }
    this.running = false;
  }

  /** @param {Entry<D>} entry @param {Partial<State<D>>} changes */
  done(entry, changes) {
    const waiting = this.state.waiting.filter((each) => each.id !== entry.id);
    this.change({ ...changes, waiting, unkept: this.state.unkept && waiting.length > 0 });
  }

  /** @param {Partial<State<D>>} changes */
  change(changes) {
    this.state = { ...this.state, ...changes };
    for (const listener of [...this.listeners]) listener();
  }
}

/**
 * What an earlier tab could not send, oldest first, and what it was refused.
 * @template {object} D
 * @param {Shelf} shelf
 * @param {string} prefix
 * @returns {Pick<State<D>, "waiting" | "refused">}
 */
function left(shelf, prefix) {
  const keys = Array.from({ length: shelf.length }, (_, k) => shelf.key(k) ?? "");
  const found = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      try {
        return /** @type {Entry<D> & {refused?: Trouble}} */ (JSON.parse(shelf.getItem(key) ?? ""));
      } catch {
        return null;
      }
    })
    .filter((each) => each !== null)
    .sort((a, b) => a.time - b.time);
  return {
    waiting: found.filter((each) => !each.refused),
    refused: found.flatMap(({ refused: trouble, ...entry }) =>
      trouble ? [{ entry: /** @type {Entry<D>} */ (/** @type {unknown} */ (entry)), trouble }] : [],
    ),
  };
}
