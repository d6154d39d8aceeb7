// @ts-check
/** The little Markdown that model cards are written in: headings, paragraphs, lists, tables, code. No HTML. */
import { code, div, h2, h3, li, p, strong, table, tbody, td, th, thead, tr, ul } from "./dom.js";

/**
 * @typedef {{kind: "heading", level: number, text: string}
 *   | {kind: "paragraph", text: string}
 *   | {kind: "list", items: string[]}
 *   | {kind: "table", head: string[], rows: string[][]}} Block
 */

/**
 * Pure: text to blocks.
 * @param {string} source
 * @returns {Block[]}
 */
export function blocksOf(source) {
  const blocks = source.replaceAll("\r", "").split(/\n{2,}|\n(?=#)|(?<=^#.*)\n/m);
  return blocks
    .map((each) => each.trim())
    .filter(Boolean)
    .map(blockOf);
}

/** @param {string} source @returns {Block} */
function blockOf(source) {
  const lines = source.split("\n");
  const heading = /^(#{1,6}) (.*)$/.exec(source);
  if (heading && lines.length === 1) return { kind: "heading", level: heading[1].length, text: heading[2] };
  if (lines.every((line) => /^[-*] |^ {2,}/.test(line))) {
    return {
      kind: "list",
      items: source
        .split(/^[-*] /m)
        .map((item) => item.trim().replace(/\s*\n\s*/g, " "))
        .filter(Boolean),
    };
  }
  if (lines.length > 1 && lines[0].startsWith("|") && /^\|[\s|:-]+\|$/.test(lines[1])) {
    return { kind: "table", head: cells(lines[0]), rows: lines.slice(2).map(cells) };
  }
  return { kind: "paragraph", text: lines.join(" ") };
}

/** @param {string} line */
const cells = (line) =>
  line
    .replace(/^\||\|\s*$/g, "")
    .split("|")
    .map((cell) => cell.trim());

/**
 * Code and bold in a line.
 * @param {string} words
 */
const inline = (words) =>
  words
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .filter(Boolean)
    .map((part) =>
      part.startsWith("`") ? code(part.slice(1, -1)) : part.startsWith("**") ? strong(part.slice(2, -2)) : part,
    );

/** @param {{source: string, skip?: number}} properties the first `skip` blocks are left out */
export const Markdown = ({ source, skip = 0 }) =>
  div({ class: "markdown" }, ...blocksOf(source).slice(skip).map(drawn));

/** @param {Block} block */
function drawn(block) {
  if (block.kind === "heading") return block.level < 3 ? h2(...inline(block.text)) : h3(...inline(block.text));
  if (block.kind === "list") return ul(...block.items.map((item) => li(...inline(item))));
  if (block.kind === "paragraph") return p(...inline(block.text));
  const kinds = block.head.map((_, k) =>
    block.rows.every((row) => /^[-+]?[\d.,]+( %)?$/.test(row[k] ?? "")) ? "number" : "",
  );
  return div(
    { class: "scroll" },
    table(
      thead(tr(...block.head.map((cell, k) => th({ class: kinds[k], scope: "col" }, ...inline(cell))))),
      tbody(...block.rows.map((row) => tr(...row.map((cell, k) => td({ class: kinds[k] }, ...inline(cell)))))),
    ),
  );
}
