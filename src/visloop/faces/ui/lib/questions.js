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
  const all = kept.length === known.length ? [...joinable(kept), condition] : kept;
  return [all.join(" and "), order].filter(Boolean).join(" ");
}

/** Conditions that another can be joined to: a single one with `or` in parentheses. @param {string[]} known */
function joinable(known) {
  const whole = known.length === 1 && /\sor\s/i.test(masked(known[0])) && !/^[\w]*\(.*\)$/.test(masked(known[0]));
  return whole ? [`(${known[0]})`] : known;
}

/** A field as it is written in a question. @param {string} field */
const named = (field) => (BARE.test(field) ? field : `\`${field}\``);

/**
 * The condition that a value of a facet stands for.
 * @param {string} field
 * @param {{value: any}} value
 */
export function meant(field, value) {
  const name = named(field);
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
  const quoted = `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return [...joinable(kept), `${to} ${quoted}`].join(" and ");
}

/**
 * From where to where a field goes in a question, as it is written there; "" is no end.
 * @typedef {{from: string, to: string, lower: ">=" | ">", upper: "<=" | "<"}} Range
 */

/** @type {Range} */
export const ANYTHING = { from: "", to: "", lower: ">=", upper: "<=" };

const MOMENT = /^\d{4}-\d\d(-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?)?$/;
const COMPARED = /^(`[^`]*`|[^\s<>=!()"'`]+)\s*(>=|<=|>|<)\s*("[^"]*"|'[^']*'|[^\s"'()]+(?: [^\s\d"'()]+)?)$/;

/** The ends that a condition sets to a field, or nothing where it says more. @param {string} condition @param {string} field */
function endsOf(condition, field) {
  const inner = /^\(.*\)$/.test(condition) ? conditions(condition.slice(1, -1)) : [condition];
  const found = inner.map((each) => each.match(COMPARED));
  return found.every((each) => each && [field, `\`${field}\``].includes(each[1]))
    ? found.map((each) => ({ sign: each?.[2] ?? "", value: (each?.[3] ?? "").replace(/^(["'])(.*)\1$/, "$2") }))
    : [];
}

/** The range of a field that a question asks for. @param {string} text @param {string} field */
export function rangeOf(text, field) {
  const range = { ...ANYTHING };
  for (const { sign, value } of conditions(parted(text)[0]).flatMap((each) => endsOf(each, field))) {
    if (sign === ">=" || sign === ">") [range.from, range.lower] = [value, sign];
    else if (sign === "<=" || sign === "<") [range.to, range.upper] = [value, sign];
  }
  return range;
}

/** The question with a range of a field, which takes the place of an earlier one. @param {string} text @param {string} field @param {Range} range */
export function ranging(text, field, { from, to, lower, upper }) {
  const [said, order] = parted(text);
  const kept = conditions(said).filter((each) => !endsOf(each, field).length);
  const end = (/** @type {string} */ sign, /** @type {string} */ value) =>
    value
      ? [`${named(field)} ${sign} ${MOMENT.test(value) || !Number.isNaN(Number(value)) ? value : written(value)}`]
      : [];
  const ends = [...end(lower, from), ...end(upper, to)];
  return [[...(ends.length ? joinable(kept) : kept), ...ends].join(" and "), order].filter(Boolean).join(" ");
}

/** What stands in `word( … )`, where that is all that is said; else null. @param {string} said @param {string} word */
function inner(said, word) {
  if (!said.startsWith(`${word}(`)) return null;
  const plain = masked(said);
  let depth = 0;
  for (let at = word.length; at < plain.length; at++) {
    depth += { "(": 1, ")": -1 }[plain[at]] ?? 0;
    if (!depth) return at === plain.length - 1 ? said.slice(word.length + 1, -1).trim() : null;
  }
  return null;
}

/**
 * A question of pictures asked of their objects, or the other way round: `sample( … )`, `annotation( … )`. How the
 * answer is put in order is left out; what is ranked by nearness cannot be asked so, and is all of them.
 *
 * @param {string} text
 * @param {"objects" | "pictures"} of what is asked for
 */
export function askedOf(text, of) {
  const [said] = parted(text);
  if (!said || /\b(near|similar)\s*\0/i.test(masked(said))) return "";
  const [into, outOf] = of === "objects" ? ["sample", "annotation"] : ["annotation", "sample"];
  return inner(said, outOf) ?? `${into}(${said})`;
}
