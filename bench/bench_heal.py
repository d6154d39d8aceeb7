"""H1: what a turn of the loop is worth on real pictures, over many draws of who sees what.

    python bench/bench_heal.py [--pictures DIR] [--draws 10]

The circle of tests/journey/test_loop_clothing.py without its processes: a head is fitted to 85 % of
train/, half of test/ is served by three broken cameras, three in four of those copies are labelled and
learnt from (the others are the gate's), and old and new head are compared on the other half, which
neither saw; then the halves change places. `gain` is in accuracy on broken copies of the fresh half,
`clean` on clean pictures that neither head learnt from (fresh half, and the gate's 15 % of train/).
`limit` is what all of train/, taken by the broken cameras too, would bring on all of test/.
Each draw's interval is a paired bootstrap over pictures. The spread over draws is not an interval of
the mean: draws share pictures. JSON lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from tests.journey.corruptions import BROKEN  # noqa: E402 - from the folder beside this one
from tests.journey.wardrobe import Picture, halves, paired, pictures  # noqa: E402

from visloop import infer  # noqa: E402
from visloop.train.recipes.linear_head import Head, fit_head, rooted  # noqa: E402

GATE_SHARE = 0.15
TEST_SHARE = 0.25


def main() -> None:
    default = Path(os.environ.get("VISLOOP_TEST_DATA", HERE.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=default / "clothing")
    parser.add_argument("--draws", type=int, default=10)
    given = parser.parse_args()
    with threadpool_limits(limits=1):
        world = World(pictures(given.pictures / "train"), pictures(given.pictures / "test"))
        turns = [turn for seed in range(given.draws) for turn in world.turns(seed)]
        limit = world.limit()
    for each in (*turns, summary(turns), limit):
        print(json.dumps(each), flush=True)


class World:
    """Every picture by every camera, embedded once."""

    def __init__(self, train: list[Picture], test: list[Picture]) -> None:
        backbone = infer.backbone()
        self._predictor = infer.Predictor.load(backbone.onnx, backbone.contract)
        self._classes = sorted({each.label for each in train})
        self._train, self._test = train, test
        copied = [each.by(camera) for camera in BROKEN for each in (*train, *test)]
        self._known = {
            (each.source, each.camera): self._embed(each) for each in (*train, *test, *copied)
        }

    def _embed(self, picture: Picture) -> np.ndarray:
        outputs = self._predictor.run(self._predictor.prepare(picture.data)[None])
        assert outputs.embedding is not None
        return outputs.embedding[0]

    def turns(self, seed: int) -> list[dict]:
        """The circle, and again with the halves exchanged."""
        rng = random.Random(seed)
        learnt, own = self._shared_out(rng)
        first = self._fit(learnt)
        sides = halves(self._test, seed)
        return [
            self._turn(first, learnt, own, stream, fresh, rng, seed)
            for stream, fresh in (sides, sides[::-1])
        ]

    def _shared_out(self, rng: random.Random) -> tuple[list[Picture], list[Picture]]:
        learnt: list[Picture] = []
        own: list[Picture] = []
        for label in self._classes:
            drawn = [each for each in self._train if each.label == label]
            rng.shuffle(drawn)
            place = round(len(drawn) * GATE_SHARE)
            own, learnt = own + drawn[:place], learnt + drawn[place:]
        return learnt, own

    def _turn(
        self,
        first: Head,
        learnt: list[Picture],
        own: list[Picture],
        stream: list[Picture],
        fresh: list[Picture],
        rng: random.Random,
        seed: int,
    ) -> dict:
        served = by_all(stream)
        labelled = [each for each in served if rng.random() >= TEST_SHARE]
        second = self._fit([*learnt, *labelled])
        gain = paired(*(self._right(head, by_all(fresh)) for head in (first, second)))
        clean = paired(*(self._right(head, [*fresh, *own]) for head in (first, second)))
        return {
            "row": "H1",
            "seed": seed,
            "labels": len(labelled),
            "before": round(gain.before, 4),
            "gain": round(gain.gain, 4),
            "ci95": [round(gain.low, 4), round(gain.high, 4)],
            "clean": round(clean.gain, 4),
            "clean_ci95": [round(clean.low, 4), round(clean.high, 4)],
            "clean_n": clean.n,
        }

    def limit(self) -> dict:
        heads = self._fit(self._train), self._fit([*self._train, *by_all(self._train)])
        broken = paired(*(self._right(head, by_all(self._test)) for head in heads))
        return {
            "row": "H1",
            "limit_gain": round(broken.gain, 4),
            "ci95": [round(broken.low, 4), round(broken.high, 4)],
            "labels": len(self._train) * len(BROKEN),
        }

    def _fit(self, learnt: list[Picture]) -> Head:
        truth = np.array([self._classes.index(each.label) for each in learnt])
        return fit_head(self._stacked(learnt), truth, seed=0)

    def _right(self, head: Head, judged: list[Picture]) -> dict[str, bool]:
        logits = rooted(self._stacked(judged)) @ head.weights + head.bias
        said = [self._classes[place] for place in logits.argmax(axis=1)]
        return {f"{p.source}~{p.camera}": p.label == a for p, a in zip(judged, said, strict=True)}

    def _stacked(self, chosen: list[Picture]) -> np.ndarray:
        return np.stack([self._known[each.source, each.camera] for each in chosen])


def by_all(of: list[Picture]) -> list[Picture]:
    """Each picture by each broken camera; the bytes are not needed again."""
    return [Picture(b"", each.label, each.source, camera) for each in of for camera in BROKEN]


def summary(turns: list[dict]) -> dict:
    gains, clean = (np.array([each[key] for each in turns]) for key in ("gain", "clean"))
    return {
        "row": "H1",
        "turns": len(turns),
        "gain_mean": round(float(gains.mean()), 4),
        "gain_range": [round(float(gains.min()), 4), round(float(gains.max()), 4)],
        "significant": sum(each["ci95"][0] > 0 for each in turns),
        "clean_mean": round(float(clean.mean()), 4),
        "clean_range": [round(float(clean.min()), 4), round(float(clean.max()), 4)],
        "clean_lost_more_than_2_points": int((clean < -0.02).sum()),
    }


if __name__ == "__main__":
    main()
