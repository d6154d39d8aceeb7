import assert from "node:assert/strict";
import { test } from "node:test";

const ui = "../../src/visloop/faces/ui/";

/** A browser as far as the editor's saving needs one; the server is away for the first request. */
const kept = new Map();
const asked = [];
let away = 1;
Object.assign(globalThis, {
  addEventListener: () => {},
  matchMedia: () => ({ addEventListener: () => {}, matches: false }),
  document: { documentElement: { dataset: {} } },
  localStorage: {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    key: (k) => [...kept.keys()][k] ?? null,
    get length() {
      return kept.size;
    },
  },
  fetch: async (path, { body }) => {
    asked.push({ path, ask: JSON.parse(body) });
    if (away-- > 0) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify({ sample: {} }), { status: 200 });
  },
});

test("every edit goes with a key of its own, the same one when it is sent again", async () => {
  const { edits } = await import(ui + "lib/sending/edits.js");
  edits.pause = () => Promise.resolve();
  const ask = { dataset: "pets", path: "a.png", changes: [] };
  for (let k = 0; k < 3; k++) edits.add({ ask });
  for (let k = 0; k < 100 && edits.state.waiting.length; k++) await new Promise((done) => setTimeout(done, 1));
  assert.deepEqual(
    asked.map((each) => each.path),
    Array(4).fill("/api/v1/label/edit"),
  );
  const keys = asked.map((each) => each.ask.key);
  assert.ok(keys.every(Boolean), `${keys}`);
  assert.equal(keys[0], keys[1], "sent again, it is the same edit");
  assert.equal(new Set(keys).size, 3);
});

test("what is drawn for a task is there before it is handed in", async () => {
  const { edits } = await import(ui + "lib/sending/edits.js");
  const { outbox } = await import(ui + "lib/sending/decisions.js");
  edits.pause = () => new Promise((done) => setTimeout(done, 5));
  asked.length = 0;
  away = 1;
  edits.add({ ask: { dataset: "pets", path: "a.png", task: "t1", edits: [] } });
  outbox.add({ verb: "label.accept", ask: { task: "t1" } });
  for (let k = 0; k < 200 && outbox.state.waiting.length; k++) await new Promise((done) => setTimeout(done, 1));
  assert.deepEqual(
    asked.map((each) => each.path),
    ["/api/v1/label/edit", "/api/v1/label/edit", "/api/v1/label/accept"],
  );
});
