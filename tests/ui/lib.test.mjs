import assert from "node:assert/strict";
import { test } from "node:test";
import { here } from "../../src/visloop/faces/ui/views/dataset/mends.js";

const ui = "../../src/visloop/faces/ui/lib/";
const { eventsOf, ApiError, large } = await import(ui + "api.js");
const { colouring, PALETTE } = await import(ui + "colours.js");
const { factInWords, folded, groupOf, manyInWords, placeOf } = await import(ui + "facts.js");
const { blocksOf } = await import(ui + "markdown.js");
const { outlines, placed, runs } = await import(ui + "marks.js");
const { Outbox } = await import(ui + "sending/outbox.js");
const { paced, paceInWords } = await import(ui + "pace.js");
const questions = await import(ui + "questions.js");
const states = await import(ui + "states.js");
const words = await import(ui + "words.js");

test("figures are read as people say them", () => {
  assert.equal(words.count(1, "picture"), "1 picture");
  assert.equal(words.count(12345, "picture"), "12,345 pictures");
  assert.equal(words.percent(0.876), "87.6 %");
  assert.equal(words.percent(null), "–");
  assert.equal(words.duration(0.0123), "12 ms");
  assert.equal(words.duration(59.96), "1 min 0 s");
  assert.equal(words.duration(3725), "1 h 2 min");
  assert.equal(words.bytes(23302), "23.3 kB");
  assert.equal(words.figureOf(0.00001234), "1.2e-5");
  assert.equal(words.figureOf(0), "0");
});

test("times are told from now", () => {
  const now = Date.parse("2026-01-05T12:00:00Z");
  assert.equal(words.ago("2026-01-05T11:59:58Z", now), "now");
  assert.equal(words.ago("2026-01-05T11:30:00Z", now), "30 min ago");
  assert.equal(words.ago("2026-01-01T11:30:00Z", now), "1 Jan 2026");
});

test("digests are shortened, other words are not", () => {
  assert.equal(words.shortened(`root ${"ab".repeat(32)} of line@v1`), "root ababababab… of line@v1");
  assert.equal(words.shortened("alert-934b48b63776b37d"), "alert-934b48b63776b37d");
});

test("the surprise of a window is bounded", () => {
  assert.equal(words.surprise(0), 12);
  assert.equal(words.surprise(1), 0);
  assert.ok(Math.abs(words.surprise(0.01) - 2) < 1e-9);
});

test("reasons are told in words, unknown ones as they are", () => {
  assert.equal(words.reasonInWords("uncertain 0.31"), "uncertain: only 31 % sure");
  assert.equal(words.reasonInWords("outlier 0.9981"), "unlike the training pictures (0.998)");
  assert.equal(words.reasonInWords("asked for by hand"), "asked for by hand");
  assert.equal(words.reasonInWords("constructor"), "constructor");
});

test("a healed deployment is not called calm in the words of its last alarm", () => {
  const darker = { state: "calm", verdict: "pictures got darker", windows: [{ alarm: true }] };
  assert.equal(words.verdictInWords(darker), "No window is full since the last alarm was closed");
  assert.equal(words.verdictInWords({ ...darker, state: "alarm" }), "Pictures got darker");
  assert.equal(words.verdictInWords({ ...darker, verdict: "nothing moved", windows: [] }), "Nothing moved");
});

test("the proposal is the surest class, else the surest object", () => {
  const gear = { type: "class", label: "gear", score: 0.3 },
    nut = { type: "class", label: "nut", score: 0.6 },
    box = { type: "box", label: "bolt", score: 0.9 };
  assert.equal(words.proposal([gear, box, nut]), nut);
  assert.equal(words.proposal([box]), box);
  assert.equal(words.proposal([]), undefined);
});

test("labels are counted in the order of the dictionary", () => {
  assert.deepEqual(words.tally([{ label: "b" }, { label: "x" }, { label: "a" }, { label: "b" }, {}], ["a", "b"]), [
    ["a", 1],
    ["b", 2],
    ["x", 1],
  ]);
});

test("classes keep one colour each; a colour of the dictionary wins, if it is one", () => {
  const colour = colouring([
    { name: "a", color: "" },
    { name: "b", color: "#123456" },
    { name: "c", color: "url(javascript:1)" },
  ]);
  assert.equal(colour("a"), PALETTE[0]);
  assert.equal(colour("b"), "#123456");
  assert.equal(colour("c"), PALETTE[2]);
  assert.ok(PALETTE.includes(colour("unknown")));
  assert.equal(colour("unknown"), colouring([])("unknown"));
});

