// @ts-check
/** Texts of questions, narrowed down and put together. Pure. */

const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;
const BARE = /^[\p{L}_](?:[\p{L}\p{N}_]|[.\-/](?=[\p{L}\p{N}_]))*$/u;
const WORDS = new Set(["and", "or", "not", "in", "like", "exists", "sort", "limit"]);

/** The text with everything in quotes blotted out, place by place. @param {string} text */
const masked = (text) => text.replace(QUOTED, (found) => "\0".repeat(found.length));

/** A value as it is written in a question. @param {string | number | boolean} value */
export const written = (value) =>
  typeof value !== "string" || (BARE.test(value) && !WORDS.has(value.toLowerCase()))
    ? String(value)
    : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** What a question says, and how its answer is put in order. @param {string} text @returns {[string, string]} */
export function parted(text) {
  const at = masked(text).search(/\b(sort\s+by|limit\s+\d+)\b/i);
  return at < 0 ? [text.trim(), ""] : [text.slice(0, at).trim(), text.slice(at).trim()];
}

/** The conditions that are joined by `and`, outside of quotes and parentheses. @param {string} said */
function conditions(said) {
  const plain = masked(said);
  const found = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < plain.length; at++) {
    if (plain[at] === "(") depth += 1;
    if (plain[at] === ")") depth -= 1;
    if (!depth && /^\s+and\s/i.test(plain.slice(at, at + 12))) {
      found.push(said.slice(from, at).trim());
      from = at + (plain.slice(at).match(/^\s+and\s+/i)?.[0].length ?? 5);
      at = from - 1;
    } else if (!depth && /^\s+or\s/i.test(plain.slice(at, at + 12))) return [said];
  }
  return [...found, said.slice(from).trim()].filter(Boolean);
}

/** Whether a question asks for a condition. @param {string} text @param {string} condition */
export const asks = (text, condition) => conditions(parted(text)[0]).includes(condition);

/** The question with a condition more, or without it where it has it. @param {string} text @param {string} condition */
export function turned(text, condition) {
  const [said, order] = parted(text);
  const known = conditions(said);
  const kept = known.filter((each) => each !== condition);
  if (kept.length === known.length) {
    const whole = known.length === 1 && /\sor\s/i.test(masked(said)) && !/^[\w]*\(.*\)$/.test(masked(said));
    if (whole) kept[0] = `(${said})`;
    kept.push(condition);
  }
  return [kept.join(" and "), order].filter(Boolean).join(" ");
}

/**
 * The condition that a value of a facet stands for.
 * @param {string} field
 * @param {{value: any, to?: any}} value
 */
export function meant(field, value) {
  const name = BARE.test(field) ? field : `\`${field}\``;
  if (value.to !== undefined) return `(${name} >= ${value.value} and ${name} <= ${value.to})`;
  if (field === "folder" && value.value) {
    const below = value.value.replaceAll("%", "\\%");
    return `(folder = ${written(value.value)} or folder like ${`"${below.replaceAll('"', '\\"')}/%"`})`;
  }
  if (typeof value.value === "boolean") return `${name} = ${value.value}`;
  return `${name} = ${written(value.value)}`;
}

/**
 * The question, ranked by nearness: to words, or to a sample by its path. What ranked it before goes.
 * @param {string} text
 * @param {"near" | "similar"} to
 * @param {string} value
 */
export function ranked(text, to, value) {
  const [said] = parted(text);
  const kept = conditions(said).filter((each) => !/^(near|similar)\s*["']/i.test(each));
  const whole = kept.length === 1 && /\sor\s/i.test(masked(kept[0])) && !/^[\w]*\(.*\)$/.test(masked(kept[0]));
  const quoted = `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return [...(whole ? [`(${kept[0]})`] : kept), `${to} ${quoted}`].join(" and ");
}
