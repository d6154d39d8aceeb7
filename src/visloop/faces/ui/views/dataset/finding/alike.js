// @ts-check
/** Search by plain words, or by a picture that is dropped on the field, pasted or chosen: nearest first. */
import { button, div, form, img, input, label, p, span, useEffect, useRef, useState } from "../../../lib/dom.js";
import { asError, follow, thumbnail } from "../../../lib/api.js";
import { failure } from "../../../lib/parts.js";
import { ranked } from "../../../lib/questions.js";

/** @typedef {import("../../../api.d.ts").SearchAnswer} Answer */
/** @typedef {import("../../../api.d.ts").Sample} Sample */

const SIDE_PX = 512;
const SHOWN = 24;

/**
 * @param {{text: string, at: string, onAsk: (text: string) => void}} properties `text`: the question that is asked now
 */
export function Alike({ text, at, onAsk }) {
  const [typed, setTyped] = useState("");
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState("");
  const [answer, setAnswer] = useState(/** @type {Answer | null} */ (null));
  const [problem, setProblem] = useState(/** @type {import("../../../lib/api.js").ApiError | null} */ (null));
  const [shown, setShown] = useState("");
  const asked = useRef(0);
  const alikes = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => () => URL.revokeObjectURL(shown), [shown]);
  const clear = () => {
    asked.current += 1;
    setBusy("");
    setAnswer(null);
    setProblem(null);
    setShown("");
  };
  useEffect(clear, [at]);

  /** @param {() => Promise<Partial<import("../../../api.d.ts").SearchAsk>>} of @param {() => void} then */
  const search = async (of, then) => {
    clear();
    const mine = asked.current;
    setBusy("Searching …");
    try {
      const found = await follow(
        "search",
        { at, ...(await of()) },
        (words) => mine === asked.current && setBusy(words),
      );
      if (mine !== asked.current) return;
      setAnswer(found);
      then();
    } catch (caught) {
      if (mine === asked.current) setProblem(asError(caught));
    }
    if (mine === asked.current) setBusy("");
  };
  const byWords = () => {
    const words = typed.trim();
    if (words)
      search(
        async () => ({ words, limit: 1 }),
        () => onAsk(ranked(text, "near", words)),
      );
  };
  const byPicture = (/** @type {File | undefined} */ file) => {
    if (!file) return;
    search(
      async () => ({ picture: await shrunk(file), limit: SHOWN }),
      () => setShown(URL.createObjectURL(file)),
    );
  };
  useEffect(() => {
    /** @param {ClipboardEvent} event */
    const paste = (event) => {
      const image = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
      if (!image || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      byPicture(image);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, [at]);
  useEffect(() => {
    if (shown && answer) alikes.current?.scrollIntoView({ block: "nearest" }); // pasted far below
  }, [shown, answer]);
  return div(
    {
      class: over ? "alike over" : "alike",
      onDragOver: (/** @type {DragEvent} */ event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        byPicture(event.dataTransfer?.files[0]);
      },
    },
    form(
      {
        class: "question",
        onSubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          byWords();
        },
      },
      div(
        { class: "question-field" },
        input({
          type: "search",
          value: typed,
          placeholder: "search by words, drop or paste a picture",
          "aria-label": "search by words",
          onInput: (/** @type {any} */ event) => setTyped(event.target.value),
        }),
      ),
      button({ type: "submit" }, "Search"),
      label(
        { class: "button" },
        "Picture …",
        input({
          type: "file",
          accept: "image/*",
          class: "unseen",
          "aria-label": "search by a picture",
          onChange: (/** @type {any} */ { target }) => {
            byPicture(target.files[0]);
            target.value = ""; // the same one again is another search
          },
        }),
      ),
      span({ class: "muted", role: "status" }, busy || told(answer)),
    ),
    failure(problem),
    shown && answer
      ? div(
          { class: "alikes", ref: alikes, "aria-label": "pictures like it" },
          img({ src: shown, alt: "the picture that you chose" }),
          ...answer.rows.map((row) => {
            const sample = /** @type {Sample} */ (row);
            return button(
              {
                type: "button",
                title: `${sample.path}: more like this`,
                "aria-label": `more like ${sample.path}`,
                onClick: () => onAsk(ranked(text, "similar", sample.path)),
              },
              img({ src: thumbnail(sample.image, 160), alt: sample.path, loading: "lazy" }),
            );
          }),
          button({ type: "button", onClick: clear }, "Close"),
        )
      : null,
    answer?.unreadable.length
      ? p({ class: "muted" }, `${answer.unreadable.length} could not be compared: ${answer.unreadable[0].reason}`)
      : null,
  );
}

/** What words were taken for. @param {Answer | null} answer */
function told(answer) {
  const names = answer?.understood.map(({ name, from }) => (from === "label" ? `${name} (label)` : name)) ?? [];
  return names.length ? `taken for: ${names.join(", ")}` : "";
}

/** The picture in base64, no larger than search looks at. @param {File} file */
async function shrunk(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  let small = /** @type {Blob} */ (file);
  if (bitmap) {
    const scale = Math.min(1, SIDE_PX / Math.min(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    small = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  }
  const bytes = new Uint8Array(await small.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
