"""Detections against boxes: matched and averaged by COCO's rules, redrawn picture by picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import hotcoco
import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.pictures import OfPictures, between, redraws
from visloop.evaluate.records import ClassReport, Scores
from visloop.vision import Task

Floats = NDArray[np.float64]

RANKED_FROM: Final = 0.001
"""Precision is averaged over every score there is; precision and recall are at the contract's."""
_HALF: Final = np.array([0.5])
_OVERLAPS: Final = np.linspace(0.5, 0.95, 10)
_EVERY_SIZE: Final = [[0.0, 1e10]]
_MAX_DETECTIONS: Final = 100
_CELLS: Final = 50_000_000
_FEWEST: Final = 200
_RECALLS: Final = np.linspace(0, 1, 101)
_SIZES: Final = ("small", "medium", "large")


@dataclass(frozen=True)
class BoxAnswers(OfPictures):
    """G true boxes and D found ones; `*_picture` and `*_class` are places, `*_xyxy` pixels.

    `crowd` bool (G,) marks regions where detections of the class count neither way: crowds, regions
    to ignore, objects that nobody accepted yet. `score` float32 (D,); `threshold` is the contract's.
    """

    task: ClassVar[Task] = "detect"

    true_picture: NDArray[np.int64]
    true_class: NDArray[np.int64]
    true_xyxy: NDArray[np.float32]
    crowd: NDArray[np.bool_]
    found_picture: NDArray[np.int64]
    found_class: NDArray[np.int64]
    found_xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    threshold: float

    def _taken(self, places: NDArray[np.int64]) -> dict[str, Any]:
        now = np.full(self.n, -1, np.int64)
        now[places] = np.arange(len(places))
        true, found = now[self.true_picture], now[self.found_picture]
        return {
            "true_picture": true[true >= 0],
            "true_class": self.true_class[true >= 0],
            "true_xyxy": self.true_xyxy[true >= 0],
            "crowd": self.crowd[true >= 0],
            "found_picture": found[found >= 0],
            "found_class": self.found_class[found >= 0],
            "found_xyxy": self.found_xyxy[found >= 0],
            "score": self.score[found >= 0],
        }

    def _moved(self, place: NDArray[np.int64], count: int) -> dict[str, Any]:
        del count
        return {"true_class": place[self.true_class], "found_class": place[self.found_class]}


@dataclass(frozen=True)
class _Class:
    """One class at one overlap: K detections that count, the surest first; objects a picture (N,)."""

    picture: NDArray[np.int64]
    score: NDArray[np.float64]
    right: NDArray[np.bool_]
    objects: Floats


def score_boxes(answers: BoxAnswers, *, confidence: float, resamples: int, seed: int) -> Scores:
    """COCO's average precisions, and precision and recall at the contract's threshold.

    Intervals are of `map50`, precision, recall and F1; those of single classes too. Redraws are
    fewer than asked for where there are many detections. A redrawn curve of precision is rougher, and
    its envelope higher: redraws of averages are centred on the figure, or the interval of a large set
    would lie above it.

    Source: Lin et al. 2014; hotcoco, equal to pycocotools.
    """
    evaluator = _evaluator(answers)
    metrics, per_class = _averages(evaluator, len(answers.classes))
    classes = _matched(answers, _HALF)
    once = np.ones((1, answers.n))
    drawn = redraws(answers.n, bounded(answers, resamples), seed) if answers.n else once
    ap50 = [_precisions(each, drawn) for each in classes]
    spread = np.array([ap for ap, each in zip(ap50, classes, strict=True) if each.objects.any()])
    at = [_counts(each, answers.threshold, once)[:, 0] for each in classes]
    redrawn = np.array([_counts(each, answers.threshold, drawn) for each in classes])
    figures = _rates(np.sum(at, axis=0)[:, None] if at else np.zeros((3, 1)))
    draws = _rates(redrawn.sum(axis=0) if len(redrawn) else np.zeros((3, len(drawn))))
    redrawn50 = _mean(spread) if len(spread) else np.zeros(len(drawn))
    draws["map50"] = _centred(redrawn50, metrics["map50"])
    return Scores(
        n=answers.n,
        metrics=metrics | {name: float(value[0]) for name, value in figures.items()},
        intervals={name: between(values, confidence) for name, values in draws.items()},
        confidence=confidence,
        per_class=tuple(
            _report(
                name,
                at[i],
                per_class[i],
                {"ap50": _centred(ap50[i], per_class[i]["ap50"]), **_rates(redrawn[i])},
                confidence,
            )
            for i, name in enumerate(answers.classes)
            if at[i][1:].any()
        ),
        confusion=(),
        classes=answers.classes,
        calibration=(),
        baseline_class="",
    )


