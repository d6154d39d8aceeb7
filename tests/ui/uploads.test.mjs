import assert from "node:assert/strict";
import { test } from "node:test";

const ui = "../../src/visloop/faces/ui/lib/";
const { Uploads } = await import(ui + "arrivals/uploads.js");
const { folderOf, isHidden } = await import(ui + "arrivals/dropped.js");

const TOOK = { added: 1, updated: 0, unchanged: 0, quarantined: 0, classes_added: [], notes: [] };
const files = (n, size = 10) => Array.from({ length: n }, (_, k) => ({ path: `${k}.jpg`, file: { size }, says: {} }));
const trouble = (passing, code = "data.unknown_class") => ({ what: "no", fix: "yes", code, passing });
const turn = () => new Promise((done) => setTimeout(done, 0));

/** Uploads over a server that answers as `answer` says. */
function over(answer) {
  const uploads = new Uploads(answer, { pause: turn, toldMs: 0 });
  return {
    uploads,
    idle: async () => {
      for (let k = 0; k < 2000 && uploads.busy; k++) await turn();
    },
  };
}

test("a few are on their way at a time, and all arrive", async () => {
  let now = 0;
  let most = 0;
  const sent = [];
  const { uploads, idle } = over(async (dataset, { path }) => {
    most = Math.max(most, ++now);
    await turn();
    now--;
    sent.push(`${dataset}/${path}`);
    return TOOK;
  });
  uploads.begin("photos", files(20));
  await idle();
  assert.equal(most, 3);
  assert.equal(new Set(sent).size, 20);
  assert.equal(uploads.batch.counts.added, 20);
  assert.equal(uploads.pace.share, 1);
  assert.match(uploads.pace.words, /^20 of 20 files/);
});

test("while nobody answers they are sent again, and none is lost or counted twice", async () => {
  let away = 5;
  const { uploads, idle } = over(async () => {
    await turn();
    if (away-- > 0) throw trouble(true, "unreachable");
    return TOOK;
  });
  uploads.begin("photos", files(6));
  await idle();
  assert.equal(uploads.batch.counts.added, 6);
  assert.equal(uploads.batch.trouble, null);
  assert.deepEqual(uploads.batch.failed, []);
});

test("what the server refuses is told, and after five refusals in a row a person is asked", async () => {
  let no = true;
  const { uploads, idle } = over(async () => {
    await turn();
    if (no) throw trouble(false);
    return TOOK;
  });
  uploads.begin("photos", files(40));
  await idle();
  assert.equal(uploads.batch.held, true);
  const refused = uploads.batch.failed.length;
  assert.ok(refused >= 5 && refused < 10, `${refused}`);
  no = false;
  uploads.resume();
  await idle();
  assert.equal(uploads.batch.counts.added, 40 - refused);
});

test("cancel stops what is on its way and sends nothing more", async () => {
  const { uploads, idle } = over(
    (_dataset, _wanted, _onSent, signal) =>
      new Promise((_done, failed) => signal.addEventListener("abort", () => failed(trouble(false, "cancelled")))),
  );
  uploads.begin("photos", files(10));
  await turn();
  uploads.cancel();
  await idle();
  assert.equal(uploads.busy, false);
  assert.equal(uploads.batch.cancelled, 10);
  assert.deepEqual(uploads.batch.failed, []);
});

test("the share counts the bytes that are on their way", () => {
  const { uploads } = over((_dataset, { file }, onSent) => {
    onSent(file.size / 2);
    return new Promise(() => {});
  });
  uploads.begin("photos", files(2, 100));
  assert.equal(uploads.pace.share, 0.5);
});

test("what systems leave in folders is not sent; a folder may be a class", () => {
  assert.equal(isHidden("set/.DS_Store"), true);
  assert.equal(isHidden("__MACOSX/a.jpg"), true);
  assert.equal(isHidden("set/Thumbs.db"), true);
  assert.equal(isHidden("set/gear/a.jpg"), false);
  assert.equal(folderOf("set/gear/a.jpg"), "gear");
  assert.equal(folderOf("a.jpg"), "");
});
