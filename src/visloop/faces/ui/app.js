// @ts-check
/** The shell: navigation, address, theme, keyboard help. Every view has an address: `#/data/line/v1`. */
import {
  a,
  button,
  div,
  h,
  header,
  main,
  nav,
  p,
  render,
  span,
  useEffect,
  useErrorBoundary,
  useLayoutEffect,
  useState,
} from "./lib/dom.js";
import { Help } from "./lib/palette/help.js";
import { Palette } from "./lib/palette/palette.js";
import { asError } from "./lib/api.js";
import { act, failure, icon } from "./lib/parts.js";
import { onReachable, start } from "./lib/pulse.js";
import { toggleTheme } from "./lib/theme.js";
import { useUploads } from "./lib/arrivals/page.js";
import { EVERYWHERE, useAddress, useAnswer, useDeeds, useKeys, useTheme } from "./lib/use.js";
import { Data } from "./views/data.js";
import { PLACE as ADDING } from "./views/dataset/bring.js";
import { EDITOR_KEYS } from "./views/editor/keys.js";
import { Deployments } from "./views/deployments.js";
import { History } from "./views/history.js";
import { Loop } from "./views/loop.js";
import { GRID_KEYS } from "./views/dataset/choosing/keys.js";
import { MAP_KEYS } from "./views/dataset/map/keys.js";
import { Models } from "./views/models.js";
import { Queue } from "./views/queue.js";
import { useRooms } from "./views/queue/rooms.js";
import { Runs } from "./views/runs.js";
import { Housekeeping } from "./views/upkeep/housekeeping.js";

/** @type {Array<{path: string, title: string, key: string, view: (properties: {address: string[]}) => import("./lib/dom.js").Child}>} */
const VIEWS = [
  { path: "loop", title: "Loop", key: "l", view: Loop },
  { path: "data", title: "Data", key: "d", view: Data },
  { path: "queue", title: "Queue", key: "q", view: Queue },
  { path: "runs", title: "Runs", key: "r", view: Runs },
  { path: "models", title: "Models", key: "m", view: Models },
  { path: "deployments", title: "Deployments", key: "p", view: Deployments },
  { path: "history", title: "History", key: "h", view: History },
  { path: "housekeeping", title: "Housekeeping", key: "k", view: Housekeeping },
];
const LEADER_MS = 1200;

/** How many pictures wait for who looks. */
function Waiting() {
  const rows = useAnswer("label.status", {}).data?.rows ?? [];
  const n = rows.reduce((sum, each) => sum + each.mine + each.to_review + each.to_decide, 0);
  return n ? span({ class: "count", title: `${n} pictures wait for you` }, n > 999 ? "999+" : String(n)) : null;
}

/** Whether an alarm wants somebody. */
function Alarm() {
  const n = useAnswer("alerts.list", { state: "open" }).data?.count ?? 0;
  return n ? span({ class: "count alarm", title: `${n} open ${n === 1 ? "alert" : "alerts"}` }, String(n)) : null;
}

/** Pictures on their way in, whatever view is shown. */
function Arriving() {
  const uploads = useUploads();
  const { busy, ask, progress } = useDeeds(ADDING);
  const share = uploads.unfinished ? `${Math.floor(100 * uploads.pace.share)} %` : "";
  const words = share ? `sending to ${uploads.dataset}: ${uploads.pace.words}` : `adding to ${ask?.to}: ${progress}`;
  return share || busy === "add" ? span({ class: "count quiet", title: words }, share || "…") : null;
}

/** @type {Record<string, () => import("./lib/dom.js").Child>} */
const COUNTS = { data: Arriving, queue: Waiting, deployments: Alarm };

function Reach() {
  const [reached, setReached] = useState(true);
  useLayoutEffect(() => onReachable(setReached), []);
  return reached ? null : p({ class: "offline", role: "alert" }, "The server does not answer: what you see may be old");
}

/** The keys of every view. @type {import("./lib/palette/help.js").Part[]} */
const KEYS = [
  {
    title: "Everywhere",
    rows: [
      [["Ctrl k"], "go to anything, do anything here; ⌘ k on a Mac"],
      ...VIEWS.map(({ key, title }) => /** @type {[string[], string]} */ ([["g", key], title])),
      [["t"], "dark or light"],
      [["?"], "this help"],
    ],
  },
  {
    title: "Queue",
    rows: [
      [["1", "…", "9"], "give the class"],
      [["Enter"], "accept the proposal"],
      [["e"], "draw on it in the label editor"],
      [["a", "…", "d"], "take what the first, … fourth person said"],
      [["r"], "say what is wrong, and send it back"],
      [["x"], "leave the picture out"],
      [["u"], "undo"],
      [["←", "→"], "previous, next picture"],
      [["j", "k"], "agreement: next, previous picture on which people disagree"],
    ],
  },
  {
    title: "Pictures and versions",
    rows: [
      [["←", "→", "↑", "↓"], "the grid: the picture beside, above, below"],
      [["Home", "End"], "the grid: the first, the last picture"],
      [["PgUp", "PgDn"], "the grid: a screen up, down"],
      [["Enter"], "the grid: open the picture"],
      [["←", "→"], "one picture: previous, next picture, change, conflict"],
      [["j", "k"], "compare: next, previous change"],
      [["1", "2", "3", "4"], "merge: take ours, theirs, base, both"],
      [["+", "-", "0"], "compare, merge: closer, farther, the whole picture"],
    ],
  },
  { title: "Pictures", rows: GRID_KEYS },
  { title: "Map", rows: MAP_KEYS },
  { title: "Label editor", rows: EDITOR_KEYS.map(([keys, words]) => [keys, words.replace(/^edit: /, "")]) },
];

