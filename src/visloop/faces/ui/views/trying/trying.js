// @ts-check
/** Drop, paste, choose or photograph a picture; see the answer drawn, how long it took, and how to ask for it. */
import {
  button,
  div,
  form,
  h,
  h1,
  img,
  input,
  label,
  li,
  p,
  span,
  ul,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "../../lib/dom.js";
import { asError, predict, takeApiKey } from "../../lib/api.js";
import { colouring } from "../../lib/colours.js";
import { Marks } from "../../lib/marks.js";
import { act, failure, panel } from "../../lib/parts.js";
import { Said } from "./answer.js";
import { Camera } from "./camera.js";
import { Requests } from "./requests.js";

/** @typedef {import("../../lib/api.js").ApiError} ApiError */
/** @typedef {import("./answer.js").Answer} Answer */

/** The picture that is asked about, its answer or what went wrong; a later picture wins. @param {string} name */
export function useAnswered(name) {
  const [picture, setPicture] = useState(/** @type {{file: string, shown: string} | null} */ (null));
  const [answer, setAnswer] = useState(/** @type {Answer | null} */ (null));
  const [problem, setProblem] = useState(/** @type {ApiError | null} */ (null));
  const asked = useRef(0);
  const last = useRef(/** @type {File | null} */ (null));
  useEffect(() => () => URL.revokeObjectURL(picture?.shown ?? ""), [picture]);
  const ask = async (/** @type {File | null | undefined} */ file) => {
    if (!file) return;
    const mine = ++asked.current;
    last.current = file;
    setPicture({ file: file.name, shown: URL.createObjectURL(file) });
    setAnswer(null);
    setProblem(null);
    try {
      const found = await predict(name, file);
      if (mine === asked.current) setAnswer(found);
    } catch (caught) {
      if (mine === asked.current) setProblem(asError(caught));
    }
  };
  return { picture, answer, problem, ask, again: () => ask(last.current) };
}

/** Where the server wants a key, it is given here. @param {{problem: ApiError | null, onKey: () => void}} properties */
export function Key({ problem, onKey }) {
  const [key, setKey] = useState("");
  if (problem?.code !== "serve.key_needed") return null;
  return form(
    {
      class: "row",
      onSubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        takeApiKey(key.trim());
        onKey();
      },
    },
    input({
      type: "password",
      autocomplete: "off",
      placeholder: "API key",
      "aria-label": "API key",
      value: key,
      onInput: (/** @type {any} */ event) => setKey(event.target.value),
    }),
    button({ type: "submit", disabled: !key.trim() }, "Use this key"),
  );
}

/**
 * Where a picture is dropped or chosen, and shown with what was found in it.
 * @param {{picture: {shown: string} | null, answer: Answer | null, ask: (file: File | null | undefined) => void, colour: (name: string | undefined) => string}} properties
 */
export function Dropped({ picture, answer, ask, colour }) {
  const [over, setOver] = useState(false);
  const [unseen, setUnseen] = useState("");
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    ask(event.dataTransfer?.files[0]);
  };
  return label(
    {
      class: over ? "drop over" : "drop",
      onDragOver: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: drop,
    },
    input({
      type: "file",
      accept: "image/*",
      class: "unseen",
      onChange: (/** @type {any} */ event) => ask(event.target.files[0]),
    }),
    !picture
      ? span("Drop a picture here, or choose a file")
      : unseen === picture.shown
        ? span("This browser cannot show the picture.")
        : span(
            { class: "tried-picture" },
            img({ src: picture.shown, alt: "the picture that you chose", onError: () => setUnseen(picture.shown) }),
            answer?.annotations
              ? h(Marks, {
                  sample: { width: answer.width ?? 1, height: answer.height ?? 1, annotations: answer.annotations },
                  colour,
                  named: true,
                })
              : null,
          ),
  );
}

/** @param {{stages: Record<string, number>}} properties */
function Stages({ stages }) {
  const told = Object.entries(stages);
  return told.length
    ? ul(
        { class: "stages", "aria-label": "how long each stage took" },
        ...told.map(([stage, ms]) => li(`${stage} ${ms.toFixed(1)} ms`)),
      )
    : null;
}

/** @param {{name: string}} properties */
export function Trying({ name }) {
  const { picture, answer, problem, ask, again } = useAnswered(name);
  const [camera, setCamera] = useState(false);
  const known = useRef(/** @type {string[]} */ ([]));
  const colour = useMemo(() => {
    const found = answer?.annotations?.map((each) => each.label ?? "") ?? Object.keys(answer?.probabilities ?? {});
    known.current = [...new Set([...known.current, ...found])]; // a class keeps its colour from picture to picture
    return colouring(known.current);
  }, [answer]);
  useEffect(() => {
    const paste = (/** @type {ClipboardEvent} */ event) => ask(event.clipboardData?.files[0]);
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
  return div(
    div({ class: "title" }, h1(name)),
    div(
      { class: "trying" },
      panel(
        "",
        camera
          ? h(Camera, {
              onPicture: (file) => {
                setCamera(false);
                ask(file);
              },
              onClose: () => setCamera(false),
            })
          : h(Dropped, { picture, answer, ask, colour }),
        camera
          ? null
          : div(
              { class: "row" },
              act("Use the camera", () => setCamera(true)),
              span({ class: "muted" }, "or paste a picture"),
            ),
      ),
      div(
        panel(
          "Answer",
          failure(problem),
          h(Key, { problem, onKey: again }),
          answer ? h(Said, { answer, colour }) : null,
          answer ? h(Stages, { stages: answer.stages }) : null,
          !answer && !problem
            ? p(
                { class: "muted", role: "status" },
                picture ? "Asking …" : "It stands here as soon as there is a picture.",
              )
            : null,
        ),
        h(Requests, { name, file: picture?.file ?? "a.jpg", answer }),
      ),
    ),
  );
}
