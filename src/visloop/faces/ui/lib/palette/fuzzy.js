// @ts-check
/** Few letters find long names: every letter in order, best where they stand together or begin a word. Pure. */

/** @typedef {{score: number, at: number[]}} Hit `at`: places of the letters in the text */

const STARTS = /[\s/@:._-]/;

/**
 * @param {string} asked letters in their order; what stands apart by blanks may stand in any order
 * @param {string} text
 * @returns {Hit | null} null: a letter is missing
 */
export function match(asked, text) {
  const all = { score: 0, at: /** @type {number[]} */ ([]) };
  for (const word of asked.toLowerCase().split(/\s+/).filter(Boolean)) {
    const hit = best(word, text.toLowerCase(), text);
    if (!hit) return null;
    all.score += hit.score;
    all.at.push(...hit.at);
  }
  return { score: all.score - text.length / 100, at: [...new Set(all.at)].sort((a, b) => a - b) };
}

/** @param {string} word @param {string} low @param {string} text @returns {Hit | null} */
function best(word, low, text) {
  /** @type {Hit | null} */
  let found = null;
  for (let start = low.indexOf(word[0]); start >= 0; start = low.indexOf(word[0], start + 1)) {
    const hit = from(start, word, low, text);
    if (!hit) break;
    if (!found || hit.score > found.score) found = hit;
  }
  return found;
}

/** @param {number} start @param {string} word @param {string} low @param {string} text @returns {Hit | null} */
function from(start, word, low, text) {
  const at = [start];
  for (const letter of word.slice(1)) {
    const next = low.indexOf(letter, at[at.length - 1] + 1);
    if (next < 0) return null;
    at.push(next);
  }
  const score = at.reduce((sum, place, k) => sum + worth(place, k ? at[k - 1] : -2, text), 0);
  return { score, at };
}

/** @param {number} place @param {number} before @param {string} text */
const worth = (place, before, text) => {
  if (place === before + 1) return 4;
  if (place === 0 || STARTS.test(text[place - 1])) return 3;
  return 1 - Math.min(0.9, (place - Math.max(before, 0)) / 20);
};

/**
 * The entries that hold the letters, best first; with nothing asked all of them, as they come.
 * @template {{words: string, hint?: string}} E
 * @param {string} asked
 * @param {E[]} entries
 * @returns {Array<E & {at: number[]}>}
 */
export function ranked(asked, entries) {
  if (!asked.trim()) return entries.map((each) => ({ ...each, at: [] }));
  return entries
    .map((each) => ({ each, hit: match(asked, each.words) ?? behind(asked, each) }))
    .filter(({ hit }) => hit)
    .sort((a, b) => /** @type {Hit} */ (b.hit).score - /** @type {Hit} */ (a.hit).score)
    .map(({ each, hit }) => ({ ...each, at: /** @type {Hit} */ (hit).at }));
}

/** A hit with the words behind the name counts less. @param {string} asked @param {{words: string, hint?: string}} entry */
function behind(asked, { words, hint }) {
  const hit = hint ? match(asked, `${words} ${hint}`) : null;
  return hit && { score: hit.score - 5, at: hit.at.filter((place) => place < words.length) };
}
