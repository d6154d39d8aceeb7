// @ts-check
/** Files that a person chose or dropped, folders walked, each with its path inside them. */

/** @typedef {{path: string, file: File}} Chosen */

/** What systems leave in folders. @param {string} path */
export const isHidden = (path) =>
  path.split("/").some((part) => part.startsWith(".") || part === "Thumbs.db" || part === "__MACOSX");

/** The folder that a file lies in, as the class of a picture. @param {string} path */
export const folderOf = (path) => path.split("/").at(-2) ?? "";

/** @param {Iterable<File>} files of an `<input type="file">`, with `webkitdirectory` or not @returns {Chosen[]} */
export const chosenFiles = (files) => [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/**
 * Everything that was dropped; must be called while the event is handled.
 * @param {DataTransfer} transfer
 * @returns {Promise<Chosen[]>}
 */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => (item.kind === "file" ? item.webkitGetAsEntry?.() : null));
  if (!entries.some(Boolean)) return chosenFiles(transfer.files);
  const found = await Promise.all(entries.map((entry) => (entry ? walked(entry) : [])));
  return found.flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<Chosen[]>} */
async function walked(entry) {
  if (entry.isFile) {
    const file = await new Promise((/** @type {(file: File) => void} */ done, failed) =>
      /** @type {FileSystemFileEntry} */ (entry).file(done, failed),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Chosen[]} */
  const found = [];
  for (;;) {
    const some = await new Promise((/** @type {(entries: FileSystemEntry[]) => void} */ done, failed) =>
      reader.readEntries(done, failed),
    );
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(walked))).flat());
  }
}
