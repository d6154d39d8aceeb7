"""Asking detectors, segmenters and regressors about pictures whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import train, vision
from visloop.errors import Refused
from visloop.evaluate.kinds.boxes import RANKED_FROM, BoxAnswers
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.infer import Outputs, Predictor, Prepared
from visloop.train import Labelled
from visloop.vision import Annotation, Box, Mask, NumberValue, Placement, Polygon

Asked: TypeAlias = Iterator[tuple[Labelled, tuple[Annotation, ...], Placement]]
Track: TypeAlias = Callable[[Asked], Asked]
_WINDOW: Final = 4


class Question(NamedTuple):
    """Pictures with their truth; `names` leads from every name and alias to the class's present one.

    `place` makes a picture ready for the model; `keep` is given the outputs for each, in their order.
    """

    pictures: Sequence[Labelled]
    names: Mapping[str, str]
    place: Callable[[Predictor, Labelled], Prepared]
    cores: int
    keep: Callable[[Outputs], None] = lambda _: None

    def about(self, predictor: Predictor, threshold: float | None) -> Asked:
        """Each picture with what the model says of it; pictures are decoded while it works."""

        def prepare(picture: Labelled) -> Prepared:
            return self.place(predictor, picture)

        with ThreadPoolExecutor(max_workers=self.cores) as pool:
            ahead = _WINDOW * self.cores
            for start in range(0, len(self.pictures), ahead):
                part = self.pictures[start : start + ahead]
                for picture, ready in zip(part, pool.map(prepare, part), strict=True):
                    outputs: Outputs = predictor.run(ready.array[None])
                    self.keep(outputs)
                    said = predictor.say(
                        outputs, 0, ready.placement, author="", threshold=threshold
                    )
                    yield picture, said, ready.placement

    def shared(self, predictor: Predictor, true: set[str]) -> dict[str, Any]:
        """The columns of every kind; the model's classes first, then those that only the truth has."""
        mine = (self.names.get(name, name) for name in predictor.contract.classes)
        known = tuple(dict.fromkeys(mine))
        return {
            "classes": (*known, *sorted(true - set(known))),
            "known": len(known),
            "samples": tuple(p.sample.id for p in self.pictures),
            "paths": tuple(p.sample.path for p in self.pictures),
            "images": tuple(p.sample.image for p in self.pictures),
        }


def answer_boxes(question: Question, predictor: Predictor, track: Track) -> BoxAnswers:
    """Every box from `RANKED_FROM` on, and the true ones; see `BoxAnswers.crowd`."""
    true: list[tuple[int, str, tuple[float, ...], bool]] = []
    for at, picture in enumerate(question.pictures):
        true += [(at, each.label, _xyxy(each), False) for each in picture.objects]
        true += [(at, *each, True) for each in _unsure(picture, question.names)]
    labels = {label for _, label, _, crowd in true if label and not crowd}
    shared = question.shared(predictor, labels)
    threshold = predictor.contract.decode.score_threshold
    place = {name: i for i, name in enumerate(shared["classes"])}
    found = [
        (at, place[question.names.get(each.label, each.label)], each.xyxy, each.score or 0.0)
        for at, (_, said, _) in enumerate(
            track(question.about(predictor, min(threshold, RANKED_FROM)))
        )
        for each in said
        if isinstance(each, Box)
    ]
    # a region to ignore of no class, or of one that nobody answers, is one of every class
    rows = [
        (at, kind, xyxy, crowd)
        for at, label, xyxy, crowd in true
        for kind in ([place[label]] if label in place else range(len(place)) if not label else [])
    ]
    return BoxAnswers(
        **shared,
        true_picture=_ints([row[0] for row in rows]),
        true_class=_ints([row[1] for row in rows]),
        true_xyxy=corners([row[2] for row in rows]),
        crowd=np.array([row[3] for row in rows], np.bool_),
        found_picture=_ints([row[0] for row in found]),
        found_class=_ints([row[1] for row in found]),
        found_xyxy=corners([row[2] for row in found]),
        score=np.array([row[3] for row in found], np.float32),
        threshold=threshold,
    )


def answer_masks(question: Question, predictor: Predictor, track: Track) -> MaskAnswers:
    """Pixels of each class; where true outlines overlap, the smaller one lies on top."""
    labels = {each.label for picture in question.pictures for each in picture.objects}
    shared = question.shared(predictor, labels)
    place = {name: i for i, name in enumerate(shared["classes"])}
    counts = np.zeros((3, len(question.pictures), len(place)), np.int64)
    asked = track(question.about(predictor, None))
    for at, (picture, said, placement) in enumerate(asked):
        named = [
            (place[question.names.get(each.label, each.label)], each)
            for each in said
            if isinstance(each, Mask)
        ]
        drawn = [
            (place[each.label], each)
            for each in picture.objects
            if isinstance(each, Mask | Polygon)
        ]
        true, found = _map(drawn, placement.size_hw), _map(named, placement.size_hw)
        for x1, y1, x2, y2 in picture.blank:
            region = slice(int(y1), int(np.ceil(y2))), slice(int(x1), int(np.ceil(x2)))
            found[region][true[region] == 0] = 0
        for row, seen in enumerate((true, found, np.where(true == found, true, 0))):
            counts[row, at] = np.bincount(seen.ravel(), minlength=len(place) + 1)[1:]
    return MaskAnswers(**shared, true=counts[0], found=counts[1], both=counts[2])


def answer_numbers(question: Question, predictor: Predictor, track: Track) -> NumberAnswers:
    """The model's first number for each picture.

    Raises:
        Refused: it gives none for one of them.
    """
    found = [
        next((each.value for each in said if isinstance(each, NumberValue)), np.nan)
        for _, said, _ in track(question.about(predictor, None))
    ]
    silent = [question.pictures[at].sample.path for at in np.flatnonzero(np.isnan(found)).tolist()]
    if silent:
        raise Refused(f"the model gives no number for {silent[0]}", fix="correct its contract")
    return NumberAnswers(
        **question.shared(predictor, set()),
        true=np.array([p.value for p in question.pictures], np.float64),
        found=np.array(found, np.float64),
        unit=predictor.contract.decode.unit,
    )


def _unsure(picture: Labelled, names: Mapping[str, str]) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Class and box of what counts neither way: crowds, regions to ignore, what nobody accepted."""
    for each in picture.sample.annotations:
        sure = each.review == "accepted" and not (each.ignore or each.crowd)
        if sure or each.review == "rejected":
            continue
        around = train.box_around(each)
        if around is not None:
            yield names.get(each.label, each.label), around


def _map(
    drawn: Sequence[tuple[int, Mask | Polygon]], size_hw: tuple[int, int]
) -> NDArray[np.int64]:
    """Each pixel's class + 1, or 0; the smaller outline on top."""
    whole = np.zeros(size_hw, np.int64)
    bitmaps = [(kind, vision.outline_bitmap(each, size_hw)) for kind, each in drawn]
    for kind, bitmap in sorted(bitmaps, key=lambda pair: -int(pair[1].sum())):
        whole[bitmap] = kind + 1
    return whole


def _xyxy(each: Annotation) -> tuple[float, ...]:
    around = train.box_around(each)
    assert around is not None
    return around


def _ints(values: list[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def corners(values: Sequence[tuple[float, ...]]) -> NDArray[np.float32]:
    """Boxes as an array, (N, 4); of none (0, 4)."""
    return np.array(values, np.float32).reshape(-1, 4)
