// @ts-check
/** Drop, paste, choose or photograph a picture or a film; see the answer drawn, how long it took, how to ask for it. */
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
  names,
  p,
  span,
  ul,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "../../lib/dom.js";
import { asError, predict, predictDrawn, takeApiKey, taken } from "../../lib/api.js";
import { colouring } from "../../lib/colours.js";
import { Marks } from "../../lib/marks.js";
import { act, failure, panel } from "../../lib/parts.js";
import { Said } from "./answer.js";
import { Camera } from "./camera.js";
import { Film, Kept } from "./film.js";
import { Requests } from "./requests.js";

/** @typedef {import("../../lib/api.js").ApiError} ApiError */
/** @typedef {import("../../lib/api.js").Reply} Reply */
/** @typedef {import("../../lib/api.js").Part} Part */
/** @typedef {{kind: "picture" | "film" | "url", file: File, shown: string}} Asked what is asked about, and where it can be seen */

/** An address as the server is asked about it. @param {string} url */
const addressed = (url) => new File([JSON.stringify({ urls: [url] })], url, { type: "application/json" });

/** @param {File} file @returns {Asked["kind"]} */
const kindOf = (file) =>
  file.type === "application/json" ? "url" : file.type.startsWith("video/") ? "film" : "picture";

/**
 * What is asked about, the answer to it (to its frame `at`, of a film), or what went wrong; what comes later wins.
 * @param {string} name
 */
export function useAnswered(name) {
  const [asked, setAsked] = useState(/** @type {Asked | null} */ (null));
  const [reply, setReply] = useState(/** @type {Reply | null} */ (null));
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState(/** @type {ApiError | null} */ (null));
  const turn = useRef(0);
  useEffect(() => () => URL.revokeObjectURL(asked?.shown ?? ""), [asked]);
  const ask = async (/** @type {File | null | undefined} */ file) => {
    if (!file) return;
    const mine = ++turn.current;
    const kind = kindOf(file);
    setAsked({ kind, file, shown: kind === "url" ? "" : URL.createObjectURL(file) });
    setReply(null);
    setAt(0);
    setProblem(null);
    try {
      const found = await predict(name, file);
      if (mine !== turn.current) return;
      const wrong = found.pictures?.[0].error;
      if (wrong) throw wrong;
      setReply(found);
      if (kind !== "url") return;
      // what another server gives is not shown by this page itself: the one that answered draws it
      const drawn = await predictDrawn(name, file, "picture");
      if (mine === turn.current) setAsked({ kind, file, shown: URL.createObjectURL(drawn) });
    } catch (caught) {
      if (mine === turn.current) setProblem(asError(caught));
    }
  };
  /** @type {Part | null} */
  const part = reply?.frames?.[at] ?? reply?.pictures?.[0] ?? reply;
  /** @type {Asked | null} not every system knows a film by its name */
  const seen = asked && reply?.frames ? { ...asked, kind: "film" } : asked;
  return {
    asked: seen,
    reply,
    answer: part?.error ? null : part,
    at,
    setAt,
    problem: part?.error ? asError(part.error) : problem,
    ask,
    again: () => ask(asked?.file),
  };
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
 * Where a picture or a film is dropped or chosen, and shown with what was found in it.
 * @param {{asked: Asked | null, reply: Reply | null, answer: Part | null, problem: ApiError | null, at: number, setAt: (at: number) => void, ask: (file: File | null | undefined) => void, colour: (name: string | undefined) => string}} properties
 */
export function Dropped({ asked, reply, answer, problem, at, setAt, ask, colour }) {
  const film = reply?.frames ? asked : null;
  return div(
    film ? h(Film, { src: film.shown, frames: reply?.frames ?? [], at, onAt: setAt, colour }) : null,
    h(Place, {
      picture: asked?.kind === "film" || !asked?.shown ? null : asked,
      words:
        asked && asked.kind !== "picture" && !reply && !problem
          ? `Asking about the ${asked.kind === "film" ? "frames" : "address"} …`
          : "Drop a picture or a short film here, or choose a file",
      answer,
      ask,
      colour,
      more: film !== null,
    }),
  );
}

/**
 * @param {{picture: Asked | null, words: string, answer: Part | null, ask: (file: File | null | undefined) => void, colour: (name: string | undefined) => string, more: boolean}} properties
 */
function Place({ picture, words, answer, ask, colour, more }) {
  const [over, setOver] = useState(false);
  const [unseen, setUnseen] = useState("");
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    ask(event.dataTransfer?.files[0]);
  };
  return label(
    {
      class: names("drop", over && "over", more && "more"),
      onDragOver: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: drop,
    },
    input({
      type: "file",
      accept: "image/*,video/*",
      class: "unseen",
      onChange: (/** @type {any} */ event) => ask(event.target.files[0]),
    }),
    !picture
      ? span(words)
      : unseen === picture.shown
        ? span("This browser cannot show the picture.")
        : span(
            { class: "tried-picture" },
            img({ src: picture.shown, alt: "the picture that you chose", onError: () => setUnseen(picture.shown) }),
            answer?.annotations && picture.kind === "picture"
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

/** Where the server fetches pictures, an address can be named. @param {{ask: (file: File) => void}} properties */
function Address({ ask }) {
  const [url, setUrl] = useState("");
  return form(
    {
      class: "row",
      onSubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        ask(addressed(url.trim()));
      },
    },
    input({
      type: "url",
      placeholder: "address of a picture or a film",
      "aria-label": "address of a picture",
      value: url,
      onInput: (/** @type {any} */ event) => setUrl(event.target.value),
    }),
    button({ type: "submit", disabled: !url.trim() }, "Ask about this address"),
  );
}

/** @param {{name: string}} properties */
export function Trying({ name }) {
  const { asked, reply, answer, at, setAt, problem, ask, again } = useAnswered(name);
  const [camera, setCamera] = useState(false);
  const [fetches, setFetches] = useState(false);
  const known = useRef(/** @type {string[]} */ ([]));
  const colour = useMemo(() => {
    const parts = reply?.frames ?? reply?.pictures ?? (reply ? [reply] : []);
    const found = parts.flatMap(
      (each) => each.annotations?.map(({ label: called }) => called ?? "") ?? Object.keys(each.probabilities ?? {}),
    );
    known.current = [...new Set([...known.current, ...found])]; // a class keeps its colour from picture to picture
    return colouring(known.current);
  }, [reply]);
  useEffect(() => {
    taken().then(
      (found) => setFetches(found.includes("urls")),
      () => {},
    );
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
          : h(Dropped, { asked, reply, answer, problem, at, setAt, ask, colour }),
        camera
          ? null
          : div(
              { class: "row" },
              act("Use the camera", () => setCamera(true)),
              span({ class: "muted" }, "or paste a picture"),
            ),
        fetches ? h(Address, { ask }) : null,
      ),
      div(
        panel(
          "Answer",
          failure(problem),
          h(Key, { problem, onKey: again }),
          answer ? h(Said, { answer, colour }) : null,
          reply ? h(Stages, { stages: reply.stages }) : null,
          reply?.frames && asked ? h(Kept, { name, film: asked.file }) : null,
          !reply && !problem
            ? p(
                { class: "muted", role: "status" },
                asked ? "Asking …" : "It stands here as soon as there is a picture.",
              )
            : null,
        ),
        h(Requests, { name, file: asked?.file.name ?? "a.jpg", kind: asked?.kind ?? "picture", answer }),
      ),
    ),
  );
}
