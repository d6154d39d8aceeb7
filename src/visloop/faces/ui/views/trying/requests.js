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

/**
 * The request in each language; `file` lies in the folder where it is run. Pure.
 * @param {string} url
 * @param {string} file
 * @param {Answer | null} answer
 * @param {boolean} [keyed] the server wants an API key: it is read from the environment
 * @returns {Record<string, string>}
 */
export const requests = (url, file, answer, keyed = false) => ({
  curl: `curl ${keyed ? '-H "Authorization: Bearer $VISLOOP_KEY" ' : ""}--data-binary @${file} ${url}`,
  Python: `${keyed ? "import os\n\n" : ""}import visloop

with visloop.Client("${url}"${keyed ? ', key=os.environ["VISLOOP_KEY"]' : ""}) as client:
    answer = client.predict("${file}")
${printed(answer)}`,
  JavaScript: `import { readFile } from "node:fs/promises";

const reply = await fetch("${url}", {
  method: "POST",${keyed ? "\n  headers: { Authorization: `Bearer ${process.env.VISLOOP_KEY}` }," : ""}
  body: await readFile("${file}"),
});
const answer = await reply.json();
if (!reply.ok) throw new Error(answer.error.what);
console.log(${answer && !answer.annotations ? "answer.label, answer.confidence" : "answer.annotations"});`,
});

/** @param {{name: string, file: string, answer: Answer | null}} properties */
export function Requests({ name, file, answer }) {
  const [shown, setShown] = useState("curl");
  const url = `${location.origin}/predict/${encodeURIComponent(name)}`;
  const texts = requests(url, /^[\w.-]+$/.test(file) ? file : "a.jpg", answer, apiKey() !== "");
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
