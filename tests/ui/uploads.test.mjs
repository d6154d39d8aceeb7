import assert from "node:assert/strict";
import { test } from "node:test";

const ui = "../../src/visloop/faces/ui/lib/";
const { Uploads } = await import(ui + "arrivals/uploads.js");
const { LARGE_BYTES, packed, shared, told } = await import(ui + "arrivals/parcels.js");
const { cutOff, forget, keep } = await import(ui + "arrivals/kept.js");
const { folderOf, isHidden } = await import(ui + "arrivals/dropped.js");

const NOTHING = { added: 0, updated: 0, unchanged: 0, quarantined: 0, left_out: 0, classes_added: [], notes: [] };
const took = ({ entries }) => ({ ...NOTHING, added: entries.length });
const files = (n, size = 10, says = {}) =>
  Array.from({ length: n }, (_, k) => ({ path: `${k}.jpg`, file: { size, lastModified: 1 }, says }));
const large = (n) => files(n, LARGE_BYTES);
const trouble = (passing, code = "data.unknown_class") => ({ what: "no", fix: "yes", code, passing });
const turn = () => new Promise((done) => setTimeout(done, 0));

/** Uploads over a server that answers as `send` says; it has what `there` names. */
function over(send, there = () => false) {
  const missing = async (_dataset, wanted) => {
    const away = wanted.flatMap((each, k) => (there(each.path) ? [] : [k]));
    return { missing: away, unchanged: wanted.length - away.length };
  };
  const uploads = new Uploads({ send, missing }, { pause: turn, toldMs: 0 });
  return {
    uploads,
    idle: async () => {
      for (let k = 0; k < 4000 && uploads.busy; k++) await turn();
    },
  };
}

test("small files go hundreds to a parcel, large ones alone, settings apart", () => {
  const wanted = [
    ...files(450, 10, { split: "train", label: "a" }),
    ...files(1, 10, { split: "train", label: "b" }),
    ...files(3, 10, { split: "val", label: "" }),
    ...large(2),
    ...files(3, LARGE_BYTES / 2 - 1),
  ];
  const parcels = packed(wanted);
  assert.deepEqual(
    parcels.map((each) => each.entries.length),
    [200, 200, 51, 3, 1, 1, 2, 1],
  );
  assert.deepEqual(
    parcels.map((each) => each.whole),
    [false, false, false, false, true, true, false, false],
  );
  assert.deepEqual(shared(parcels[2].entries), { split: "train" });
  assert.deepEqual(told(parcels[2].entries).at(-1), { path: "0.jpg", label: "b", size: 10, modified: 1 });
  assert.equal(parcels.flatMap((each) => each.entries).length, wanted.length);
});

test("a few are on their way at a time, and all arrive", async () => {
  let now = 0;
  let most = 0;
  const sent = [];
  const { uploads, idle } = over(async (dataset, parcel) => {
    most = Math.max(most, ++now);
    await turn();
    now--;
    sent.push(...parcel.entries.map(({ path }) => `${dataset}/${path}`));
    return took(parcel);
  });
  uploads.begin("photos", [...large(20), ...files(1000).map((each) => ({ ...each, path: `s${each.path}` }))]);
  await idle();
  assert.equal(most, 3);
  assert.equal(new Set(sent).size, 1020);
  assert.equal(uploads.batch.counts.added, 1020);
  assert.equal(uploads.pace.share, 1);
  assert.match(uploads.pace.words, /^1,020 of 1,020 files/);
});

test("what came before is not sent again", async () => {
  const sent = [];
  const there = (path) => Number.parseInt(path, 10) < 2500;
  const { uploads, idle } = over(async (_dataset, parcel) => {
    sent.push(...parcel.entries.map((each) => each.path));
    return took(parcel);
  }, there);
  uploads.begin("photos", files(2600));
  await idle();
  assert.equal(sent.length, 100);
  assert.ok(!sent.some(there));
  assert.deepEqual(uploads.batch.counts, { added: 100, updated: 0, unchanged: 2500, quarantined: 0, left_out: 0 });
  assert.equal(uploads.batch.before, 2500);
  assert.equal(uploads.pace.share, 1);
});