test("outlines are in pixels of the upright picture", () => {
  assert.deepEqual(outlines({ type: "box", xyxy: [1, 2, 5, 8] }), [
    [
      [1, 2],
      [5, 2],
      [5, 8],
      [1, 8],
    ],
  ]);
  const [corners] = outlines({ type: "obb", cxcywh: [10, 10, 4, 2], angle_deg: 90 });
  assert.deepEqual(
    corners.map((at) => at.map(Math.round)),
    [
      [11, 8],
      [11, 12],
      [9, 12],
      [9, 8],
    ],
  );
  assert.deepEqual(outlines({ type: "polygon", rings: [[0, 0, 4, 0, 4, 4]] }), [
    [
      [0, 0],
      [4, 0],
      [4, 4],
    ],
  ]);
  assert.deepEqual(outlines({ type: "class", label: "a" }), []);
});

test("a browser is given bytes that it can show, upright and not huge", () => {
  const sample = { image: "d", media: "image/jpeg", mode: "RGB", width: 640, height: 480 };
  assert.equal(large(sample), "/media/image/d");
  assert.equal(large({ ...sample, media: "image/tiff" }), "/media/thumbnail/d?px=1280");
  assert.equal(large({ ...sample, mode: "CMYK" }), "/media/thumbnail/d?px=1280");
  assert.equal(large({ ...sample, width: 40000, height: 40000 }), "/media/thumbnail/d?px=1280");
});

test("events are taken apart however they arrive", () => {
  const text =
    'event: progress\ndata: {"doing":"embed","unit":"image","done":3,"total":9}\n\nevent: answer\ndata: {"ok":true}\n\neve';
  const { events, rest } = eventsOf(text);
  assert.equal(rest, "eve");
  assert.equal(paceInWords(events[0].data, 0), "embed: 3 of 9 images");
  assert.deepEqual(events[1], { event: "answer", data: { ok: true } });
});

test("cards become blocks", () => {
  const blocks = blocksOf(
    "# gear\n\nMade by `x`.\n\n## Data\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n  more\n",
  );
  assert.deepEqual(
    blocks.map((each) => each.kind),
    ["heading", "paragraph", "heading", "table", "list"],
  );
  assert.deepEqual(blocks[3].rows, [["1", "2"]]);
  assert.deepEqual(blocks[4].items, ["one", "two more"]);
});

test("facts become sentences and lead somewhere", () => {
  const accepted = {
    kind: "label.accepted",
    subject: "task-1",
    actor: "user:owner",
    payload: { dataset: "line", label: "nut", agreed: false, split: "train" },
  };
  assert.equal(factInWords(accepted), "nut, corrected; to train");
  assert.deepEqual(placeOf(accepted), ["data", "line"]);
  assert.deepEqual(placeOf({ kind: "data.committed", subject: "line@v2", payload: {} }), ["data", "line", "v2"]);
  assert.equal(factInWords({ kind: "never.heard", payload: { some_thing: 3, list: [1] } }), "some thing 3");
  assert.equal(groupOf("gate.passed"), "models");
  const rows = [
    ...Array.from({ length: 5 }, () => accepted),
    { ...accepted, kind: "label.queued", payload: { tasks: ["a", "b"] } },
  ];
  assert.deepEqual(
    folded(rows).map((group) => group.length),
    [5, 1],
  );
  assert.equal(manyInWords(folded(rows)[0]), "5 labels: 0 as proposed, 5 corrected or new");
});

/** What a browser's storage does. */
class Shelf {
  kept = new Map();
  get length() {
    return this.kept.size;
  }
  getItem(key) {
    return this.kept.get(key) ?? null;
  }
  setItem(key, value) {
    this.kept.set(key, value);
  }
  removeItem(key) {
    this.kept.delete(key);
  }
  key(k) {
    return [...this.kept.keys()][k] ?? null;
  }
}
const accept = (task, label = null) => ({ verb: "label.accept", ask: { task, label } });
const PREFIX = "visloop.decision.";
const soon = () => new Promise((done) => setTimeout(done, 5));
const settled = async (outbox) => {
  while (outbox.running) await soon();
};

test("decisions are sent in order, once each, and let go of when the server said yes", async () => {
  const shelf = new Shelf(),
    sent = [];
  const outbox = new Outbox(
    async (each) => {
      await soon();
      sent.push(each.ask.task);
    },
    shelf,
    PREFIX,
  );
  for (const task of ["a", "b", "c"]) outbox.add(accept(task));
  assert.equal(shelf.length, 3);
  await settled(outbox);
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.equal(shelf.length, 0);
  assert.equal(outbox.state.taken, 3);
});

