// @ts-check
/** What the palette offers: what can be done in the view that is open, places, and everything that has a name. */
import { useAnswer, address } from "../use.js";
import { recent } from "./recent.js";

/** @typedef {{group: string, words: string, hint?: string, run: () => void}} Entry */
/** @typedef {{path: string, title: string, key: string}} View */

const RUNS = 200;

/** @param {string} to */
const go = (to) => () => {
  location.hash = to;
};

/**
 * What a person could press in the view: its buttons and its own links, by the names that they have.
 * @param {Element | null} view
 * @returns {Entry[]}
 */
export function actions(view) {
  const seen = new Set();
  /** @type {Entry[]} */
  const found = [];
  for (const each of view?.querySelectorAll("button, a.button, summary, [role=tab], nav a, label.button") ?? []) {
    const control = /** @type {HTMLElement} */ (each);
    const words = nameOf(control);
    const off = control.matches(":disabled, [aria-disabled=true]") || !control.checkVisibility?.();
    if (!words || off || seen.has(words) || control.closest("[data-no-palette]")) continue;
    seen.add(words);
    found.push({ group: "Here", words, run: () => press(control) });
  }
  return found;
}

/** @param {HTMLElement} control */
function press(control) {
  control.focus();
  control.click();
}

/** @param {HTMLElement} control */
function nameOf(control) {
  const said = control.getAttribute("aria-label");
  if (said) return said;
  const copy = /** @type {HTMLElement} */ (control.cloneNode(true));
  for (const each of copy.querySelectorAll(".key, [aria-hidden=true]")) each.remove();
  return (copy.textContent ?? "").replace(/\s+/g, " ").trim();
}

/**
 * @param {{views: readonly View[], own: Entry[], open: boolean}} properties
 * @returns {Entry[]}
 */
export function useEntries({ views, own, open }) {
  const ask = open ? {} : null;
  const sets = useAnswer("datasets", ask).data?.rows ?? [];
  const models = useAnswer("models", ask).data?.rows ?? [];
  const deployed = useAnswer("deployments", ask).data?.rows ?? [];
  const runs = useAnswer("runs.list", open ? { limit: RUNS } : null).data?.rows ?? [];
  if (!open) return [];
  return [
    ...actions(document.querySelector("main")),
    ...recent(localStorage).map((each) => ({ group: "Where you were", words: each.words, run: go(each.address) })),
    ...views.map(({ path, title, key }) => ({ group: "Views", words: title, hint: `g ${key}`, run: go(`#/${path}`) })),
    ...own,
    ...sets.flatMap(({ name }) => [
      { group: "Data sets", words: name, hint: "data set", run: go(address("data", name)) },
      {
        group: "Data sets",
        words: `${name}: versions`,
        hint: "log, diff, merge",
        run: go(address("data", name, "work", "all", "versions")),
      },
      {
        group: "Data sets",
        words: `${name}: add pictures`,
        hint: "drop, send",
        run: go(address("data", name, "work", "all", "add")),
      },
    ]),
    ...models.map(({ ref }) => ({ group: "Models", words: ref, hint: "model", run: go(address("models", ref)) })),
    ...deployed.map(({ name }) => ({
      group: "Deployments",
      words: name,
      hint: "deployment",
      run: go(address("deployments", name)),
    })),
    ...runs.map((each) => ({
      group: "Runs",
      words: each.name || each.id,
      hint: each.name ? each.id : "run",
      run: go(address("runs", each.id)),
    })),
  ];
}
