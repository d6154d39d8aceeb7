// @ts-check
/** A deployment's own page, `/try/NAME`: it asks the serving process alone, and works where only that runs. */
import { a, button, div, h, header, main, nav, render, span, useEffect, useState } from "./lib/dom.js";
import { asError, served } from "./lib/api.js";
import { empty, icon, panel, waiting } from "./lib/parts.js";
import { toggleTheme } from "./lib/theme.js";
import { useTheme } from "./lib/use.js";
import { Key, Trying } from "./views/trying/trying.js";

/** @typedef {import("./lib/api.js").ApiError} ApiError */

const wanted = decodeURIComponent(location.pathname.split("/")[2] ?? "");

function App() {
  const [names, setNames] = useState(/** @type {string[] | null} */ (null));
  const [problem, setProblem] = useState(/** @type {ApiError | null} */ (null));
  const dark = useTheme() === "dark";
  const look = () => served().then(setNames, (caught) => setProblem(asError(caught)));
  useEffect(() => {
    look();
  }, []);
  const name = wanted || (names?.length === 1 ? names[0] : "");
  useEffect(() => {
    document.title = `${name || "Try a model"} · Visloop`;
  }, [name]);
  return div(
    { class: "shell" },
    header(
      { class: "top" },
      span({ class: "brand" }, span({ class: "mark", "aria-hidden": "true" }), "Visloop"),
      nav(
        { "aria-label": "deployments" },
        ...(names ?? []).map((each) =>
          a({ href: `/try/${encodeURIComponent(each)}`, "aria-current": each === name ? "page" : undefined }, each),
        ),
      ),
      div(
        { class: "tools" },
        button(
          { onClick: toggleTheme, "aria-label": dark ? "light theme" : "dark theme", type: "button", class: "icon" },
          icon(dark ? "sun" : "moon"),
        ),
      ),
    ),
    main({ tabIndex: -1 }, content(names, name, problem, look)),
  );
}

/** @param {string[] | null} names @param {string} name @param {ApiError | null} problem @param {() => void} again */
function content(names, name, problem, again) {
  if (!names) return div(waiting(problem), h(Key, { problem, onKey: again }));
  if (names.includes(name)) return h(Trying, { key: name, name });
  if (!names.length)
    return panel(
      "",
      empty("Nothing is served yet", "A model answers here once it is deployed.", "visloop deploy MODEL@v1 --as NAME"),
    );
  return panel(
    "",
    empty(
      name ? `There is no deployment ${name}` : "Which model?",
      div({ class: "choices" }, ...names.map((each) => a({ href: `/try/${encodeURIComponent(each)}` }, each))),
    ),
  );
}

document.querySelector(".loading")?.remove();
render(h(App, {}), /** @type {HTMLElement} */ (document.getElementById("app")));
