import assert from "node:assert/strict";
import { test } from "node:test";

const map = "../../src/visloop/faces/ui/views/dataset/map/";
const places = await import(map + "places.js");
const { coloured, paintsOf, ramp } = await import(map + "paints.js");

const POINTS = new Float32Array([0, 0, 1, 0, 0, 1, -1, 0, 0.9, 0.1, NaN, NaN]);
const LOOK = { x: 0.2, y: -0.1, scale: 300 };

test("a place of the screen is that place of the map, before and after coming closer", () => {
  const [left, top] = places.onScreen(LOOK, 800, 600, 0.5, 0.25);
  const [x, y] = places.onMap(LOOK, 800, 600, left, top);
  assert.ok(Math.abs(x - 0.5) < 1e-9 && Math.abs(y - 0.25) < 1e-9);
  const nearer = places.zoomed(LOOK, 800, 600, left, top, 3);
  assert.equal(nearer.scale, 900);
  const after = places.onScreen(nearer, 800, 600, 0.5, 0.25);
  assert.ok(Math.hypot(after[0] - left, after[1] - top) < 1e-6);
  const all = places.whole(800, 600);
  for (const [px, py] of [
    [-1, -1],
    [1, 1],
  ]) {
    const [sx, sy] = places.onScreen(all, 800, 600, px, py);
    assert.ok(sx > 0 && sx < 800 && sy > 0 && sy < 600);
  }
});

test("the nearest, those around, those in a direction; what stands nowhere is never one of them", () => {
  assert.equal(places.nearest(POINTS, 0.95, 0.01), 1);
  assert.equal(places.nearest(POINTS, 0.5, 0.5, 0.1), -1);
  assert.deepEqual(places.around(POINTS, 1, 3), [1, 4, 0]);
  assert.equal(places.around(POINTS, 1, 99).length, 5);
  assert.equal(places.towards(POINTS, 0, 0, 1), 2);
  assert.equal(places.towards(POINTS, 0, -1, 0), 3);
  assert.equal(places.towards(POINTS, 3, -1, 0), -1);
});

test("a line drawn around picks what lies inside, also where it turns inwards", () => {
  const line = [
    [-0.5, -0.5],
    [1.5, -0.5],
    [1.5, 0.5],
    [0.5, 0.5],
    [0.5, -0.2],
    [-0.5, -0.2],
  ];
  assert.deepEqual(places.inside(POINTS, line), [1, 4]);
  assert.deepEqual(places.inside(POINTS, places.rectangle([1.2, 0.5], [-0.5, -0.5])), [0, 1, 4]);
  assert.deepEqual(places.inside(POINTS, [[0, 0]]), []);
});

test("pictures appear where there is room for them", () => {
  const close = places.close(POINTS, { x: 0, y: 0, scale: 100 }, 400, 300, 60);
  assert.deepEqual(close.map(({ index }) => index).sort(), [0, 1, 2, 3, 4]);
  assert.deepEqual(places.close(POINTS, { x: 0, y: 0, scale: 100 }, 60, 60, 60), [{ index: 0, left: 30, top: 30 }]);
  const many = new Float32Array(2000).fill(0.01);
  assert.deepEqual(places.close(many, { x: 0, y: 0, scale: 100 }, 400, 300, 60), []);
});

test("bytes come out of base64 as they went in", () => {
  assert.deepEqual([...places.bytesOf("AAH/")], [0, 1, 255]);
  assert.equal(places.hexAt(new Uint8Array([0, 1, 254, 255]), 1, 2), "feff");
});

test("a point has the colour of its value; hidden ones none, others pale beside picked ones", () => {
  const classes = { names: ["cat"], colour: () => "#ff0000" };
  const paints = paintsOf(["cat", "night", "none"], classes);
  assert.equal(paints[0], "#ff0000");
  const of = { count: 3, codes: new Uint8Array([0, 1, 2]), values: new Float32Array(0), paints };
  const plain = coloured({ ...of, picked: new Set(), hidden: [1] });
  assert.deepEqual([...plain.slice(0, 4)], [255, 0, 0, 255]);
  assert.deepEqual([...plain.slice(4, 8)], [0, 0, 0, 0]);
  const some = coloured({ ...of, picked: new Set([2]), hidden: [] });
  assert.ok(some[3] < 100 && some[11] === 255);
  const scale = ramp(new Float32Array([2, NaN, 6]));
  assert.deepEqual([scale.low, scale.high], [2, 6]);
  assert.notDeepEqual(scale.colour(2), scale.colour(6));
  assert.deepEqual(scale.colour(NaN), ramp(new Float32Array([1])).colour(NaN));
});
