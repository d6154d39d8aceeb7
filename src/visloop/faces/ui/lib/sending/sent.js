// @ts-check
/** How it stands with what a person did and the server has not confirmed yet. */
import { badge, failure } from "../parts.js";
import { count } from "../words.js";

/** @typedef {{waiting: readonly unknown[], trouble: import("./outbox.js").Trouble | null, unkept: boolean}} Sent */

/**
 * A badge: nothing is called saved before the server has said so.
 * @param {Sent} sent
 * @param {string} one what it is: `edit`
 * @param {number} done how many were done here
 */
export function saved({ waiting, trouble, unkept }, one, done) {
  const n = waiting.length;
  if (n && unkept) return badge(`${count(n, one)} not saved, and this browser has no room to keep them`, "bad");
  if (n && trouble) return badge(`${count(n, one)} not saved yet`, "bad");
  if (n) return badge(`saving ${n} …`, "busy");
  return done ? badge("all saved", "good") : null;
}

/** Why the server has not heard of it. @param {Sent} sent @param {string} one */
export const unheard = ({ waiting, trouble }, one) =>
  waiting.length && trouble
    ? failure({
        what: `${count(waiting.length, one)} not saved yet: ${trouble.what}`,
        fix: "They are kept in this browser and sent again until the server takes them. " + trouble.fix,
      })
    : null;
