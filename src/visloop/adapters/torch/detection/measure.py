"""How well boxes are found: average precision at half overlap, on pictures held out.

For curves and the model's card; `evaluate` judges models with every threshold and size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from visloop import infer
from visloop.vision import Annotation, Box, Contract, iou_matrix

if TYPE_CHECKING:
    from visloop.train import Bench, Labelled

_LOWEST: Final = 0.02
_HALF: Final = 0.5
_RECALLS: Final = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Judged:
    """The answers of one class, the surest first: float32 scores (K,), bool right (K,); `wanted` boxes."""

    scores: NDArray[np.float32]
    right: NDArray[np.bool_]
    wanted: int


def held_out(
    model: bytes,
    contract: Contract,
    pictures: Sequence[Labelled],
    bench: Bench,
    threads: int,
) -> tuple[dict[str, float], float]:
    """Figures of an exported model on pictures held out, and the score from which on an answer is
    worth showing.
    """
    if not pictures:
        return {}, contract.decode.score_threshold
    predictor = infer.Predictor.load(model, contract, threads=threads)
    said: list[Sequence[Annotation]] = []
    for each in bench.track(pictures, doing="measure", unit="image", total=len(pictures)):
        array, placement = predictor.place(bench.read(each.sample.image))
        outputs = predictor.run(array[None])
        said.append(predictor.say(outputs, 0, placement, author="", threshold=_LOWEST))
    judged = judge(
        said, [p.objects for p in pictures], [p.blank for p in pictures], contract.classes
    )
    return (
        {"held_out_map50": map50(judged), "held_out": float(len(pictures))},
        best_threshold(judged),
    )


def judge(
    answers: Sequence[Sequence[Annotation]],
    truth: Sequence[Sequence[Annotation]],
    blank: Sequence[Sequence[tuple[float, float, float, float]]],
    classes: Sequence[str],
) -> dict[str, Judged]:
    """Which answers are right, by class; those in blank regions are not counted.

    Args:
        answers: boxes with scores, of each picture.
        truth: boxes, of each picture.
        blank: regions of which nobody knows, of each picture.
        classes: names.
    """
    found: dict[str, Judged] = {}
    for name in classes:
        scores: list[float] = []
        right: list[bool] = []
        wanted = 0
        for said, true, unknown in zip(answers, truth, blank, strict=True):
            boxes = [each.xyxy for each in true if isinstance(each, Box) and each.label == name]
            wanted += len(boxes)
            best = [each for each in said if isinstance(each, Box) and each.label == name]
            best.sort(key=lambda each: -(each.score or 0.0))
            for each, verdict in zip(best, _matched(best, boxes, unknown), strict=True):
                if verdict is not None:
                    scores.append(each.score or 0.0)
                    right.append(verdict)
        order = np.argsort(-np.array(scores, np.float32), kind="stable")
        found[name] = Judged(
            np.array(scores, np.float32)[order], np.array(right, np.bool_)[order], wanted
        )
    return found


def map50(judged: Mapping[str, Judged]) -> float:
    """Mean over the classes that occur, of the precision at 101 recalls (as COCO does)."""
    each = [_average_precision(one) for one in judged.values() if one.wanted]
    return float(np.mean(each)) if each else 0.0


def best_threshold(judged: Mapping[str, Judged]) -> float:
    """The score from which on answers are worth showing: at the greatest F1 over all classes."""
    scores = np.concatenate([one.scores for one in judged.values()])
    right = np.concatenate([one.right for one in judged.values()])
    wanted = sum(one.wanted for one in judged.values())
    if not len(scores) or not wanted:
        return _HALF
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + wanted)
    return round(float(scores[order][int(np.argmax(f1))]), 3)


def _matched(
    best: Sequence[Box],
    boxes: Sequence[tuple[float, float, float, float]],
    unknown: Sequence[tuple[float, float, float, float]],
) -> list[bool | None]:
    """For each answer, the surest first: right, wrong, or None where nobody knows."""
    if not best:
        return []
    mine = np.array([each.xyxy for each in best], np.float32)
    overlap = iou_matrix(mine, np.array(boxes, np.float32).reshape(-1, 4))
    beside = iou_matrix(mine, np.array(unknown, np.float32).reshape(-1, 4))
    taken = np.zeros(len(boxes), np.bool_)
    verdicts: list[bool | None] = []
    for row in range(len(best)):
        free = np.where(taken, 0.0, overlap[row])
        if len(boxes) and free.max() >= _HALF:
            taken[int(free.argmax())] = True
            verdicts.append(True)
        else:
            verdicts.append(None if len(unknown) and beside[row].max() >= _HALF else False)
    return verdicts


def _average_precision(judged: Judged) -> float:
    hits = np.cumsum(judged.right)
    precision = hits / np.arange(1, len(hits) + 1)
    recall = hits / judged.wanted
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, _RECALLS, side="left")
    reached = np.append(envelope, 0.0)
    return float(reached[places].mean())
