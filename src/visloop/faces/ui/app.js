// @ts-check
/** The shell: navigation, address, theme, keyboard help. Every view has an address: `#/queue/line`. */
import { a, button, dd, dialog, div, dl, dt, h, h1, header, kbd, main, nav, render, span, useEffect, useRef, useState } from "./lib/dom.js";
import { useAnswer, useKeys } from "./lib/use.js";
import { Data } from "./views/data.js";
import { Deployments } from "./views/deployments.js";
import { History } from "./views/history.js";
import { Loop } from "./views/loop.js";
import { Models } from "./views/models.js";
import { Queue } from "./views/queue.js";
import { Runs } from "./views/runs.js";

/** @type {Array<{path: string, title: string, key: string, view: any}>} */
const VIEWS = [
  { path: "loop", title: "Loop", key: "l", view: Loop },
  { path: "data", title: "Data", key: "d", view: Data },
  { path: "queue", title: "Queue", key: "q", view: Queue },
  { path: "runs", title: "Runs", key: "r", view: Runs },
  { path: "models", title: "Models", key: "m", view: Models },
  { path: "deployments", title: "Deployments", key: "p", view: Deployments },
  { path: "history", title: "History", key: "h", view: History },
];

function useAddress() {
  const read = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const [parts, setParts] = useState(read());
  useEffect(() => {
    const on = () => setParts(read());
    addEventListener("hashchange", on);
    return () => removeEventListener("hashchange", on);
  }, []);
  return parts;
}

function useTheme() {
  const [theme, setTheme] = useState(localStorage.getItem("theme") ?? "auto");
  useEffect(() => {
    const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    if (theme === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  }, [theme]);
  const isDark = () => document.documentElement.dataset.theme === "dark";
  return () => setTheme(isDark() ? "light" : "dark");
}

function Waiting() {
  const { data } = useAnswer("label.list", { limit: 1000 }, 4000);
  return data?.count ? span({ class: "count", title: "pictures wait for a person" }, String(data.count)) : null;
}

/** @param {{open: boolean, onClose: () => void}} properties */
function Help({ open, onClose }) {
  const ref = useRef(null);
  useEffect(() => {
    if (open) ref.current?.showModal();
    else ref.current?.close();
  }, [open]);
  return dialog({ ref, class: "help", onClose, onClick: onClose },
    h1("Keys"),
    dl(...VIEWS.flatMap(({ key, title }) => [dt(kbd("g"), " ", kbd(key)), dd(title)]),
      dt(kbd("t")), dd("dark or light"),
      dt(kbd("?")), dd("this help"),
      dt(kbd("1"), " … ", kbd("9")), dd("queue: give the class"),
      dt(kbd("Enter")), dd("queue: accept the proposal"),
      dt(kbd("x")), dd("queue: leave the picture out"),
      dt(kbd("u")), dd("queue: undo"),
      dt(kbd("←"), " ", kbd("→")), dd("previous, next")));
}

function App() {
  const [path, ...rest] = useAddress();
  const current = VIEWS.find((each) => each.path === path) ?? VIEWS[0];
  const toggle = useTheme();
  const [help, setHelp] = useState(false);
  const leader = useRef(0);
  /** @type {Record<string, () => void>} */
  const keys = { "?": () => setHelp(true), t: toggle, g: () => { leader.current = Date.now(); } };
  useKeys(keys);
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      const found = VIEWS.find((each) => each.key === event.key);
      if (!found || Date.now() - leader.current > 900) return;
      event.stopImmediatePropagation();
      leader.current = 0;
      location.hash = `/${found.path}`;
    };
    addEventListener("keydown", on, true);
    return () => removeEventListener("keydown", on, true);
  }, []);
  useEffect(() => { document.title = `${current.title} · Visloop`; }, [current]);
  return div({ class: "shell" },
    header({ class: "top" },
      a({ href: "#/loop", class: "brand" }, span({ class: "mark", "aria-hidden": "true" }), "Visloop"),
      nav({ "aria-label": "Views" }, ...VIEWS.map(({ path: to, title }) =>
        a({ href: `#/${to}`, "aria-current": to === current.path ? "page" : undefined }, title, to === "queue" ? h(Waiting, null) : null))),
      div({ class: "tools" },
        button({ onClick: toggle, title: "dark or light (t)", "aria-label": "dark or light", type: "button", class: "icon" }, "◐"),
        button({ onClick: () => setHelp(true), title: "keys (?)", "aria-label": "keys", type: "button", class: "icon" }, "?"))),
    main(h(current.view, { key: current.path, address: rest })),
    h(Help, { open: help, onClose: () => setHelp(false) }));
}

render(h(App, null), /** @type {HTMLElement} */ (document.getElementById("app")));
document.querySelector(".loading")?.remove();
