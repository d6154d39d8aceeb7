// @ts-check
/** What can be done with many pictures, or objects, at once: seen first, done once, taken back whole. */
import { button, div, form, input, option, p, select, span, useEffect, useRef, useState } from "../../../lib/dom.js";
import { act, failure } from "../../../lib/parts.js";
import { useDeeds } from "../../../lib/use.js";
import { count } from "../../../lib/words.js";
import { freshId } from "../../editor/desk.js";

/** @typedef {import("../../../api.d.ts").BulkAsk} Ask */
/** @typedef {import("../../../api.d.ts").BulkAnswer} Answer */
/** @typedef {{words: string, ask: Partial<Ask>}} Mend */

/** What is chosen → its words, and what a person has to say besides. @type {Record<string, {words: string, says: string, of: (value: string) => Partial<Ask>}>} */
const ACTS = {
  tag: { words: "Tag", says: "night", of: (value) => ({ tag: [value] }) },
  untag: { words: "Take a tag off", says: "night", of: (value) => ({ untag: [value] }) },
  label: { words: "Give the class", says: "class", of: (value) => ({ label: value }) },
  split: { words: "Put in the split", says: "val", of: (value) => ({ split: value }) },
  queue: { words: "Send to the queue", says: "why", of: (value) => ({ queue: value }) },
  drop: { words: "Take out of the data set", says: "", of: () => ({ drop: true }) },
};

/** The same of objects. @type {typeof ACTS} */
const ACTS_OF_OBJECTS = {
  label: ACTS.label,
  drop: { words: "Take them off their pictures", says: "", of: () => ({ drop: true }) },
};

const newKey = () => `page-${freshId()}`; // randomUUID is for https alone

/**
 * @param {{dataset: string, where: string, more?: Partial<Ask>, ready?: boolean, total: number, classes: readonly string[], mend?: Mend | null, onDone?: () => void}} properties `where`: the question that finds them; `more`: whether it is of objects, and which of its answer; `ready`: it is known; `mend`: what is offered first
 */
export function Acts({ dataset, where, more = {}, ready: known = true, total, classes, mend = null, onDone }) {
  const deeds = useDeeds();
  const usual = more.of === "objects" ? ACTS_OF_OBJECTS : ACTS;
  const acts = mend ? { mend: { words: mend.words, says: "", of: () => mend.ask }, ...usual } : usual;
  const [kind, setKind] = useState(Object.keys(acts)[0]);
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(/** @type {{of: string, answer: Answer} | null} */ (null));
  const [done, setDone] = useState(/** @type {Answer | null} */ (null));
  const { says, of } = acts[kind];
  const ready = known && Boolean(total) && (!says || Boolean(value.trim()));
  const ask = { dataset, where, ...more, ...of(value.trim()) };
  const asked = JSON.stringify(ask);
  // what was looked at arms the button only as long as that very thing is asked: an answer may come late
  const seen = ready && tried?.of === asked ? tried.answer : null;
  // the key goes with it: pressed twice, or sent again after the network was gone, it is done once
  const key = useRef({ of: "", name: "" });
  if (key.current.of !== asked) key.current = { of: asked, name: newKey() };
  useEffect(() => {
    if (total) setDone(null);
  }, [where, more.places]);
  const look = async () => {
    setDone(null);
    const answer = await deeds.run("look", "bulk", { ...ask, dry_run: true }, { long: true });
    setTried(answer && { of: asked, answer });
  };
  const go = async () => {
    const made = await deeds.run("do", "bulk", { ...ask, key: key.current.name }, { long: true, cancel: false });
    if (!made) return;
    onDone?.();
    setTried(null);
    setDone(made);
    key.current = { of: "", name: "" };
  };
  const undo = async () => {
    const taken = done && (await deeds.run("undo", "bulk.undo", { key: done.key }, { long: true, cancel: false }));
    if (taken) setDone(taken);
  };
  return div(
    { class: "acts" },
    form(
      {
        class: "row",
        onSubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (ready && !deeds.busy) (seen ? go : look)();
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
        ...Object.entries(acts).map(([name, { words }]) => option({ value: name, selected: name === kind }, words)),
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
      seen
        ? button(
            { type: "submit", class: kind === "drop" ? "danger" : "primary", disabled: Boolean(deeds.busy) },
            kind === "drop" ? "Take out" : "Do it",
          )
        : button({ type: "submit", disabled: !ready || Boolean(deeds.busy) }, "See what would change"),
      deeds.busy ? span({ class: "muted small", role: "status" }, deeds.progress || "…") : null,
    ),
    div(
      { role: "status" },
      seen ? p(`${changed(seen)} would change.`) : null,
      done
        ? p(
            { class: "row" },
            span(done.undone ? "Taken back." : told(done)),
            done.undone || !done.changed ? null : act("Undo", undo, { busy: deeds.busy === "undo", kind: "quiet" }),
          )
        : null,
    ),
    deeds.problem ? failure(deeds.problem, act("Try again", seen ? go : look, { busy: Boolean(deeds.busy) })) : null,
  );
}

/** @param {Answer} done */
const changed = ({ changed: pictures, matched, objects }) =>
  objects
    ? `${count(objects, "object")} in ${count(pictures, "picture")}`
    : `${count(pictures, "picture")} of ${matched.toLocaleString("en")}`;

/** @param {Answer} done */
const told = (done) =>
  done.queued ? `${count(done.queued, "picture")} on the queue.` : `${changed(done)} changed; a commit makes it last.`;
