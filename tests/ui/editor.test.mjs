// The editor's pure parts: shapes, gestures, steps that can be undone, the brush.
import assert from "node:assert/strict";
import { test } from "node:test";

const ui = new URL("../../src/visloop/faces/ui/views/editor/", import.meta.url);
const { area, bounds, corners, handleAt, handles, hits, moved, reshaped, snapped, turned, under } = await import(
  ui + "shapes.js"
);
const { applied, Desk, editsOf, reversed } = await import(ui + "desk.js");
const { back, finish, move, NONE, press, release } = await import(ui + "gestures.js");
const { bitmap, encoded, painted } = await import(ui + "brush.js");
const { fitted } = await import(ui + "stage.js");
const { outlines } = await import(new URL("../../src/visloop/faces/ui/lib/marks.js", import.meta.url));

const SIZE = { width: 100, height: 80 };
const box = (id, xyxy, label = "cat") => ({ type: "box", id, label, xyxy });
/** Numbers that are the same on every run. */
function numbers(seed) {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

test("a box is inside the picture, upright, and has an area", () => {
  assert.deepEqual(corners({ x: 120, y: -5 }, { x: 40, y: 20 }, SIZE), [40, 0, 100, 20]);
  assert.equal(corners({ x: 5, y: 5 }, { x: 5.4, y: 50 }, SIZE), null);
  assert.equal(corners({ x: 150, y: 5 }, { x: 190, y: 50 }, SIZE), null);
});

test("what is locked is neither taken, moved nor reshaped", () => {
  const [outer, inner] = [box("outer", [10, 10, 90, 70]), box("inner", [30, 30, 50, 50])];
  const table = (locked, selected = null) => ({
    ...{ tool: "select", label: "cat", size: SIZE, objects: [outer, inner], selected, reach: 2, arm: 20, free: true },
    locked: new Set(locked),
  });
  const at = { x: 40, y: 40 };
  assert.equal(press(NONE, at, table([])).object, inner);
  assert.equal(press(NONE, at, table(["inner"])).object, outer);
  assert.equal(press(NONE, at, table(["inner", "outer"])).object, undefined);
  assert.equal(press(NONE, { x: 50, y: 50 }, table([], "inner")).kind, "reshape");
  assert.equal(press(NONE, { x: 50, y: 50 }, table(["inner"], "inner")).kind, "move");
  assert.equal(release(press(NONE, at, table(["inner"])), at, table(["inner"])).select, "outer");
});

test("whatever is dragged wherever stays inside the picture", () => {
  const next = numbers(7);
  const shapes = [
    box("b", [10, 10, 30, 40]),
    { type: "polygon", id: "p", label: "cat", rings: [[5, 5, 40, 8, 20, 50]] },
    {
      type: "points",
      id: "q",
      label: "cat",
      points: [
        [4, 4, 2],
        [0, 0, 0],
        [50, 60, 1],
      ],
    },
  ];
  for (let k = 0; k < 400; k++) {
    const shape = shapes[k % 3];
    const to = { x: next(300) - 100, y: next(300) - 100 };
    const grips = handles(shape);
    for (const each of [moved(shape, to.x, to.y, SIZE), reshaped(shape, grips[next(grips.length)], to, SIZE)]) {
      const [x1, y1, x2, y2] = bounds(each);
      assert.ok(x1 >= 0 && y1 >= 0 && x2 <= 100 && y2 <= 80, JSON.stringify(each));
      assert.ok(each.type !== "box" || (x1 < x2 && y1 < y2));
    }
  }
});

test("a turned box keeps the corner across when a corner is dragged", () => {
  const shape = { type: "obb", id: "o", label: "cat", cxcywh: [50, 40, 30, 10], angle_deg: 30 };
  const [ring] = outlines(shape);
  const [knob] = handles(shape).filter(({ part }) => part === "corner");
  const after = reshaped(shape, knob, { x: knob.x - 6, y: knob.y - 3 }, SIZE);
  const across = outlines(after)[0][2];
  assert.ok(Math.hypot(across[0] - ring[2][0], across[1] - ring[2][1]) < 0.05);
  const up = reshaped(
    shape,
    handles(shape).find(({ part }) => part === "turn"),
    { x: 90, y: 40 },
    SIZE,
  );
  assert.equal(up.angle_deg, 90);
  assert.equal(turned({ ...shape, angle_deg: 179.5 }, 1).angle_deg, -179.5);
  assert.deepEqual(turned(box("b", [10, 10, 30, 50]), 5).cxcywh, [20, 30, 20, 40]);
});

test("the smallest shape under the pointer is the one that is meant", () => {
  const [big, small] = [box("big", [0, 0, 90, 70]), box("small", [20, 20, 30, 30])];
  assert.equal(under([big, small], { x: 25, y: 25 }, 2).id, "small");
  assert.equal(under([small, big], { x: 60, y: 60 }, 2).id, "big");
  assert.equal(under([small], { x: 60, y: 60 }, 2), null);
  assert.equal(area(small), 100);
  const ring = { type: "polygon", id: "p", label: "cat", rings: [[0, 0, 20, 0, 20, 20, 10, 5, 0, 20]] };
  assert.ok(hits(ring, { x: 3, y: 5 }, 1));
  assert.ok(!hits(ring, { x: 10, y: 15 }, 1), "in the notch");
  assert.equal(handleAt(big, { x: 88, y: 71 }, 4).part, "se");
});

test("edges spring to what is near, not to what is far", () => {
  const lines = { xs: [0, 100, 33], ys: [0, 80] };
  assert.deepEqual(snapped({ x: 35, y: 40 }, lines, 3), { x: 33, y: 40 });
  assert.deepEqual(snapped({ x: 37, y: 78 }, lines, 3), { x: 37, y: 80 });
});

const table = (more = {}) => ({
  tool: "box",
  label: "cat",
  size: SIZE,
  objects: [],
  selected: null,
  reach: 3,
  arm: 20,
  free: true,
  ...more,
});
const dragged = (from, to, on) => release(move(press(NONE, from, on), to, on), to, on);

test("a drag draws, a click selects, a drag on what is selected changes it", () => {
  const drawn = dragged({ x: 10, y: 10 }, { x: 40, y: 30 }, table());
  assert.deepEqual(drawn.done.xyxy, [10, 10, 40, 30]);
  assert.equal(drawn.select, drawn.done.id);
  const on = table({ objects: [drawn.done] });
  assert.equal(dragged({ x: 20, y: 20 }, { x: 20, y: 20 }, on).select, drawn.done.id);
  assert.equal(dragged({ x: 90, y: 70 }, { x: 90, y: 70 }, on).select, null);
  const held = table({ objects: [drawn.done], selected: drawn.done.id });
  assert.deepEqual(dragged({ x: 40, y: 30 }, { x: 50, y: 44 }, held).done.xyxy, [10, 10, 50, 44]);
  const moving = table({ tool: "select", objects: [drawn.done] });
  assert.deepEqual(dragged({ x: 20, y: 20 }, { x: 25, y: 22 }, moving).done.xyxy, [15, 12, 45, 32]);
  assert.equal(dragged({ x: 80, y: 60 }, { x: 85, y: 62 }, moving).done, undefined, "nothing is drawn with the arrow");
});

test("a polygon is closed at its first corner, a corner can be taken back", () => {
  const on = table({ tool: "polygon" });
  const click = (gesture, x, y) => release(press(gesture, { x, y }, on), { x, y }, on);
  let path = click(click(click(click(NONE, 10, 10), 50, 10), 70, 70), 50, 50);
  path = back(path, on);
  assert.equal(path.places.length, 3);
  const done = click(click(path, 30, 60), 11, 10);
  assert.deepEqual(done.done.rings, [[10, 10, 50, 10, 70, 70, 30, 60]]);
  assert.equal(finish(click(click(NONE, 1, 1), 20, 1), on).done, undefined, "two corners are no polygon");
});

test("a skeleton is done with its last point", () => {
  const on = table({ tool: "points", skeleton: { names: ["head", "tail"], edges: [[0, 1]] } });
  const first = press(NONE, { x: 5, y: 5 }, on);
  const done = press(first, { x: 25, y: 5 }, on).done;
  assert.deepEqual(done.points, [
    [5, 5, 2],
    [25, 5, 2],
  ]);
  assert.deepEqual(done.names, ["head", "tail"]);
});

const server = (objects) => ({ path: "a.jpg", annotations: objects, labelled: false, width: 100, height: 80 });
function deskOf(objects) {
  const way = [];
  return {
    way,
    desk: new Desk(
      "line",
      server(objects),
      () => way,
      (ask) => way.push({ ask }),
    ),
  };
}

test("undo leads back through every step, redo forth again", () => {
  const { desk, way } = deskOf([box("a", [1, 1, 9, 9])]);
  const states = [desk.shown];
  const next = numbers(3);
  for (let k = 0; k < 60; k++) {
    const { objects } = desk.shown;
    if (k % 5 === 4 && objects.length) desk.change([], [objects[next(objects.length)].id]);
    else if (k % 7 === 6) desk.say(!desk.shown.labelled);
    else desk.change([box(`n${next(9)}`, [next(20), next(20), 30 + k, 60])]);
    states.push(desk.shown);
  }
  assert.equal(desk.done.length, 60);
  const same = (one, other) => {
    const sorted = ({ objects, labelled }) => [labelled, [...objects].sort((a, b) => a.id.localeCompare(b.id))];
    assert.deepEqual(sorted(one), sorted(other));
  };
  for (let k = 59; k >= 0; k--) {
    desk.undo();
    same(desk.shown, states[k]);
  }
  assert.equal(desk.undo(), null);
  for (let k = 1; k <= 60; k++) {
    desk.redo();
    same(desk.shown, states[k]);
  }
  assert.equal(way.length, 180, "each of them went to the server");
});

test("what is shown is the server's state with what is on its way", () => {
  const { desk, way } = deskOf([]);
  desk.change([box("a", [1, 1, 9, 9])]);
  assert.deepEqual(way[0].ask, { dataset: "line", path: "a.jpg", edits: [{ put: box("a", [1, 1, 9, 9]) }] });
  assert.equal(desk.shown.objects.length, 1);
  desk.refreshed({ ...server([box("a", [1, 1, 9, 9])]), labelled: true });
  way.shift();
  assert.equal(desk.shown.objects.length, 1);
  assert.equal(desk.shown.labelled, true);
  desk.change([box("a", [1, 1, 9, 9])]);
  assert.equal(way.length, 0, "nothing has changed");
  desk.change([], ["a"]);
  assert.deepEqual(way[0].ask.edits, [{ remove: "a", was: box("a", [1, 1, 9, 9]) }]);
});

test("a step and its reverse are nothing", () => {
  const step = {
    changes: [
      { id: "a", before: null, after: box("a", [1, 1, 2, 2]) },
      { id: "a", before: box("a", [1, 1, 2, 2]), after: box("a", [1, 1, 3, 3]) },
    ],
    labelled: [false, true],
  };
  const none = { objects: [], labelled: false };
  assert.deepEqual(applied(none, [...editsOf(step), ...editsOf(reversed(step))]), none);
});

test("run lengths say what was painted, and back", () => {
  const next = numbers(11);
  const size = { width: 23, height: 17 };
  for (let k = 0; k < 30; k++) {
    const places = Array.from({ length: 1 + next(4) }, () => ({ x: next(30) - 3, y: next(24) - 3 }));
    const mask = painted(null, { id: "m", label: "cat" }, size, places, 1 + next(5), false);
    if (!mask) continue;
    assert.equal(
      mask.counts.reduce((a, b) => a + b, 0),
      23 * 17,
    );
    assert.deepEqual(encoded(bitmap(mask, size)), mask.counts);
    assert.equal(painted(mask, { id: "", label: "" }, size, [{ x: 11, y: 8 }], 99, true), null, "all of it erased");
  }
  const dot = painted(null, { id: "m", label: "cat" }, size, [{ x: 5.5, y: 3.5 }], 0.6, false);
  assert.deepEqual(dot.counts, [5 * 17 + 3, 1, 23 * 17 - 5 * 17 - 4]);
});

test("a picture stands whole in the middle; an object that would be tiny so is seen closely", () => {
  const [size, frame] = [
    { width: 4000, height: 3000 },
    { width: 824, height: 624 },
  ];
  assert.deepEqual(fitted(size, frame, null), { z: 0.2, x: 12, y: 12 });
  assert.deepEqual(fitted(size, frame, [100, 100, 1100, 900]), { z: 0.2, x: 12, y: 12 });
  const { z, x, y } = fitted(size, frame, [3000, 2000, 3012, 2012]);
  assert.equal(z, 8);
  assert.deepEqual([x + z * 3006, y + z * 2006], [412, 312]);
  assert.equal(fitted(size, { width: 0, height: 0 }, null).z, 1e-3);
});
