// @ts-check
/** What mends an error of `add`, in the words of the page where the server speaks of the command line. Pure. */

/** Options of the command → what they are called on the page. @type {ReadonlyArray<[RegExp, string]>} */
const WORDS = [
  [/--format (\S+)/g, "Format: $1"],
  [/--frames (\S+)/g, "Frames of videos: $1"],
  [/--map (\S+)/g, "Rename classes: $1"],
  [/--add-class(es)?\b( \S+)?/g, "Let new class names in"],
  [/leave --in-place away/g, "untick Leave the files where they lie"],
  [/another name: --to (\S+)/g, "name it otherwise: $1"],
  [/--deep\b/g, "`visloop add --deep`"],
];

/**
 * @param {{code: string, what: string, fix: string}} problem
 * @param {boolean} [sent] whether files were sent: then there is no field to rename classes
 */
export function here({ code, what, fix }, sent = false) {
  if (code === "data.unknown_class")
    return {
      what,
      fix: sent
        ? "Choose a class that the data set has, or make this one under Classes first."
        : "Say under Rename classes what each is here, or tick Let new class names in.",
    };
  return { what, fix: WORDS.reduce((words, [said, shown]) => words.replace(said, shown), fix) };
}
