import assert from "node:assert/strict";
import { test } from "node:test";

const { partAround, sizeOf } = await import("../../src/visloop/faces/ui/views/dataset/objects/part.js");

const around = (box, picture_wh = [640, 480]) => partAround({ around: box, picture_wh });

test("an object stands in the middle of a square with a margin, whole pixels", () => {
  assert.deepEqual(around([100, 200, 200, 220]), [80, 140, 220, 280]);
  assert.deepEqual(around([100, 200, 112, 208]), [92, 190, 120, 218]);
  assert.deepEqual(around([100.4, 200.2, 100.6, 200.4]), [92, 192, 109, 209]);
});

test("at the edge it is moved, not cut; it never leaves the picture", () => {
  assert.deepEqual(around([0, 0, 20, 20]), [0, 0, 36, 36]);
  assert.deepEqual(around([620, 470, 660, 500]), [584, 424, 640, 480]);
  assert.deepEqual(around([10, 10, 630, 470]), [0, 0, 640, 480]);
  assert.deepEqual(around([-50, -50, -40, -40], [9, 5]), [0, 0, 9, 5]);
});

test("what lies nowhere is the whole picture", () => {
  assert.deepEqual(around(null), [0, 0, 640, 480]);
  assert.equal(sizeOf(null), "whole picture");
  assert.equal(sizeOf([1.2, 2, 13.4, 9.5]), "12 × 8");
});
