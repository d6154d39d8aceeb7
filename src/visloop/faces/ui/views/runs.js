// @ts-check
/** Runs: all of them, one of them, some side by side. */
import { h } from "../lib/dom.js";
import { Compare } from "./runs/compare.js";
import { List } from "./runs/list.js";
import { Detail } from "./runs/one.js";
import { Parallel } from "./runs/parallel.js";

export { dataLink } from "./runs/one.js";

/** @param {{address: string[]}} properties */
export function Runs({ address: [first = "", second = "", third = ""] }) {
  if (first === "compare") return h(Compare, { key: second, runs: [...new Set(second.split(","))] });
  if (first === "parallel") return h(Parallel, { key: second + third, of: second, where: third });
  if (!first || first === "where") return h(List, { key: "list", where: second });
  return h(Detail, { key: first, id: first });
}