/** `g` and then a letter leads to a view. */
function useLeader() {
  useEffect(() => {
    let since = 0;
    /** @param {KeyboardEvent} event */
    const on = (event) => {
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector("dialog.help[open]") ||
        /^(INPUT|SELECT|TEXTAREA)$/.test(/** @type {HTMLElement} */ (event.target).tagName)
      )
        return;
      const found = Date.now() - since < LEADER_MS ? VIEWS.find((each) => each.key === event.key) : undefined;
      since = event.key === "g" ? Date.now() : 0;
      if (!found) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      location.hash = `/${found.path}`;
    };
    addEventListener("keydown", on, true);
    return () => removeEventListener("keydown", on, true);
  }, []);
}

/**
 * A view; where it stops on something nobody thought of, the rest of the page goes on.
 * @param {{view: typeof VIEWS[number]["view"], address: string[]}} properties
 */
function Held({ view, address }) {
  const [caught, again] = useErrorBoundary((error) => console.error(error));
  const where = address.join("/");
  useEffect(() => {
    if (caught) again();
  }, [where]);
  if (!caught) return h(view, { address });
  return failure(
    { what: `The page stopped here: ${asError(caught).what}`, fix: "What you did is kept. Go on elsewhere, or:" },
    act("Reload the page", () => location.reload()),
  );
}

function App() {
  const [path, ...rest] = useAddress();
  const current = VIEWS.find((each) => each.path === path) ?? VIEWS[0];
  const [help, setHelp] = useState(false);
  const dark = useTheme() === "dark";
  useKeys({ "?": () => setHelp(true), t: toggleTheme }, EVERYWHERE);
  useLeader();
  const own = [
    ...useRooms(),
    { group: "Page", words: "Dark or light", hint: "t", run: toggleTheme },
    { group: "Page", words: "Keys", hint: "? help", run: () => setHelp(true) },
  ];
  useEffect(() => {
    document.title = `${current.title} · Visloop`;
    scrollTo(0, 0);
  }, [current]);
  return div(
    { class: "shell" },
    a(
      {
        href: "#main",
        class: "skip",
        onClick: (/** @type {Event} */ event) => {
          event.preventDefault();
          document.querySelector("main")?.focus();
        },
      },
      "to the content",
    ),
    header(
      { class: "top" },
      a({ href: "#/loop", class: "brand" }, span({ class: "mark", "aria-hidden": "true" }), "Visloop"),
      nav(
        { "aria-label": "views" },
        ...VIEWS.map(({ path: to, title }) =>
          a(
            { href: `#/${to}`, "aria-current": to === current.path ? "page" : undefined },
            title,
            COUNTS[to] ? h(COUNTS[to], {}) : null,
          ),
        ),
      ),
      div(
        { class: "tools" },
        button(
          {
            onClick: () => dispatchEvent(new Event("visloop:palette")),
            title: "go to, or do (Ctrl-K)",
            "aria-label": "go to, or do",
            type: "button",
            class: "icon",
          },
          icon("find"),
        ),
        button(
          {
            onClick: toggleTheme,
            title: "dark or light (t)",
            "aria-label": dark ? "light theme" : "dark theme",
            type: "button",
            class: "icon",
          },
          icon(dark ? "sun" : "moon"),
        ),
        button(
          { onClick: () => setHelp(true), title: "keys (?)", "aria-label": "keys", type: "button", class: "icon" },
          icon("keys"),
        ),
      ),
    ),
    h(Reach, {}),
    main(
      { tabIndex: -1, "data-address": [path, ...rest].join("/") },
      h(Held, { key: current.path, view: current.view, address: rest }),
    ),
    h(Help, { open: help, onClose: () => setHelp(false), parts: KEYS }),
    h(Palette, { views: VIEWS, own }),
  );
}

document.querySelector(".loading")?.remove();
render(h(App, {}), /** @type {HTMLElement} */ (document.getElementById("app")));
start();
