"""D9: COCO's figures of 5,000 pictures and 250,000 detections, from the kept answers to the report.

    python bench/bench_evaluate.py [--count 5000] [--rounds 7]

Ours reads the answers' bytes as they lie in the store and ends with the report's JSON: every figure
with its interval, by class and by size, and calibration. The limit is hotcoco alone, which gives COCO's
figures without intervals: arrays in, `evaluate` and `accumulate`. The two take turns, each in a
process of its own for its memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

import figures
import hotcoco
import msgspec
import numpy as np

from visloop.evaluate import BoxAnswers, score
from visloop.evaluate.kinds.every import read_answers

CLASSES = 80
BOXES, FOUND = 7.2, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--child", nargs=3, metavar=("SIDE", "FILE", "ROUNDS"))
    given = parser.parse_args()
    if given.child:
        side, file, rounds = given.child
        print(json.dumps(child(side, Path(file), int(rounds))))
        return
    with tempfile.TemporaryDirectory() as folder, figures.byte_code():
        figures.publish([run(Path(folder), given.count, given.rounds)])


def run(root: Path, n: int, rounds: int) -> figures.Row:
    file = root / "answers"
    file.write_bytes(answers(n).to_bytes())
    work = f"COCO figures of {n * FOUND:,} detections, bytes to report; limit: hotcoco"
    row = figures.Row("D9", work, n, bar="≤ 1.2 × hotcoco", peer=f"hotcoco=={hotcoco.__version__}")
    agreed: set[float] = set()
    for _ in range(2):
        for side in ("ours", "hotcoco"):
            told = figures.alone(__file__, "--child", side, str(file), str(rounds))
            agreed.add(round(told["map"], 9))
            mine = side == "ours"
            (row.ours if mine else row.limit).extend(told["s"])
            (row.cpu if mine else row.limit_cpu).extend(told["cpu_s"])
            row.rss_mb = max(row.rss_mb, told["rss_mb"]) if mine else row.rss_mb
            row.peer_rss_mb = row.peer_rss_mb if mine else max(row.peer_rss_mb, told["rss_mb"])
    assert len(agreed) == 1, agreed
    return row


def child(side: str, file: Path, rounds: int) -> dict[str, Any]:
    raw = file.read_bytes()
    kept = read_answers(raw, "detect")
    assert isinstance(kept, BoxAnswers)
    found: list[float] = []

    def ours() -> None:
        scores = score(read_answers(raw, "detect"))
        msgspec.json.encode(scores)
        found.append(scores.metrics["map"])

    def theirs() -> None:
        found.append(average(kept))

    spent = [figures.spent(ours if side == "ours" else theirs) for _ in range(rounds)]
    return {
        "s": [wall for wall, _ in spent],
        "cpu_s": [cpu for _, cpu in spent],
        "map": found[-1],
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def average(kept: BoxAnswers) -> float:
    """mAP by hotcoco."""

    def xywh(xyxy: Any) -> Any:
        wide = xyxy.astype(np.float64)
        return np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1)

    true = xywh(kept.true_xyxy)
    truth = hotcoco.COCO.from_arrays(
        [{"id": i + 1, "width": 640, "height": 640} for i in range(kept.n)],
        [{"id": i + 1, "name": name} for i, name in enumerate(kept.classes)],
        kept.true_picture + 1,
        kept.true_class + 1,
        true,
        area=true[:, 2] * true[:, 3],
        iscrowd=kept.crowd.astype(np.int64),
    )
    columns = [kept.found_picture + 1, xywh(kept.found_xyxy), kept.score.astype(np.float64)]
    rows = np.column_stack([*columns, kept.found_class + 1])
    evaluator = hotcoco.COCOeval(truth, truth.load_res(rows), "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    told: Any = evaluator.eval
    precision = told["precision"][:, :, :, 0, -1]
    return float(precision[precision > -1].mean())


def answers(n: int) -> BoxAnswers:
    """Boxes as COCO has them: 7 a picture, few classes often; half of what is found lies near one."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(BOXES, n)
    total, found = int(counts.sum()), n * FOUND
    true_picture = np.repeat(np.arange(n), counts)
    true_class = (CLASSES * rng.random(total) ** 2).astype(np.int64)
    size = np.exp(rng.uniform(np.log(8), np.log(300), (total, 2)))
    corner = rng.random((total, 2)) * (640 - size)
    true = np.concatenate([corner, corner + size], axis=1)
    near = rng.integers(0, total, found // 2)
    off = rng.normal(0, 0.08, (len(near), 4)) * np.tile(size[near], 2)
    apart = found - len(near)
    sides = np.exp(rng.uniform(np.log(8), np.log(300), (apart, 2)))
    where = rng.random((apart, 2)) * (640 - sides)
    boxes = np.concatenate([true[near] + off, np.concatenate([where, where + sides], axis=1)])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    kinds = rng.integers(0, CLASSES, found)
    kinds[: len(near)] = np.where(rng.random(len(near)) < 0.8, true_class[near], kinds[: len(near)])
    scores = np.r_[rng.beta(4, 3, len(near)), rng.beta(2, 6, apart)].astype(np.float32)
    picture = np.r_[true_picture[near], rng.integers(0, n, apart)]
    order = np.argsort(picture, kind="stable")
    names = tuple(f"sample-{i}" for i in range(n))
    return BoxAnswers(
        classes=tuple(f"class-{i}" for i in range(CLASSES)),
        known=CLASSES,
        samples=names,
        paths=names,
        images=names,
        true_picture=true_picture,
        true_class=true_class,
        true_xyxy=true.astype(np.float32),
        crowd=rng.random(total) < 0.01,
        found_picture=picture[order],
        found_class=kinds[order],
        found_xyxy=boxes[order].astype(np.float32),
        score=scores[order],
        threshold=0.3,
    )


if __name__ == "__main__":
    main()
