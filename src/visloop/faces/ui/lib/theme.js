// @ts-check
/** Dark or light: as the system says, until a person says otherwise. */

const KEY = "visloop.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {"dark" | "light"} */
export const theme = () => {
  const said = localStorage.getItem(KEY);
  return said === "dark" || said === "light" ? said : dark.matches ? "dark" : "light";
};

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
  for (const listener of [...listeners]) listener();
}

export function toggleTheme() {
  const other = theme() === "dark" ? "light" : "dark";
  if (other === (dark.matches ? "dark" : "light")) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, other);
  applyTheme();
}

/** @param {() => void} listener @returns {() => void} */
export function onTheme(listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

dark.addEventListener("change", applyTheme);
applyTheme();
