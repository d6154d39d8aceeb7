// @ts-check
/** Dark or light: as the system says, until a person says otherwise. */

import { remember, shelf } from "./sending/shelf.js";

const KEY = "visloop.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
/** What the system said last: to read `dark.matches` before its change is told would take the telling away. */
let system = /** @type {"dark" | "light"} */ (dark.matches ? "dark" : "light");
/** @type {Set<() => void>} */
const listeners = new Set();
let said = shelf.getItem(KEY);

/** @returns {"dark" | "light"} */
export const theme = () => {
  return said === "dark" || said === "light" ? said : system;
};

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
  for (const listener of [...listeners]) listener();
}

export function toggleTheme() {
  const other = theme() === "dark" ? "light" : "dark";
  said = other;
  if (other === system) {
    said = null;
    shelf.removeItem(KEY);
  } else remember(KEY, other);
  applyTheme();
}

/** @param {() => void} listener @returns {() => void} */
export function onTheme(listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

dark.addEventListener("change", ({ matches }) => {
  system = matches ? "dark" : "light";
  applyTheme();
});
applyTheme();