test("nothing is lost while nobody answers, and it says so", async () => {
  const shelf = new Shelf(),
    sent = [],
    told = [];
  let up = false;
  const outbox = new Outbox(
    async (each) => {
      if (!up) throw new ApiError("unreachable", "nobody", "");
      sent.push(each.ask.task);
    },
    shelf,
    PREFIX,
    soon,
  );
  outbox.subscribe(() => told.push([outbox.state.waiting.length, outbox.state.trouble?.what]));
  outbox.add(accept("a"));
  outbox.add(accept("b"));
  await soon();
  await soon();
  assert.deepEqual(told.at(-1), [2, "nobody"]);
  assert.equal(shelf.length, 2);
  up = true;
  await settled(outbox);
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(outbox.state.trouble, null);
});

test("what a closed tab left behind is sent by the next one, oldest first", async () => {
  const shelf = new Shelf();
  new Outbox(() => new Promise(() => {}), shelf, PREFIX).add(accept("first"));
  await soon();
  new Outbox(() => new Promise(() => {}), shelf, PREFIX).add(accept("second"));
  shelf.setItem("other", "not ours");
  const sent = [];
  await settled(
    new Outbox(
      async (each) => {
        sent.push(each.ask.task);
      },
      shelf,
      PREFIX,
    ),
  );
  assert.deepEqual(sent, ["first", "second"]);
  assert.equal(shelf.length, 1);
});

test("a refusal is kept until it was read, also by the next tab, and holds nothing up", async () => {
  const shelf = new Shelf(),
    sent = [];
  const send = async (each) => {
    sent.push(each.ask.task);
    if (each.ask.task === "bad") throw new ApiError("label.committed", "it is in a version", "correct it");
  };
  const outbox = new Outbox(send, shelf, PREFIX);
  outbox.add(accept("bad"));
  outbox.add(accept("good"));
  await settled(outbox);
  assert.deepEqual(
    outbox.state.refused.map(({ trouble }) => trouble.what),
    ["it is in a version"],
  );
  assert.equal(outbox.state.taken, 1);
  const next = new Outbox(send, shelf, PREFIX);
  await settled(next);
  assert.deepEqual(sent, ["bad", "good"], "what was refused is not sent again");
  const [{ entry, trouble }] = next.state.refused;
  assert.deepEqual([entry.ask.task, trouble.fix], ["bad", "correct it"]);
  next.dismiss(entry.id);
  assert.equal(next.state.refused.length, 0);
  assert.equal(new Outbox(send, shelf, PREFIX).state.refused.length, 0);
});

test("what is under way says how fast it goes and how long it takes", () => {
  const told = { doing: "add", unit: "picture", done: 5000, total: 20000 };
  assert.equal(paceInWords(told, 10_000), "add: 5,000 of 20,000 pictures, 500 a second, 30 s left");
  assert.equal(
    paceInWords({ ...told, total: 200000 }, 10_000)
      .split(", ")
      .at(-1),
    "7 min left",
  );
  assert.equal(paceInWords({ ...told, total: null }, 10_000), "add: 5,000 pictures, 500 a second");
  assert.equal(paceInWords(told, 200), "add: 5,000 of 20,000 pictures");
  assert.equal(paceInWords({ note: "unpacking a.zip" }, 10_000), "unpacking a.zip");
  let now = 0;
  const tell = paced(() => now);
  tell({ ...told, doing: "scan", done: 1 });
  now = 60_000;
  tell(told);
  now = 70_000;
  assert.match(tell(told), /, 500 a second, 30 s left$/, "what is done next has a clock of its own");
});

test("a negative is told from a picture that nobody looked at", () => {
  assert.equal(states.stateOf({ annotations: [{ type: "class" }] }), "labelled");
  assert.equal(states.stateOf({}), "negative");
  assert.equal(states.stateOf({ labelled: false }), "not labelled");
});

