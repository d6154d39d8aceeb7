// @ts-check
/** Pure functions behind the views of versions. */
import assert from "node:assert/strict";
import test from "node:test";
import { drawnOf, kindsOf, plain, toldOf, wayAround } from "../../src/visloop/faces/ui/views/versions/changes.js";
import { closer, moved, WHOLE } from "../../src/visloop/faces/ui/views/versions/looking.js";
import { lanesOf } from "../../src/visloop/faces/ui/views/versions/lanes.js";

/** @param {string} version @param {...string} parents */
const node = (version, ...parents) => ({ version, parents });

test("a line of versions stands in one lane", () => {
  const { rows, width } = lanesOf([node("v3", "v2"), node("v2", "v1"), node("v1")]);
  assert.equal(width, 1);
  assert.deepEqual(
    rows.map((row) => row.lane),
    [0, 0, 0],
  );
  assert.deepEqual(rows[2].lines, [{ from: 0, to: 0, kind: "in" }]);
});

test("a branch gets a lane and gives it back where it was merged from", () => {
  const { rows, width } = lanesOf([
    node("v5", "v4"),
    node("v4", "v3", "v2"),
    node("v3", "v1"),
    node("v2", "v1"),
    node("v1"),
  ]);
  assert.equal(width, 2);
  assert.deepEqual(
    rows.map((row) => row.lane),
    [0, 0, 0, 1, 0],
  );
  assert.deepEqual(rows[1].lines.slice(1), [
    { from: 0, to: 0, kind: "out" },
    { from: 0, to: 1, kind: "out" },
  ]);
  assert.deepEqual(rows[3].lines, [
    { from: 0, to: 0, kind: "past" },
    { from: 1, to: 1, kind: "in" },
    { from: 1, to: 0, kind: "out" },
  ]);
});

test("a head that is older joins the lane left of it, the newest keeps its own", () => {
  const { rows, width } = lanesOf([node("v4", "v2"), node("v3", "v1"), node("v2", "v1"), node("v1")]);
  assert.equal(width, 2);
  assert.deepEqual(
    rows.map((row) => row.lane),
    [0, 1, 0, 0],
  );
  assert.deepEqual(rows[3].lines, [
    { from: 0, to: 0, kind: "in" },
    { from: 1, to: 0, kind: "in" },
  ]);
  const three = lanesOf([node("v4", "v1"), node("v3", "v1"), node("v2", "v1"), node("v1")]);
  assert.equal(three.width, 2, "a freed lane is used again");
});

/** @param {string} id @param {string} label @param {[number, number, number, number]} xyxy */
const box = (id, label, xyxy) => ({ type: /** @type {const} */ ("box"), id, label, xyxy });

/** @param {string} kind @param {string} object @param {object} [more] */
const happened = (kind, object, more = {}) => ({
  kind,
  object,
  label: "nut",
  was_label: null,
  iou: null,
  values: [],
  ...more,
});

test("of several changes of one object the one that matters most is drawn", () => {
  const kinds = kindsOf([
    happened("attributes", "a"),
    happened("moved", "a"),
    happened("relabelled", "a"),
    happened("moved", "b"),
  ]);
  assert.deepEqual(
    [...kinds],
    [
      ["a", "relabelled"],
      ["b", "moved"],
    ],
  );
});

test("a moved object is drawn on both sides, and its old place on the new one", () => {
  /** @type {any} */
  const change = {
    path: "a.jpg",
    fields: ["annotations"],
    kinds: ["changed"],
    was_path: null,
    metadata: [{ field: "site", was: null, now: "north" }],
    objects: [happened("moved", "a", { iou: 0.333 }), happened("relabelled", "b", { was_label: "gear" })],
    was: {
      annotations: [box("a", "nut", [0, 0, 10, 10]), box("b", "gear", [5, 5, 9, 9]), box("c", "nut", [1, 1, 2, 2])],
    },
    now: {
      annotations: [box("a", "nut", [5, 0, 15, 10]), box("b", "nut", [5, 5, 9, 9]), box("c", "nut", [1, 1, 2, 2])],
    },
  };
  const [before, after] = drawnOf(change);
  assert.deepEqual(
    before.map(({ kind }) => kind),
    ["", "moved", "relabelled"],
  );
  assert.deepEqual(
    after.map(({ kind, ghost }) => [kind, ghost]),
    [
      ["", false],
      ["moved", true],
      ["moved", false],
      ["relabelled", false],
    ],
  );
  assert.deepEqual(
    toldOf(change).map(({ kind, words }) => `${kind} ${words}`),
    ["moved nut, IoU 0.33", "relabelled gear → nut", "metadata site: – → north"],
  );
});

test("values are said as people read them", () => {
  assert.equal(plain({ type: "box", xyxy: [10.2, 20, 40, 60] }), "30 × 40 at 10, 20");
  assert.equal(plain({ type: "box", label: "nut", xyxy: [0, 0, 1, 2] }), "nut, 1 × 2 at 0, 0");
  assert.equal(plain(null), "–");
  assert.equal(plain(false), "no");
  assert.equal(plain({ path: "a.jpg", objects: 3, image: "00" }), "path a.jpg, objects 3");
});

test("a mask is drawn by its runs, a polygon by its corners", () => {
  const mask = {
    type: /** @type {const} */ ("mask"),
    size_hw: /** @type {[number, number]} */ ([4, 4]),
    counts: [5, 2, 9],
  };
  assert.deepEqual(wayAround(mask), { d: "M1 1h1v2h-1z", at: [1, 1] });
  const polygon = { type: /** @type {const} */ ("polygon"), rings: [[1, 2, 5, 2, 5, 6]] };
  assert.deepEqual(wayAround(polygon), { d: "M1 2L5 2L5 6Z", at: [1, 2] });
});

test("what lies under the pointer stays there while it comes closer", () => {
  const under = (/** @type {any} */ { z, x }, /** @type {number} */ at) => x + at / z;
  const once = closer(WHOLE, 2, 0.25, 0.75);
  assert.equal(once.z, 2);
  assert.equal(under(once, 0.25), under(WHOLE, 0.25));
  const twice = closer(once, 1.7, 0.6, 0.5);
  assert.ok(Math.abs(under(twice, 0.6) - under(once, 0.6)) < 1e-12);
});

test("nothing beside the picture is ever seen", () => {
  assert.deepEqual(closer(WHOLE, 0.5), WHOLE);
  const corner = closer(WHOLE, 4, 1, 1);
  assert.deepEqual(corner, { z: 4, x: 0.75, y: 0.75 });
  assert.deepEqual(moved(corner, 5, -9), { z: 4, x: 0.75, y: 0 });
  assert.deepEqual(closer(corner, 0.01), WHOLE);
  assert.equal(closer(corner, 1000).z, 24);
  assert.deepEqual(moved(WHOLE, 0.4, 0.4), WHOLE);
});
