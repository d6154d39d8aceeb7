import assert from "node:assert/strict";
import { test } from "node:test";
import { ANYTHING, rangeOf, ranging } from "../../src/visloop/faces/ui/lib/questions.js";

const { HEIGHT, outline, placed, rangeFrom, rangeInWords, spoken } =
  await import("../../src/visloop/faces/ui/views/dataset/finding/ranges.js");

const told = { type: "integer", unit: "px", whole: true, edges: [100, 150, 200, 250], counts: [2, 0, 4] };
const days = { ...told, type: "time", unit: "", whole: false };
days.edges = ["2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z", "2026-03-07T00:00:00Z"];

test("a range takes the place of an earlier one of the same field, and goes again", () => {
  const range = { ...ANYTHING, from: "100", to: "199" };
  const once = ranging("labelled or negative sort by path", "width", range);
  assert.equal(once, "(labelled or negative) and width >= 100 and width <= 199 sort by path");
  assert.deepEqual(rangeOf(once, "width"), range);
  const other = { from: "0.5", to: "", lower: ">", upper: "<=" };
  assert.equal(ranging(once, "width", other), "(labelled or negative) and width > 0.5 sort by path");
  assert.equal(ranging(once, "width", ANYTHING), "(labelled or negative) sort by path");
  assert.equal(ranging("", "odd name", range), "`odd name` >= 100 and `odd name` <= 199");
  assert.equal(ranging("`odd name` < 3 and labelled", "odd name", ANYTHING), "labelled");
  assert.equal(ranging("", "added", { ...ANYTHING, from: "2026-03-01T09:30" }), "added >= 2026-03-01T09:30");
  assert.equal(ranging("", "added", { ...ANYTHING, from: "last week" }), 'added >= "last week"');
});

test("a range is read however it was written, and nothing else is taken for one", () => {
  assert.deepEqual(rangeOf("(width >= 3 and width < 9) and height > 4", "width"), {
    from: "3",
    to: "9",
    lower: ">=",
    upper: "<",
  });
  assert.equal(rangeOf("bytes > 2 MB", "bytes").from, "2 MB");
  assert.equal(rangeOf('added < "2026-03-01"', "added").to, "2026-03-01");
  for (const text of ["width > 3 or labelled", "box(width > 3)", "not width > 3", '"width > 3"', "width = 3"])
    assert.deepEqual(rangeOf(text, "width"), ANYTHING, text);
  const said = "(width > 3 or labelled) and (width > 3 and height > 2)";
  assert.equal(ranging(said, "width", ANYTHING), said);
});

test("bars stand for ranges that hold exactly what they count", () => {
  assert.deepEqual(rangeFrom(told, 2, 1), { from: "150", to: "249", lower: ">=", upper: "<=" });
  const fractions = { ...told, whole: false, edges: [0.1, 0.12, 0.14] };
  assert.deepEqual(rangeFrom(fractions, 0, 0), { from: "0.1", to: "0.12", lower: ">=", upper: "<" });
  assert.deepEqual(rangeFrom(days, 0, 1), { from: "2026-03-01", to: "2026-03-04", lower: ">=", upper: "<=" });
  const minutes = { ...days, edges: ["2026-03-01T09:30:00Z", "2026-03-01T09:35:00Z"] };
  assert.equal(rangeFrom(minutes, 0, 0).to, "2026-03-01T09:34");
});

test("a range is drawn over the bars that it stands for", () => {
  for (const each of [told, days]) {
    assert.deepEqual(placed(each, rangeFrom(each, 1, 1)), [1, 2]);
    assert.equal(placed(each, ANYTHING), null);
    assert.deepEqual(placed(each, { ...rangeFrom(each, 1, 1), to: "" }), [1, 3]);
  }
  assert.deepEqual(placed(told, { ...ANYTHING, to: "9000" }), [0, 3]);
  assert.equal(placed(told, { ...ANYTHING, from: "2 MB" }), null);
});

test("bars are drawn to the highest of them, and one that counts anything is seen", () => {
  assert.equal(outline([0, 1, 1000]).split("M").length, 3);
  assert.ok(outline([0, 1, 100000]).includes(`M1 ${HEIGHT}V${HEIGHT - 2}.0H`));
  assert.equal(outline([0, 0]), "");
});

test("ends are read as people say them", () => {
  assert.equal(rangeInWords(told, rangeFrom(told, 0, 1)), "100 – 199 px");
  assert.equal(rangeInWords(days, rangeFrom(days, 0, 0)), "2026-03-01 – 2026-03-02");
  assert.equal(spoken({ ...told, unit: "B" }, 23302), "23.3 kB");
});
