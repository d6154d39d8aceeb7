// @ts-check
/** Who and what in the history of a data set, as people say it; where it is shown. */
import { address } from "../../lib/use.js";

/** The address of something among the versions of a data set. @param {string} name @param {...(string | number)} rest */
export const versionsOf = (name, ...rest) => address("data", name, "work", "all", "versions", ...rest);

/** `user:owner` as `owner`. @param {string} actor */
export const whoInWords = (actor) => actor.replace(/^(user|token|part):/, "") || "nobody";

/** The model that drew an object, or nothing: `model:reader@v3` is `reader@v3`. @param {string} author */
export const modelOf = (author) => (author.startsWith("model:") ? author.slice("model:".length) : "");

/** @type {Record<string, string>} */
const FIELDS = {
  geometry: "place",
  label: "class",
  object: "whole object",
  sample: "whole picture",
  image: "bytes",
  review: "review",
  taken: "two pictures at one path",
};

/** A field as people call it. @param {string} field */
export const fieldInWords = (field) => FIELDS[field] ?? field.replace(/^attributes\./, "").replace(/^metadata\./, "");

/** What a decision does. */
export const TAKES = /** @type {const} */ ([
  ["ours", "1"],
  ["theirs", "2"],
  ["base", "3"],
  ["both", "4"],
]);

/** Rules that decide what is still open. */
export const RULES = /** @type {const} */ ([
  ["ours", "ours: the branch worked on wins"],
  ["theirs", "theirs: the other branch wins"],
  ["newest", "newest: who touched the picture later wins"],
  ["union", "union: keep what either side has"],
]);
