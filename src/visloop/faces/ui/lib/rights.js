// @ts-check
/** What who looks may do: the page offers nothing that the server would refuse. */
import { useAnswer } from "./use.js";

/** @type {import("../api.d.ts").Me | null} */
let known = null;

/** Whether a role's word (`label.review`, `data.*`, `*.read`, `*`) includes a permission. Pure. @param {string} word @param {string} permission */
export const includes = (word, permission) =>
  new RegExp(`^${word.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(permission);

/** Asked once; nothing may be done before it is known. */
export function useRights() {
  known = useAnswer("user.me", known ? null : {}).data ?? known;
  const words = known?.permissions ?? [];
  return {
    ready: known !== null,
    user: known?.user ?? "",
    role: known?.role ?? "",
    may: (/** @type {string} */ permission) => words.some((each) => includes(each, permission)),
  };
}
