// @ts-check
/** What can be done with many pictures at once: seen first, done once, taken back whole. */
import { button, div, form, input, option, p, select, span, useEffect, useState } from "../../../lib/dom.js";
import { act, failure } from "../../../lib/parts.js";
import { useDeeds } from "../../../lib/use.js";
import { count } from "../../../lib/words.js";
import { freshId } from "../../editor/desk.js";

/** @typedef {import("../../../api.d.ts").BulkAsk} Ask */
/** @typedef {import("../../../api.d.ts").BulkAnswer} Answer */

/** What is chosen → its words, and what a person has to say besides. @type {Record<string, {words: string, says: string, of: (value: string) => Partial<Ask>}>} */
const ACTS = {
  tag: { words: "Tag", says: "night", of: (value) => ({ tag: [value] }) },
  untag: { words: "Take a tag off", says: "night", of: (value) => ({ untag: [value] }) },
  label: { words: "Give the class", says: "class", of: (value) => ({ label: value }) },
  split: { words: "Put in the split", says: "val", of: (value) => ({ split: value }) },
  queue: { words: "Send to the queue", says: "why", of: (value) => ({ queue: value }) },
  drop: { words: "Take out of the data set", says: "", of: () => ({ drop: true }) },
};

const newKey = () => `page-${freshId()}`; // randomUUID is for https alone

/**
 * @param {{dataset: string, where: string, total: number, classes: readonly string[]}} properties `where`: the question that finds them
 */
export function Acts({ dataset, where, total, classes }) {
  const deeds = useDeeds();
  const [kind, setKind] = useState("tag");
  const [value, setValue] = useState("");
  const [key, setKey] = useState(newKey);
  const [tried, setTried] = useState(/** @type {Answer | null} */ (null));
  const [done, setDone] = useState(/** @type {Answer | null} */ (null));
  useEffect(() => {
    setTried(null);
    setKey(newKey());
  }, [kind, value, where]);
  useEffect(() => setDone(null), [where]);
  const { says, of } = ACTS[kind];
  const ready = !says || Boolean(value.trim());
  const ask = { dataset, where, ...of(value.trim()) };
  const look = async () => {
    setDone(null);
    setTried(await deeds.run("look", "bulk", { ...ask, dry_run: true }));
  };
  /** The key goes with it: pressed twice, or sent again after the network was gone, it is done once. */
  const go = async () => {
    const made = await deeds.run("do", "bulk", { ...ask, key });
    if (!made) return;
    setTried(null);
    setDone(made);
    setKey(newKey());
  };
  const undo = async () => {
    const taken = done && (await deeds.run("undo", "bulk.undo", { key: done.key }));
    if (taken) setDone(taken);
  };
  return div(
    { class: "acts" },
    form(
      {
        class: "row",
        onSubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (ready && !deeds.busy) (tried ? go : look)();
        },
      },
      select(
        {
          "aria-label": "what to do with them",
          value: kind,
          onChange: (/** @type {any} */ event) => {
            setKind(event.target.value);
            setValue("");
          },
        },
        ...Object.entries(ACTS).map(([name, { words }]) => option({ value: name, selected: name === kind }, words)),
      ),
      kind === "label"
        ? select(
            { "aria-label": "class", value, onChange: (/** @type {any} */ event) => setValue(event.target.value) },
            option({ value: "" }, "which …"),
            ...classes.map((name) => option({ value: name, selected: name === value }, name)),
          )
        : says
          ? input({
              type: "text",
              value,
              placeholder: says,
              "aria-label": says,
              onInput: (/** @type {any} */ event) => setValue(event.target.value),
            })
          : null,
      tried
        ? button(
            { type: "submit", class: kind === "drop" ? "danger" : "primary", disabled: Boolean(deeds.busy) },
            `${kind === "drop" ? "Take out" : "Do it"}`,
          )
        : button({ type: "submit", disabled: !ready || !total || Boolean(deeds.busy) }, "See what would change"),
    ),
    div(
      { role: "status" },
      tried ? p(`${count(tried.changed, "picture")} of ${tried.matched.toLocaleString("en")} would change.`) : null,
      done
        ? p(
            { class: "row" },
            span(done.undone ? "Taken back." : told(done)),
            done.undone || !done.changed ? null : act("Undo", undo, { busy: deeds.busy === "undo", kind: "quiet" }),
          )
        : null,
    ),
    deeds.problem ? failure(deeds.problem, act("Try again", tried ? go : look, { busy: Boolean(deeds.busy) })) : null,
  );
}

/** @param {Answer} done */
const told = ({ changed, matched, queued }) =>
  queued
    ? `${count(queued, "picture")} on the queue.`
    : `${count(changed, "picture")} of ${matched.toLocaleString("en")} changed; a commit makes it last.`;