test("frames, what was taken off and values are told in words", () => {
  assert.equal(states.clock(61.0055), "1:01.006");
  assert.equal(
    states.frameInWords({ "video.frame_time_s": 2.011, "video.frame": 60, "image.source_video": "a.mp4" }),
    "0:02.011, frame 60 of a.mp4",
  );
  assert.equal(states.frameInWords({ "exif.iso": 100 }), "");
  const privacy = {
    "privacy.policy": "x",
    "privacy.gps": "removed",
    "privacy.faces": [[0, 0, 9, 9]],
    "privacy.text": [],
  };
  assert.deepEqual(states.privacyInWords(privacy), [
    "the place was removed",
    "1 face blurred",
    "no region of text found",
  ]);
  assert.deepEqual(states.privacyInWords({}), []);
  assert.equal(states.valueInWords(0.1 + 0.2, "number"), "0.3");
  assert.equal(states.valueInWords(false, "boolean"), "no");
  assert.equal(states.valueInWords([1, 2], "json"), "[1,2]");
});

test("a mask's run lengths go down the columns, zeros first", () => {
  const mask = { type: "mask", size_hw: [4, 3], counts: [2, 3, 5, 1, 1] };
  assert.deepEqual(runs(mask), [
    [0, 2, 2],
    [1, 0, 1],
    [2, 2, 1],
  ]);
  assert.deepEqual(runs({ size_hw: [4, 3], counts: [12] }), []);
  assert.equal(placed(mask), true);
});

test("a question of pictures is asked of their objects, and the other way round", () => {
  for (const said of ["split = test", 'label = "a)"', "(x or y) and (z)"]) {
    assert.equal(questions.askedOf(said, "pictures"), `annotation(${said})`);
    assert.equal(questions.askedOf(`annotation(${said})`, "objects"), said);
    assert.equal(questions.askedOf(`sample(${said})`, "pictures"), said);
  }
  assert.equal(questions.askedOf("sample(a) or sample(b)", "pictures"), "annotation(sample(a) or sample(b))");
  assert.equal(questions.askedOf("split = test sort by path limit 3", "objects"), "sample(split = test)");
  assert.equal(questions.askedOf('near "a hat" and labelled', "objects"), "");
  assert.equal(questions.askedOf('name = "near"', "objects"), 'sample(name = "near")');
  assert.equal(questions.askedOf("sort by area", "pictures"), "");
});

test("questions are narrowed down by a condition, and widened by the same one", () => {
  assert.equal(questions.turned("", "split = test"), "split = test");
  assert.equal(questions.turned("split = test", "split = test"), "");
  const both = questions.turned("split = test sort by path limit 5", 'annotations.label = "hot dog"');
  assert.equal(both, 'split = test and annotations.label = "hot dog" sort by path limit 5');
  assert.equal(questions.asks(both, "split = test"), true);
  assert.equal(questions.turned(both, "split = test"), 'annotations.label = "hot dog" sort by path limit 5');
  assert.equal(questions.turned("labelled or negative", "width > 3"), "(labelled or negative) and width > 3");
  assert.equal(questions.asks("box(label = cat and width > 3)", "width > 3)"), false);
  assert.equal(questions.turned('"salt and pepper" and labelled', "labelled"), '"salt and pepper"');
  assert.equal(questions.meant("label", { value: "in" }), 'label = "in"');
  assert.equal(questions.meant("folder", { value: "a/b" }), '(folder = a/b or folder like "a/b/%")');
  assert.equal(questions.meant("exif.flash", { value: true }), "exif.flash = true");
  assert.equal(questions.meant("odd name", { value: 3 }), "`odd name` = 3");
  const folder = questions.meant("folder", { value: "a/b" });
  assert.equal(questions.turned(questions.turned("labelled", folder), folder), "labelled");
});

test("questions are ranked by one nearness, which takes the place of another and of an order", () => {
  assert.equal(questions.ranked("", "near", 'a "red" shirt'), 'near "a \\"red\\" shirt"');
  assert.equal(
    questions.ranked('split = test and near "x" limit 3', "similar", "a.jpg"),
    'split = test and similar "a.jpg"',
  );
  assert.equal(
    questions.ranked("labelled or negative sort by path", "near", "cat"),
    '(labelled or negative) and near "cat"',
  );
});

test("what mends an add is said in the words of the page", () => {
  const said = (/** @type {string} */ fix, code = "usage") => here({ code, what: "", fix }).fix;
  assert.equal(
    said("mend the file, or add the pictures without labels: --format images"),
    "mend the file, or add the pictures without labels: Format: images",
  );
  assert.equal(said("leave --in-place away, or unpack it"), "untick Leave the files where they lie, or unpack it");
  assert.equal(said("check the path"), "check the path");
  const unknown = "rename it on the way in: --map 'a=b'   or let it in: --add-class a";
  assert.ok(!said(unknown, "data.unknown_class").includes("--"));
  assert.ok(!here({ code: "data.unknown_class", what: "", fix: unknown }, true).fix.includes("--"));
});
