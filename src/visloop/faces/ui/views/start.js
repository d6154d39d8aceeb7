// @ts-check
/** The way to the first loop: what is done, what comes next, each with its command. */
import { a, code, div, h, h1, h2, li, ol, p, span } from "../lib/dom.js";
import { coded, Command, icon } from "../lib/parts.js";
import { useAnswer } from "../lib/use.js";

/** @typedef {{title: string, words: string, done: boolean, commands: string[], href: string}} Step */

/** @returns {Step[]} */
function useSteps() {
  const sets = useAnswer("datasets", {}).data?.rows ?? [];
  const models = useAnswer("models", {}).data?.rows ?? [];
  const served = useAnswer("deployments", {}).data?.rows ?? [];
  const set = (models[0]?.data ?? "").split("@")[0] || sets[0]?.name || "parts";
  const model = models[0]?.model ?? "inspector";
  const ref = models[0]?.ref ?? `${model}@v1`;
  const name = served[0]?.name ?? "belt";
  return [
    {
      title: "Bring pictures in",
      words: "A folder of class sub-folders, COCO, VOC. No pictures at hand? The demo draws some.",
      done: sets.length > 0,
      href: "#/data",
      commands: [`visloop demo images parts --count 480`, `visloop add parts --to ${set}`],
    },
    {
      title: "Commit a version",
      words: "Split it first, so that there are pictures to judge by that no training sees.",
      done: sets.some((each) => each.version),
      href: "#/data",
      commands: [`visloop split ${set} && visloop commit ${set} -m "first"`],
    },
    {
      title: "Train",
      words: "A few seconds for a few hundred pictures, on a plain processor.",
      done: models.length > 0,
      href: "#/models",
      commands: [`visloop train ${set}@v1 --model ${model}`],
    },
    {
      title: "Judge and promote",
      words: "The gate of visloop.yaml says whether it is good enough; the champion is what the next one must beat.",
      done: models.some((each) => each.aliases.includes("champion")),
      href: "#/models",
      commands: [`visloop gate ${ref} && visloop model promote ${ref}`],
    },
    {
      title: "Serve it",
      words: "Pictures in, answers out, every answer logged and watched.",
      done: served.length > 0,
      href: "#/deployments",
      commands: [`visloop deploy ${ref} --as ${name}`],
    },
    {
      title: "Close the loop",
      words: "Say in visloop.yaml what belongs together, start `visloop up` again, and switch it on.",
      done: false,
      href: "#/loop",
      commands: [`loop: {dataset: ${set}, deployment: ${name}, model: ${model}, labels: 100}`, "visloop loop start"],
    },
  ];
}

export function FirstSteps() {
  const steps = useSteps();
  const next = steps.findIndex((each) => !each.done);
  return div(
    { class: "start" },
    div({ class: "title" }, h1("Loop")),
    p(
      { class: "lead" },
      "No loop is set up yet. Six steps lead to a model whose mistakes become its lessons; or see all of it at once with ",
      code("visloop quickstart"),
      ".",
    ),
    ol(
      { class: "steps" },
      ...steps.map((each, k) =>
        li(
          { class: each.done ? "done" : k === next ? "next" : "" },
          span({ class: "number" }, each.done ? icon("check") : String(k + 1)),
          div(
            h2({ class: "big" }, each.done ? a({ href: each.href }, each.title) : each.title),
            p({ class: "muted" }, ...coded(each.words)),
            each.done ? null : each.commands.map((text) => h(Command, { text })),
          ),
        ),
      ),
    ),
  );
}
