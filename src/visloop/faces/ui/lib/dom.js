// @ts-check
/** Tag helpers over Preact: `div({class: "grid"}, child, …)`; the first argument may be left out. */
import { h } from "../vendor/preact.js";

export {
  render,
  useCallback,
  useEffect,
  useErrorBoundary,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../vendor/preact.js";
export { h };

/** @typedef {import("../vendor/preact.js").Child} Child */
/** @typedef {Record<string, any>} Properties */

/**
 * @param {string} name
 * @returns {(...parts: Array<Child | Properties>) => import("../vendor/preact.js").VNode}
 */
function tag(name) {
  return (...parts) => {
    const [first, ...rest] = parts;
    return isProperties(first)
      ? h(name, /** @type {Properties} */ (first), .../** @type {Child[]} */ (rest))
      : h(name, null, .../** @type {Child[]} */ (parts));
  };
}

/** @param {Child | Properties} value */
function isProperties(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !("type" in value && "props" in value);
}

/**
 * Class names that hold: `names("card", open && "open")`.
 * @param {...(string | false | null | undefined)} given
 */
export const names = (...given) => given.filter(Boolean).join(" ");

export const a = tag("a");
export const article = tag("article");
export const aside = tag("aside");
export const b = tag("b");
export const button = tag("button");
export const canvas = tag("canvas");
export const code = tag("code");
export const datalist = tag("datalist");
export const dd = tag("dd");
export const details = tag("details");
export const dialog = tag("dialog");
export const div = tag("div");
export const dl = tag("dl");
export const dt = tag("dt");
export const fieldset = tag("fieldset");
export const figcaption = tag("figcaption");
export const figure = tag("figure");
export const form = tag("form");
export const h1 = tag("h1");
export const h2 = tag("h2");
export const h3 = tag("h3");
export const header = tag("header");
export const img = tag("img");
export const input = tag("input");
export const kbd = tag("kbd");
export const label = tag("label");
export const legend = tag("legend");
export const li = tag("li");
export const main = tag("main");
export const mark = tag("mark");
export const nav = tag("nav");
export const ol = tag("ol");
export const option = tag("option");
export const p = tag("p");
export const pre = tag("pre");
export const section = tag("section");
export const select = tag("select");
export const span = tag("span");
export const strong = tag("strong");
export const summary = tag("summary");
export const table = tag("table");
export const tbody = tag("tbody");
export const td = tag("td");
export const textarea = tag("textarea");
export const th = tag("th");
export const thead = tag("thead");
export const time = tag("time");
export const tr = tag("tr");
export const ul = tag("ul");
export const video = tag("video");
/** SVG. */
export const svg = tag("svg");
export const circle = tag("circle");
export const g = tag("g");
export const line = tag("line");
export const path = tag("path");
export const polygon = tag("polygon");
export const rect = tag("rect");
export const text = tag("text");
