// @ts-check
/** The same question from a shell, from Python and from JavaScript, to copy. */
import { button, code, div, h, pre, useState } from "../../lib/dom.js";
import { apiKey } from "../../lib/api.js";
import { Copy, panel } from "../../lib/parts.js";

/** @typedef {import("./answer.js").Answer} Answer */

/** What a Python program does with such an answer. @param {Answer | null} answer */
function printed(answer) {
  const first = answer?.annotations?.[0]?.type;
  if (first === "box") return "for box in answer.boxes:\n    print(box.label, box.score, box.xyxy)";
  if (first === "mask") return "for mask in answer.masks:\n    print(mask.label, mask.score)";
  if (first === "number") return "print(answer.value)";
  return answer?.label ? "print(answer.label, answer.confidence)" : "print(answer)";
}

/** @typedef {"picture" | "film" | "url"} Kind */

/**
 * What differs between the kinds of questions: how each language is told what is asked about. Pure.
 * @param {Kind} kind
 * @param {string} what a file in the folder where it is run, or an address
 */
function told(kind, what) {
  if (kind === "url") {
    const urls = JSON.stringify({ urls: [what] });
    const quoted = urls.replaceAll("'", "'\\''");
    const curl = `-H "Content-Type: application/json" -d '${quoted}'`;
    return { curl, query: "", python: `predict_urls([${JSON.stringify(what)}])`, body: `JSON.stringify(${urls})` };
  }
  const file = { curl: `--data-binary @${what}`, body: `await readFile("${what}")` };
  if (kind === "film") return { ...file, query: "?every=1s", python: `predict_film("${what}", every_s=1)` };
  return { ...file, query: "", python: `predict("${what}")` };
}

/**
 * The request in each language. Pure.
 * @param {string} url
 * @param {Kind} kind
 * @param {string} what a file in the folder where it is run, or an address
 * @param {Answer | null} answer
 * @param {boolean} [keyed] the server wants an API key: it is read from the environment
 * @returns {Record<string, string>}
 */
export function requests(url, kind, what, answer, keyed = false) {
  const { curl, query, python, body } = told(kind, what);
  const [list, place] = kind === "film" ? ["frames", "time_s"] : ["pictures", "url"];
  const said = answer?.annotations ? "annotations" : "label";
  const one = kind === "picture";
  return {
    curl: `curl ${keyed ? '-H "Authorization: Bearer $VISLOOP_KEY" ' : ""}${curl} ${query ? `"${url}${query}"` : url}`,
    Python: `${keyed ? "import os\n\n" : ""}import visloop

with visloop.Client("${url}"${keyed ? ', key=os.environ["VISLOOP_KEY"]' : ""}) as client:
    ${one ? "answer" : "answers"} = client.${python}
${one ? printed(answer) : `for answer in answers:\n    print(answer.${place}, answer.${said})`}`,
    JavaScript: `${kind === "url" ? "" : 'import { readFile } from "node:fs/promises";\n\n'}const reply = await fetch("${url}${query}", {
  method: "POST",${keyed ? "\n  headers: { Authorization: `Bearer ${process.env.VISLOOP_KEY}` }," : ""}
  body: ${body},
});
const answer = await reply.json();
if (!reply.ok) throw new Error(answer.error.what);
${
  one
    ? `console.log(${answer && !answer.annotations ? "answer.label, answer.confidence" : "answer.annotations"});`
    : `for (const { ${place}, ${said}, error } of answer.${list}) console.log(${place}, error?.what ?? ${said});`
}`,
  };
}

/** @param {{name: string, kind: Kind, file: string, answer: Answer | null}} properties */
export function Requests({ name, kind, file, answer }) {
  const [shown, setShown] = useState("curl");
  const url = `${location.origin}/predict/${encodeURIComponent(name)}`;
  const safe = kind === "url" || /^[\w.-]+$/.test(file);
  const texts = requests(url, kind, safe ? file : kind === "film" ? "clip.mp4" : "a.jpg", answer, apiKey() !== "");
  return panel(
    { title: "Ask from your program", class: "requests" },
    div(
      { class: "row" },
      div(
        { class: "tabs", role: "group", "aria-label": "language" },
        ...Object.keys(texts).map((each) =>
          button({ type: "button", "aria-pressed": String(each === shown), onClick: () => setShown(each) }, each),
        ),
      ),
      h(Copy, { key: shown, text: texts[shown], kind: "", words: "Copy" }),
    ),
    pre({ tabIndex: 0, "aria-label": `the request in ${shown}` }, code(texts[shown])),
  );
}
