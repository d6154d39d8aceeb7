// What is done to a track, as changes of key frames: each leads where it should, and its reverse leads back.
import assert from "node:assert/strict";
import { test } from "node:test";

const ui = new URL("../../src/visloop/faces/ui/views/editor/", import.meta.url);
const { Film } = await import(ui + "film/film.js");
const { anew, ended, ghost, gone, hidden, joined, keyed, left, renamed, split } = await import(ui + "film/deeds.js");
const { Desk, reversed } = await import(ui + "desk.js");

const box = (x, track = "t") => ({ type: "track", id: track, track, label: "car", xyxy: [x, 0, x + 5, 5] });
const frames = Array.from({ length: 9 }, (_, k) => ({ path: `${k}.png`, place: k, annotations: [] }));
const seen = (keys, stops = [], track = "t") => ({
  ...{ track, label: "car", type: "track", frames: 9, stops, apart: [] },
  keys: keys.map(([frame, x]) => ({ frame, object: box(x, track) })),
});

/** A film with tracks, a desk on one of its frames, and where each track is in sight. */
function table(at, ...tracks) {
  const waiting = [];
  const film = new Film("belt", "belt.mp4", frames, tracks);
  const desk = new Desk(
    "belt",
    { ...frames[at] },
    () => [...waiting],
    (ask) => waiting.push({ ask }),
  );
  desk.join(film, { done: [], undone: [] });
  const track = (name = "t") => film.tracks([...waiting]).get(name);
  const sight = (name) => [...(track(name)?.shown.keys() ?? [])].sort((a, b) => a - b);
  return { film, desk, track, sight };
}

test("not in one frame, though in those beside it", () => {
  const { film, desk, track, sight } = table(
    4,
    seen([
      [0, 0],
      [8, 80],
    ]),
  );
  desk.make(hidden(film, track(), 4));
  assert.deepEqual(sight(), [0, 1, 2, 3, 5, 6, 7, 8]);
  assert.equal(track().shown.get(6).xyxy[0], 60, "what is beside it stays where it was");
  desk.undo();
  assert.deepEqual(sight(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("it leaves, stays, ends, and is gone", () => {
  const { film, desk, track, sight } = table(
    2,
    seen([
      [0, 0],
      [8, 80],
    ]),
  );
  desk.make(left(film, track(), 2));
  assert.deepEqual(sight(), [0, 1, 2, 8]);
  desk.make(left(film, track(), 2));
  assert.equal(sight().length, 9);
  desk.make(ended(film, track(), 5));
  assert.deepEqual(sight(), [0, 1, 2, 3, 4, 5]);
  assert.equal(ghost(track(), 7).xyxy[0], 50, "where it was seen last");
  desk.make(keyed(film, track(), 7, ghost(track(), 7)));
  assert.deepEqual(sight(), [0, 1, 2, 3, 4, 5, 6, 7]);
  desk.make(gone(film, track()));
  assert.deepEqual(sight(), []);
  for (let k = 0; k < 5; k++) desk.undo();
  assert.equal(sight().length, 9);
});

test("split and joined again, it is where it was", () => {
  const { film, desk, track, sight } = table(
    3,
    seen([
      [0, 0],
      [8, 80],
    ]),
  );
  const before = new Map([...track().shown].map(([at, { xyxy }]) => [at, xyxy]));
  desk.make(split(film, track(), 3, "u"));
  assert.deepEqual(
    [sight("t"), sight("u")],
    [
      [0, 1, 2],
      [3, 4, 5, 6, 7, 8],
    ],
  );
  desk.make(joined(film, track("t"), track("u")));
  assert.equal(sight("u").length, 0);
  for (const [at, xyxy] of before) assert.deepEqual(track().shown.get(at).xyxy, xyxy);
  desk.make(renamed(film, track(), "van"));
  assert.deepEqual(new Set([...track().shown.values()].map(({ label }) => label)), new Set(["van"]));
});

test("joined over a gap, it is out of sight there", () => {
  const { film, desk, track, sight } = table(
    0,
    seen([
      [0, 0],
      [2, 20],
    ]),
    seen(
      [
        [6, 60],
        [8, 80],
      ],
      [],
      "u",
    ),
  );
  desk.make(joined(film, track("t"), track("u")));
  assert.deepEqual(sight("t"), [0, 1, 2, 6, 7, 8]);
});

test("an interpolated shape that is moved is a key frame, and was none", () => {
  const { desk, track } = table(
    4,
    seen([
      [0, 0],
      [8, 80],
    ]),
  );
  const [shown] = desk.shown.objects;
  assert.equal(shown.key_frame, false);
  desk.change([{ ...shown, xyxy: [90, 0, 95, 5] }]);
  assert.equal(desk.done[0].changes[0].before, null);
  assert.equal(track().shown.get(2).xyxy[0], 45);
  assert.equal(reversed(desk.done[0]).changes[0].after, null);
});

test("what was refused of a track is made once more, each key frame in its own frame", () => {
  const { film, desk, track } = table(
    2,
    seen([
      [0, 0],
      [4, 40],
      [8, 80],
    ]),
  );
  let refused;
  desk.send = (ask) => (refused = ask);
  desk.make(renamed(film, track(), "van"));
  film.refreshed([
    seen([
      [0, 0],
      [4, 44], // somebody moved it meanwhile
      [8, 80],
    ]),
  ]);
  const made = anew(film, [], refused);
  assert.deepEqual(
    made.map(({ path, before, after }) => [path, before.xyxy[0], after.label]),
    [
      ["0.png", 0, "van"],
      ["4.png", 44, "van"],
      ["8.png", 80, "van"],
    ],
  );
});
