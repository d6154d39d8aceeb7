import assert from "node:assert/strict";
import { test } from "node:test";

const ui = "../../src/visloop/faces/ui/lib/palette/";
const { match, ranked } = await import(ui + "fuzzy.js");
const { recent, visited } = await import(ui + "recent.js");

const named = (...names) => names.map((words) => ({ words }));
const found = (asked, ...names) => ranked(asked, named(...names)).map((each) => each.words);

test("letters in their order find a name; words may stand in any order", () => {
  assert.deepEqual(match("dfg", "defog")?.at, [0, 2, 4]);
  assert.equal(match("gfd", "defog"), null);
  assert.deepEqual(found("versions blood", "blood: versions", "blood", "versions of code"), ["blood: versions"]);
  assert.deepEqual(found("", "b", "a"), ["b", "a"]);
});

test("letters together and at the beginning of words come first", () => {
  assert.equal(found("que", "quick use", "Queue", "unique")[0], "Queue");
  assert.equal(found("rv2", "reader@v12", "reader@v2")[0], "reader@v2");
  assert.equal(found("data", "a day at anchor", "metadata", "Data")[0], "Data");
});

test("the words behind a name find it too, after names", () => {
  const entries = [{ words: "x1", hint: "run of reader" }, { words: "reader" }];
  assert.deepEqual(
    ranked("reader", entries).map((each) => each.words),
    ["reader", "x1"],
  );
});

test("the newest place comes first, each once, a dozen at the most", () => {
  const kept = new Map();
  const shelf = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  for (let k = 0; k < 20; k++) visited(shelf, { address: `#/data/${k}`, words: `data / ${k}` });
  visited(shelf, { address: "#/data/15", words: "data / 15" });
  const places = recent(shelf);
  assert.equal(places.length, 12);
  assert.equal(places[0].address, "#/data/15");
  assert.equal(new Set(places.map((each) => each.address)).size, 12);
  kept.set("visloop.recent", "{broken");
  assert.deepEqual(recent(shelf), []);
});
