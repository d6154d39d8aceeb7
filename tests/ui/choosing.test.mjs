import assert from "node:assert/strict";
import { test } from "node:test";

const lib = "../../src/visloop/faces/ui/lib/";
const places = await import("../../src/visloop/faces/ui/views/dataset/choosing/places.js");
const { MOST_PX, laidOut, offsetAt, scrolled } = await import(lib + "tall.js");

test("places are what a list of yes and no says, whatever is done to them", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const said = new Array(60).fill(false);
  let now = places.NOWHERE;
  for (let turn = 0; turn < 500; turn++) {
    const [from, to] = [random(60), random(61)].sort((a, b) => a - b);
    const kind = random(3);
    if (kind === 0) now = places.joined(now, from, to);
    if (kind === 1) now = places.without(now, from, to);
    if (kind === 2) now = places.turned(now, from % 60);
    for (let at = from; at < to && kind < 2; at++) said[at] = kind === 0;
    if (kind === 2) said[from % 60] = !said[from % 60];
    assert.deepEqual(
      said.map((_, at) => places.has(now, at)),
      said,
    );
    assert.equal(places.sizeOf(now), said.filter(Boolean).length);
    assert.equal([...places.each(now)].length, places.sizeOf(now));
    assert.deepEqual(places.read(places.written(now)), now);
    for (let k = 1; k < now.length; k++) assert.ok(now[k - 1][1] < now[k][0]);
  }
});

test("a list of a million rows is scrolled pixel by pixel, and by pulling the bar", () => {
  const [height, view] = [260_000_000, 900];
  assert.equal(laidOut(height), MOST_PX);
  assert.equal(laidOut(1000), 1000);
  assert.equal(offsetAt(0, height), 0);
  // from the top by the wheel: each step leads as far as it says, across the ends of pages
  let stand = { top: 0, offset: 0 };
  let seen = 0;
  for (let step = 0; step < 3000; step++) {
    const { by, ...next } = scrolled(stand, stand.top + 300, { height, view });
    assert.equal(next.top + next.offset, (seen += 300));
    assert.ok(next.top >= 0 && next.top <= MOST_PX, `${next.top}`);
    assert.equal(by === 0, next.offset === stand.offset);
    stand = next;
  }
  // and back again
  for (let step = 0; step < 3000; step++) {
    const { by: _, ...next } = scrolled(stand, stand.top - 300, { height, view });
    assert.equal(next.top + next.offset, (seen -= 300));
    stand = next;
  }
  assert.deepEqual(stand, { top: 0, offset: 0 });
  // the bar's end is the list's end, its middle about the middle
  const end = scrolled(stand, MOST_PX - view, { height, view });
  assert.ok(Math.abs(end.top + end.offset - (height - view)) <= 1);
  const middle = scrolled(stand, (MOST_PX - view) / 2, { height, view });
  assert.ok(Math.abs(middle.top + middle.offset - height / 2) < height / 100);
  // what is low enough is left alone
  assert.deepEqual(scrolled({ top: 5, offset: 0 }, 9000, { height: 20_000, view }), { top: 9000, offset: 0, by: 0 });
});
