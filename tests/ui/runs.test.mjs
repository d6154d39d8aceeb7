import assert from "node:assert/strict";
import { test } from "node:test";

const { figures, isCost, isJudged, joined, placed, places, scales, smoothed, valueAt, within } =
  await import("../../src/visloop/faces/ui/views/runs/reading.js");

const curve = (run, key, steps, values, times_s = steps) => ({ run, key, steps, values, times_s });

test("curves stand over steps, epochs and time", () => {
  const fine = curve("a", "step.loss", [10, 20, 40], [3, 2, 1], [100, 105, 110]);
  const coarse = curve("a", "loss", [1, 2], [3, 1], [104, 110]);
  const all = [fine, coarse];
  assert.deepEqual(places(fine, "step", all), [10, 20, 40]);
  assert.deepEqual(places(fine, "epoch", all), [0.5, 1, 2]);
  assert.deepEqual(places(coarse, "epoch", all), [1, 2]);
  assert.deepEqual(places(coarse, "time", all), [4, 10]);
});

test("smoothing has no bias at the beginning, and gaps stay gaps", () => {
  assert.deepEqual(smoothed([1, 2], 0), [1, 2]);
  const even = smoothed([5, null, 5, 5], 0.9);
  assert.equal(even[1], null);
  for (const k of [0, 2, 3]) assert.ok(Math.abs(even[k] - 5) < 1e-9);
  const steps = smoothed([0, 1], 0.5);
  assert.ok(steps[1] > 0.5 && steps[1] < 1);
});

test("lines over places of their own become columns over places of all", () => {
  const columns = joined([
    { x: [1, 3], y: [10, 30] },
    { x: [2, 3], y: [5, 6] },
  ]);
  assert.deepEqual(columns, [
    [1, 2, 3],
    [10, null, 30],
    [null, 5, 6],
  ]);
});

const RUNS = [
  { id: "a", params: { rate: 0.001, net: "small", same: 1 }, metrics: { accuracy: 0.5, "time.fit_s": 1 } },
  { id: "b", params: { rate: 0.1, net: "large", same: 1 }, metrics: { accuracy: 0.9, "time.fit_s": 2 } },
  { id: "c", params: { rate: "0.01", same: 1 }, metrics: { accuracy: null } },
];

test("axes are what differs: numbers on a scale, wide ones by their logarithm, words side by side", () => {
  const found = scales(RUNS);
  assert.deepEqual(
    found.map((each) => [each.key, each.numbers, each.log]),
    [
      ["params.net", false, false],
      ["params.rate", true, true],
      ["metrics.accuracy", true, false],
    ],
  );
  const [net, rate, accuracy] = found;
  const twice = RUNS.map((run) => ({ ...run, metrics: { ...run.metrics, rate: Number(run.params.rate) } }));
  assert.equal(scales(twice).length, 3, "a parameter that is told as a figure too is one axis");
  assert.equal(placed(net, "small"), 1);
  assert.ok(Math.abs(placed(rate, "0.01") - 0.5) < 1e-9);
  assert.ok(Math.abs(valueAt(rate, 0.5) - 0.01) < 1e-9);
  assert.equal(placed(accuracy, null), null);
});

test("a brush leaves the runs that lie within it", () => {
  const all = scales(RUNS);
  const left = (brushes) => RUNS.filter((run) => within(run, all, brushes)).map((run) => run.id);
  assert.deepEqual(left({}), ["a", "b", "c"]);
  assert.deepEqual(left({ "params.rate": [0.4, 1] }), ["b", "c"]);
  assert.deepEqual(left({ "params.rate": [0.4, 1], "metrics.accuracy": [0, 1] }), ["b"]);
});

test("columns of the list are the figures that most runs have", () => {
  assert.deepEqual(figures([...RUNS, { metrics: { loss: 1 } }], 2), ["accuracy", "loss"]);
  assert.ok(isCost("held_out_log_loss") && isCost("mae") && !isCost("accuracy"));
  assert.ok(!isCost("images_per_s") && isCost("took_s"), "more pictures a second are better");
  for (const name of ["accuracy", "cv_f1", "mAP50", "ap_50", "recall@0.5", "images_per_s"])
    assert.ok(isJudged(name) && !isCost(name), name);
  for (const name of ["temperature", "c", "epochs", "map_size"]) assert.ok(!isJudged(name), name);
});
