// @ts-check
/** One colour for each class, the same everywhere. Pure. */

/** Told apart on pictures, on white and on black; red and green are never neighbours. */
export const PALETTE = [
  "#3b82f6",
  "#f59e0b",
  "#a855f7",
  "#10b981",
  "#ec4899",
  "#84cc16",
  "#06b6d4",
  "#ef4444",
  "#8b5cf6",
  "#eab308",
  "#14b8a6",
  "#f97316",
];

/**
 * @param {ReadonlyArray<string | {name: string, color?: string}>} classes in the order of the dictionary
 * @returns {(name: string | undefined) => string}
 */
export function colouring(classes) {
  /** @type {Map<string, string>} */
  const known = new Map(
    classes.map((each, k) =>
      typeof each === "string"
        ? [each, PALETTE[k % PALETTE.length]]
        : [each.name, safe(each.color) || PALETTE[k % PALETTE.length]],
    ),
  );
  return (name = "") => known.get(name) ?? PALETTE[hash(name) % PALETTE.length];
}

/** @param {string | undefined} colour */
const safe = (colour) => (/^#[0-9a-f]{3,8}$/i.test(colour ?? "") ? /** @type {string} */ (colour) : "");

/** FNV-1a. @param {string} name */
function hash(name) {
  let value = 2166136261;
  for (let k = 0; k < name.length; k++) value = Math.imul(value ^ name.charCodeAt(k), 16777619);
  return value >>> 0;
}
