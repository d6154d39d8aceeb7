import assert from "node:assert/strict";
import { test } from "node:test";

const ui = "../../src/visloop/faces/ui/";

/** A server that answers when it is told to. */
function line() {
  const asked = [];
  const held = (verb, ask, onProgress, signal) =>
    new Promise((done, failed) => {
      asked.push({ verb, ask, onProgress, signal, done, failed });
      signal?.addEventListener("abort", () => failed(new Error("aborted")));
    });
  return { asked, after: () => {}, call: (verb, ask) => held(verb, ask), follow: held };
}

test("a long deed tells how far it is, and can be given up without a word of failure", async () => {
  const { Deeds } = await import(ui + "lib/sending/deeds.js");
  const server = line();
  const deeds = new Deeds(server);
  const told = [];
  deeds.subscribe(() => told.push(deeds.state.progress));
  const end = deeds.run("add", "add", { to: "line" }, { long: true });
  server.asked[0].onProgress("3 of 9 pictures");
  assert.equal(deeds.state.busy, "add");
  assert.ok(told.includes("3 of 9 pictures"));
  deeds.cancel();
  assert.equal(await end, null);
  assert.deepEqual([deeds.state.busy, deeds.state.progress, deeds.state.problem], ["", "", null]);
  assert.ok(deeds.state.stopped);
  const again = deeds.run("add", "add", { to: "line" }, { long: true });
  assert.ok(!deeds.state.stopped, "the next one is not told as given up");
  server.asked[1].done({ added: 9 });
  assert.deepEqual(await again, { added: 9 });
  assert.deepEqual(deeds.state.done, { name: "add", ask: { to: "line" }, answer: { added: 9 } });
});

test("what must not stop half-way cannot be given up, and what fails says why", async () => {
  const { Deeds } = await import(ui + "lib/sending/deeds.js");
  const server = line();
  const deeds = new Deeds(server);
  const end = deeds.run("step", "loop.step", {}, { long: true, cancel: false });
  assert.ok(!deeds.long);
  deeds.cancel();
  server.asked[0].failed(new Error("no"));
  await end;
  assert.equal(deeds.state.problem.what, "no");
});