test("while nobody answers they are sent again, and none is lost or counted twice", async () => {
  let away = 5;
  const { uploads, idle } = over(async (_dataset, parcel) => {
    await turn();
    if (away-- > 0) throw trouble(true, "unreachable");
    return took(parcel);
  });
  uploads.begin("photos", [...files(6), ...large(3)]);
  await idle();
  assert.equal(uploads.batch.counts.added, 9);
  assert.equal(uploads.batch.trouble, null);
  assert.deepEqual(uploads.batch.failed, []);
});

test("of a parcel that is refused only the files to blame stay behind", async () => {
  const bad = new Set(["3.jpg", "70.jpg"]);
  const { uploads, idle } = over(async (_dataset, parcel) => {
    await turn();
    if (parcel.entries.some(({ path }) => bad.has(path))) throw trouble(false);
    return took(parcel);
  });
  uploads.begin("photos", files(100));
  await idle();
  assert.deepEqual(
    uploads.batch.failed.map((each) => each.path),
    [...bad],
  );
  assert.equal(uploads.batch.counts.added, 98);
  assert.equal(uploads.batch.finished, 100);
});

test("what the server refuses is told, and after five refusals in a row a person is asked", async () => {
  let no = true;
  const { uploads, idle } = over(async (_dataset, parcel) => {
    await turn();
    if (no) throw trouble(false);
    return took(parcel);
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
    (_dataset, _parcel, _onSent, signal) =>
      new Promise((_done, failed) => signal.addEventListener("abort", () => failed(trouble(false, "cancelled")))),
  );
  uploads.begin("photos", large(10));
  await turn();
  uploads.cancel();
  await idle();
  assert.equal(uploads.unfinished, false);
  assert.equal(uploads.batch.cancelled, 10);
  assert.deepEqual(uploads.batch.failed, []);
});

test("a pause stops a large file where it is, and it goes on there", async () => {
  const reasons = [];
  let first = true;
  const { uploads, idle } = over((_dataset, parcel, _onSent, signal) => {
    if (!first) return Promise.resolve(took(parcel));
    return new Promise((_done, failed) =>
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason);
        failed(trouble(false, "cancelled"));
      }),
    );
  });
  uploads.begin("photos", large(5));
  await turn();
  uploads.pause();
  await idle();
  assert.deepEqual(reasons, ["paused", "paused", "paused"]);
  assert.equal(uploads.busy, false);
  assert.equal(uploads.unfinished, true);
  first = false;
  uploads.resume();
  await idle();
  assert.equal(uploads.batch.counts.added, 5);
  assert.equal(uploads.batch.cancelled, 0);
});

test("the share counts the bytes that are on their way", async () => {
  const { uploads } = over((_dataset, { size }, onSent) => {
    onSent(size / 2);
    return new Promise(() => {});
  });
  uploads.begin("photos", large(2));
  await turn();
  assert.equal(uploads.pace.share, 0.5);
});

test("what an ended tab left undone is told until it is done or forgotten", () => {
  const kept = new Map([["visloop.upload.broken", "{"]]);
  const shelf = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    key: (k) => [...kept.keys()][k] ?? null,
    get length() {
      return kept.size;
    },
  };
  const note = { dataset: "photos", total: 10, finished: 3, first: "a.jpg", says: { split: "train" }, time: 1 };
  keep(shelf, note);
  keep(shelf, { ...note, dataset: "films", time: 2 });
  assert.deepEqual(
    cutOff(shelf).map((each) => each.dataset),
    ["films", "photos"],
  );
  forget(shelf, "films");
  assert.deepEqual(cutOff(shelf), [note]);
});

test("what systems leave in folders is not sent; a folder may be a class", () => {
  assert.equal(isHidden("set/.DS_Store"), true);
  assert.equal(isHidden("__MACOSX/a.jpg"), true);
  assert.equal(isHidden("set/Thumbs.db"), true);
  assert.equal(isHidden("set/gear/a.jpg"), false);
  assert.equal(folderOf("set/gear/a.jpg"), "gear");
  assert.equal(folderOf("a.jpg"), "");
});
