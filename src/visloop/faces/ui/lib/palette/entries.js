// @ts-check
/** What the palette offers: what can be done in the view that is open, places, and everything that has a name. */
import { useAnswer, address } from "../use.js";
import { recent } from "./recent.js";
import { shelf } from "../sending/shelf.js";

/** @typedef {{group: string, words: string, hint?: string, to?: string, run: () => void}} Entry `to`: the address of a place */
/** @typedef {{path: string, title: string, key: string}} View */

const RUNS = 200;

/** @param {string} group @param {string} words @param {string} hint @param {string} to @returns {Entry} */
const place = (group, words, hint, to) => ({
  group,
  words,
  hint,
  to,
  run: () => {
    location.hash = to;
  },
});

const PRESSED = "button:not([aria-label^='copy: ']), a[href], summary, label.button";
const FILLED = "input:not([type=file]):not([type=hidden]), select, textarea";

/** The dialog on top, else the view. */
const inSight = () =>
  [...document.querySelectorAll("dialog[open]:not(.palette)")].at(-1) ?? document.querySelector("main");

/**
 * What a person could press or fill in where the view is: its buttons, links and fields, by the names that they have.
 * @param {Element | null} [view]
 * @returns {Entry[]}
 */
export function actions(view = inSight()) {
  const seen = new Set();
  /** @type {Entry[]} */
  const found = [];
  for (const each of view?.querySelectorAll(`${PRESSED}, ${FILLED}`) ?? []) {
    const control = /** @type {HTMLElement} */ (each);
    const field = control.matches(FILLED);
    const words = field ? nameOfField(control) : nameOf(control);
    if (!words || control.matches(":disabled") || !control.checkVisibility() || seen.has(words)) continue;
    seen.add(words);
    const to = control.getAttribute("href") ?? undefined;
    found.push({ group: "Here", words, hint: field ? "field" : "", to, run: () => press(control, field) });
  }
  return found;
}

/** @param {HTMLElement} control @param {boolean} field */
function press(control, field) {
  const file = /** @type {HTMLElement | null} */ (control.querySelector("input[type=file]"));
  if (file) {
    file.click();
    return;
  }
  if (field) control.focus(); // else the focus goes back to where it was: keys of the view go on
  if (!field || control.matches("[type=checkbox], [type=radio]")) control.click();
}

/** @param {HTMLElement} control */
function nameOfField(control) {
  const label = control.closest("label");
  return (
    control.getAttribute("aria-label") ?? (label?.querySelector(".field-name") ?? label)?.textContent?.trim() ?? ""
  );
}

/** @param {HTMLElement} control */
function nameOf(control) {
  const said = control.getAttribute("aria-label");
  if (said) return said;
  const copy = /** @type {HTMLElement} */ (control.cloneNode(true));
  for (const each of copy.querySelectorAll(".key, [aria-hidden=true]")) each.remove();
  for (const each of copy.children) each.before(" "); // "test 23", not "test23"
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
  const places = [
    ...recent(shelf).map((each) => place("Where you were", each.words, "", each.address)),
    ...views.map(({ path, title, key }) => place("Views", title, `g ${key}`, `#/${path}`)),
    ...own,
    ...sets.flatMap(({ name }) => [
      place("Data sets", name, "data set", address("data", name)),
      place("Data sets", `${name}: versions`, "log, diff, merge", address("data", name, "work", "all", "versions")),
      place("Data sets", `${name}: add pictures`, "drop, send", address("data", name, "work", "all", "add")),
    ]),
    ...models.map(({ ref }) => place("Models", ref, "model", address("models", ref))),
    ...deployed.map(({ name }) => place("Deployments", name, "deployment", address("deployments", name))),
    ...runs.map((each) => place("Runs", each.name || each.id, each.name ? each.id : "run", address("runs", each.id))),
  ];
  const named = new Set(places.map((each) => `${each.words} ${each.to}`));
  return [...actions().filter((each) => !named.has(`${each.words} ${each.to}`)), ...places];
}
