// @ts-check
/** Drop a picture or a film, see the answer; the same as the deployment's own page, beside its figures. */
import { a, h } from "../lib/dom.js";
import { failure, panel } from "../lib/parts.js";
import { useClasses } from "../lib/use.js";
import { Said } from "./trying/answer.js";
import { Dropped, useAnswered } from "./trying/trying.js";

/** @param {{name: string, dataset: string | undefined}} properties */
export function TryIt({ name, dataset }) {
  const { asked, reply, answer, at, setAt, problem, ask } = useAnswered(name);
  const { colour } = useClasses(dataset);
  return panel(
    { title: "Try a picture or a film", aside: a({ href: `/try/${encodeURIComponent(name)}` }, "its own page") },
    h(Dropped, { asked, reply, answer, problem, at, setAt, ask, colour }),
    failure(problem),
    answer ? h(Said, { answer, colour }) : null,
  );
}
