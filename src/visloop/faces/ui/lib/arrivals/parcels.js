// @ts-check
/** What goes in one request: hundreds of small files, or one large file in pieces. Pure. */

/** @typedef {{path: string, file: {size: number, lastModified?: number}, says: Record<string, string>}} Wanted */
/** @typedef {{entries: Wanted[], size: number, sent: number, tries: number, whole: boolean, stop: AbortController}} Parcel */

/** A file from this size on goes in pieces, and on where it stopped. */
export const LARGE_BYTES = 8 * 2 ** 20;
const PARCEL_FILES = 200;

/**
 * Files of the same settings in parcels, in their order; what is said of each alone (its class) may differ.
 * @param {Wanted[]} wanted
 * @returns {Parcel[]}
 */
export function packed(wanted) {
  /** @type {Map<string, Parcel>} */
  const open = new Map();
  /** @type {Parcel[]} */
  const all = [];
  for (const each of wanted) {
    const { label: _, ...common } = each.says;
    const key = JSON.stringify(common);
    const { size } = each.file;
    const whole = size >= LARGE_BYTES;
    let parcel = whole ? undefined : open.get(key);
    if (!parcel || parcel.entries.length >= PARCEL_FILES || parcel.size + size > LARGE_BYTES) {
      parcel = { entries: [], size: 0, sent: 0, tries: 0, whole, stop: new AbortController() };
      all.push(parcel);
      if (!whole) open.set(key, parcel);
    }
    parcel.entries.push(each);
    parcel.size += size;
  }
  return all;
}

/** The settings that a parcel's files share, less what is empty. @param {Wanted[]} wanted */
export const shared = ([first]) =>
  Object.fromEntries(Object.entries(first.says).filter(([key, value]) => key !== "label" && value));

/** What is said of each file alone. @param {Wanted[]} wanted */
export const told = (wanted) =>
  wanted.map(({ path, file, says }) => ({
    path,
    label: says.label ?? "",
    size: file.size,
    modified: file.lastModified ?? null,
  }));
