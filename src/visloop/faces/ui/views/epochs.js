// @ts-check
/** What a model in the making said of the same few pictures, epoch after epoch. */
import { a, div, figcaption, figure, img } from "../lib/dom.js";
import { panel } from "../lib/parts.js";

const EPOCH = /\/epoch-0*(\d+)\.jpg$/;

/**
 * A strip: the truth, then one column an epoch. Nothing where a run keeps no such pictures.
 * @param {string} run
 * @param {string[]} paths as `runs.show` gives them
 */
export function epochs(run, paths) {
  const looks = paths.flatMap((path) => {
    const found = EPOCH.exec(path);
    return found ? [{ path, epoch: Number(found[1]) }] : [];
  });
  const truth = paths.find((path) => path.endsWith("/truth.jpg"));
  if (!looks.length) return null;
  const columns = [
    ...(truth ? [{ path: truth, words: "truth" }] : []),
    ...looks
      .sort((one, other) => one.epoch - other.epoch)
      .map(({ path, epoch }) => ({ path, words: `epoch ${epoch}` })),
  ];
  return panel(
    "What it said while it learnt",
    div({ class: "epochs", tabIndex: 0 }, ...columns.map(({ path, words }) => column(run, path, words))),
  );
}

/** @param {string} run @param {string} path @param {string} words */
function column(run, path, words) {
  const src = `/api/v1/runs/${encodeURIComponent(run)}/files/${path}`;
  return figure(
    { key: path },
    a({ href: src, target: "_blank", rel: "noopener" }, img({ src, alt: `${words}: its pictures`, loading: "lazy" })),
    figcaption(words),
  );
}