def draws_of(metric: str, answers: BoxAnswers, resamples: int, seed: int) -> Floats:
    """(B,) redraws of a figure; answers to the same pictures are redrawn alike."""
    drawn = redraws(answers.n, resamples, seed)
    classes = _matched(answers, _OVERLAPS if metric == "map" else _HALF)
    if metric in {"precision", "recall", "f1"}:
        counts = np.sum([_counts(each, answers.threshold, drawn) for each in classes], axis=0)
        return _rates(counts)[metric]
    each = [_precisions(one, drawn) for one in classes if one.objects.any()]
    return _mean(np.array(each)) if each else np.zeros(resamples)


def bounded(answers: BoxAnswers, resamples: int) -> int:
    """So many redraws that time stays in bounds: fewer of many detections."""
    return max(min(resamples, _CELLS // max(1, len(answers.score))), min(resamples, _FEWEST))


def _evaluator(answers: BoxAnswers, overlaps: Floats | None = None) -> Any:
    """COCO's evaluator, which has matched; with `overlaps` at these alone and over all sizes."""
    pictures = [{"id": i + 1, "width": 1, "height": 1} for i in range(answers.n)]
    kinds = [{"id": i + 1, "name": name} for i, name in enumerate(answers.classes)]
    true = _xywh(answers.true_xyxy)
    wanted = hotcoco.COCO.from_arrays(
        pictures,
        kinds,
        answers.true_picture + 1,
        answers.true_class + 1,
        true,
        area=true[:, 2] * true[:, 3],
        iscrowd=answers.crowd.astype(np.int64),
    )
    rows = np.column_stack(
        [
            answers.found_picture + 1,
            _xywh(answers.found_xyxy),
            answers.score.astype(np.float64),
            answers.found_class + 1,
        ]
    )
    evaluator = hotcoco.COCOeval(wanted, wanted.load_res(rows), "bbox")
    if overlaps is not None:
        parameters = evaluator.params
        parameters.area_rng, parameters.area_rng_lbl = _EVERY_SIZE, ["all"]
        parameters.max_dets, parameters.iou_thrs = [_MAX_DETECTIONS], overlaps.tolist()
    evaluator.evaluate()
    return evaluator


def _averages(evaluator: Any, classes: int) -> tuple[dict[str, float], list[dict[str, float]]]:
    """The means that COCO prints, and AP of each class; classes without objects have no say."""
    evaluator.accumulate()
    precision: Floats = evaluator.eval["precision"]  # overlaps, recalls, classes, sizes, limits
    found = {
        "map50": _seen(precision[0, :, :, 0, -1]),
        "map": _seen(precision[:, :, :, 0, -1]),
        "map75": _seen(precision[5, :, :, 0, -1]),
    }
    for at, size in enumerate(_SIZES, start=1):
        if (precision[:, :, :, at, -1] > -1).any():
            found[f"map_{size}"] = _seen(precision[:, :, :, at, -1])
    each = [
        {"ap50": _seen(precision[0, :, i, 0, -1]), "ap": _seen(precision[:, :, i, 0, -1])}
        for i in range(classes)
    ]
    return found, each


def _seen(precision: Floats) -> float:
    there = precision[precision > -1]
    return float(there.mean()) if there.size else 0.0


def _matched(answers: BoxAnswers, overlaps: Floats) -> list[_Class]:
    """For each overlap, each class: which detections are right."""
    evaluator = _evaluator(answers, overlaps)
    parts: list[list[list[Any]]] = [[[] for _ in answers.classes] for _ in overlaps]
    objects = np.zeros((len(answers.classes), answers.n))
    for one in evaluator.eval_imgs:
        if one is None:
            continue
        kind, picture = one["category_id"] - 1, one["image_id"] - 1
        objects[kind, picture] = len(one["gtIgnore"]) - sum(one["gtIgnore"])
        scores = one["dtScores"]
        for at in range(len(overlaps)):
            for score, right, ignored in zip(
                scores, one["dtMatched"][at], one["dtIgnore"][at], strict=True
            ):
                if not ignored:
                    parts[at][kind].append((picture, score, right))
    return [
        _class(parts[at][kind], objects[kind])
        for at in range(len(overlaps))
        for kind in range(len(answers.classes))
    ]


def _class(rows: list[Any], objects: Floats) -> _Class:
    table = np.array(rows, np.float64).reshape(-1, 3)
    table = table[np.argsort(-table[:, 1], kind="stable")]
    return _Class(table[:, 0].astype(np.int64), table[:, 1], table[:, 2] > 0, objects)


def _precisions(one: _Class, drawn: Floats) -> Floats:
    """Average precision of a class in each redraw, (B, N) → (B,); by COCO's 101 recalls."""
    wanted = drawn @ one.objects
    found = np.zeros(len(drawn))
    step = max(1, 4_000_000 // max(1, len(one.picture)))
    for start in range(0, len(drawn), step):
        part = slice(start, start + step)
        times = drawn[part][:, one.picture]
        hits = np.cumsum(times * one.right, axis=1)
        given = np.cumsum(times, axis=1)
        precision = np.divide(hits, given, out=np.zeros_like(hits), where=given > 0)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = hits / np.maximum(wanted[part], 1e-12)[:, None]
        for row in range(len(times)):
            reached = np.searchsorted(recall[row], _RECALLS, side="left")
            padded = np.append(envelope[row], 0.0)
            found[start + row] = padded[reached].mean()
    return np.where(wanted > 0, found, np.nan)


def _counts(one: _Class, threshold: float, drawn: Floats) -> Floats:
    """(3, B): right, found, true, of detections at or above the threshold."""
    sure = one.score >= threshold
    times = drawn[:, one.picture[sure]]
    right = (times * one.right[sure]).sum(axis=1)
    return np.stack([right, times.sum(axis=1), drawn @ one.objects])


def _rates(counts: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 of (3, B) right, found, true."""
    right, found, true = counts

    def share(above: Floats, below: Floats) -> Floats:
        return np.divide(above, below, out=np.zeros_like(above), where=below > 0)

    return {
        "precision": share(right, found),
        "recall": share(right, true),
        "f1": share(2 * right, found + true),
    }


def _report(
    name: str,
    counts: Floats,
    average: dict[str, float],
    draws: dict[str, Floats],
    confidence: float,
) -> ClassReport:
    rates = {key: float(value[0]) for key, value in _rates(counts[:, None]).items()}
    return ClassReport(
        name=name,
        support=int(counts[2]),
        predicted=int(counts[1]),
        **rates,
        **average,
        intervals={key: between(values, confidence) for key, values in draws.items()},
    )


def _centred(draws: Floats, figure: float) -> Floats:
    known = draws[~np.isnan(draws)]
    return np.clip(draws + (figure - known.mean()), 0, 1) if known.size else draws


def _mean(values: Floats) -> Floats:
    """Over the classes that a redraw holds, (C, B) → (B,)."""
    there = ~np.isnan(values)
    counts = there.sum(axis=0)
    total = np.where(there, values, 0).sum(axis=0)
    return np.divide(total, counts, out=np.zeros(values.shape[1]), where=counts > 0)


def _xywh(xyxy: NDArray[np.float32]) -> Floats:
    wide = xyxy.astype(np.float64)
    return np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1)
