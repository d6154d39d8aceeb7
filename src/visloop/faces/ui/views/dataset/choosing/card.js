// @ts-check
/** One cell of a grid in which things are opened and chosen: pictures, objects, what was found. */
import { button, figcaption, figure, span } from "../../../lib/dom.js";

/** @typedef {import("../../../lib/dom.js").Child} Child */
/** @typedef {{named: string, title: string, tab: 0 | -1, on: boolean, onOpen: () => void, class?: string, pair?: boolean, disabled?: boolean}} Cell `named`: what it is, for who hears it; `on`: it is chosen; `pair`: two pictures in one */

/** @param {Cell} cell @param {Child[]} shown @param {Child[]} below */
export const card = ({ named, title, tab, on, onOpen, class: kind = "", pair, disabled }, shown, below) =>
  figure(
    { class: kind ? `card ${kind}` : "card" },
    button(
      {
        type: "button",
        tabIndex: tab,
        disabled,
        onClick: onOpen,
        "aria-label": `open ${named}`,
        "aria-description": on ? "chosen" : undefined,
        title,
        class: pair ? "pair" : undefined,
      },
      ...shown,
    ),
    span({
      class: "tick-box",
      role: "checkbox",
      tabIndex: -1,
      "aria-checked": String(on),
      "aria-label": `choose ${named}`,
    }),
    figcaption(...below),
  );

/** The place of what is not here yet: the focus may come to it, and stays when it is here. @param {0 | -1} tab */
export const onItsWay = (tab) =>
  figure({ class: "card empty-card" }, button({ type: "button", tabIndex: tab, "aria-label": "on its way" }));
