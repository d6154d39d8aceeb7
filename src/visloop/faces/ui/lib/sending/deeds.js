// @ts-check
/**
 * What a person does in a place of the page: one deed at a time, with how far it is and what went wrong. A long one can
 * be given up; in a place that has a name it goes on while one looks elsewhere, and is found again on coming back.
 */
import { asError } from "../api.js";

/** @typedef {import("../api.js").Verb} Verb */
/** @typedef {import("../api.js").Verbs} Verbs */
/** @typedef {{long?: boolean, cancel?: boolean}} How `cancel` false: a long one that is not stopped half-way */
/** @typedef {{name: string, ask: any, answer: any}} Done */
/**
 * `ask`: of what is under way; `done`: the last one that was answered; `stopped`: the last one was given up.
 * @typedef {{busy: string, ask: any, progress: string, problem: import("../api.js").ApiError | null, stopped: boolean, done: Done | null}} State
 */
/**
 * @typedef {object} Line
 * @property {<V extends Verb>(verb: V, ask: Verbs[V]["ask"]) => Promise<Verbs[V]["answer"]>} call
 * @property {<V extends Verb>(verb: V, ask: Verbs[V]["ask"], onProgress: (words: string) => void, signal?: AbortSignal) => Promise<Verbs[V]["answer"]>} follow
 * @property {() => void} after something may have changed
 */

export class Deeds {
  /** @param {Line} line */
  constructor(line) {
    this.line = line;
    /** @type {State} */
    this.state = { busy: "", ask: null, progress: "", problem: null, stopped: false, done: null };
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.giving = /** @type {AbortController | null} */ (null);
    this.run = this.run.bind(this);
    this.cancel = this.cancel.bind(this);
    this.clear = this.clear.bind(this);
  }

  /** @param {() => void} listener @returns {() => void} */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Whether what is under way can be given up. */
  get long() {
    return this.giving !== null;
  }

  /**
   * @template {Verb} V
   * @param {string} name what `busy` says meanwhile
   * @param {V} verb
   * @param {Verbs[V]["ask"]} ask
   * @param {How} [how]
   * @returns {Promise<Verbs[V]["answer"] | null>} null: it went wrong, or was given up
   */
  async run(name, verb, ask, { long = false, cancel = long } = {}) {
    const giving = cancel ? new AbortController() : null;
    this.giving = giving;
    this.change({ busy: name, ask, progress: "", problem: null, stopped: false });
    const told = (/** @type {string} */ progress) => this.change({ progress });
    try {
      const answer = await (long ? this.line.follow(verb, ask, told, giving?.signal) : this.line.call(verb, ask));
      this.change({ done: { name, ask, answer } });
      return answer;
    } catch (caught) {
      this.change(giving?.signal.aborted ? { stopped: true } : { problem: asError(caught) });
      return null;
    } finally {
      this.giving = null;
      this.change({ busy: "", progress: "" });
      this.line.after();
    }
  }

  cancel() {
    this.giving?.abort();
  }

  /** Forget how the last one ended. */
  clear() {
    this.change({ problem: null, stopped: false, done: null });
  }

  /** @param {Partial<State>} some */
  change(some) {
    this.state = { ...this.state, ...some };
    for (const listener of [...this.listeners]) listener();
  }
}
