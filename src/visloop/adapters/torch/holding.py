"""Pictures held out of a training, to measure by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from visloop.adapters.torch.determined import generator

if TYPE_CHECKING:
    from visloop.train import Labelled, Lesson

_MOST: Final = 500


def parted(lesson: Lesson, share: float) -> tuple[tuple[Labelled, ...], tuple[Labelled, ...]]:
    """Pictures to learn from, and pictures to measure by.

    The validation split where the data has one; else a share of each class's pictures, drawn by the
    seed, at least one of a class that has four.
    """
    if lesson.held_out or share <= 0:
        return lesson.pictures, lesson.held_out[:_MOST]
    share = min(share, _MOST / len(lesson.pictures))
    by_class: dict[str, list[int]] = {}
    for place, picture in enumerate(lesson.pictures):
        by_class.setdefault(_kind(picture), []).append(place)
    out: set[int] = set()
    for name in sorted(by_class):
        places = by_class[name]
        order = generator(lesson.seed, "hold out", name).permutation(len(places))
        out |= {places[i] for i in order[: _how_many(len(places), share)].tolist()}
    return _without(lesson.pictures, out)


def _how_many(count: int, share: float) -> int:
    least = 4
    return max(1, round(share * count)) if count >= least else 0


def _kind(picture: Labelled) -> str:
    """What a share is taken of each of: the class; of pictures of objects, one of their classes."""
    return picture.label or min((each.label for each in picture.objects), default="")


def _without(
    pictures: Sequence[Labelled], out: set[int]
) -> tuple[tuple[Labelled, ...], tuple[Labelled, ...]]:
    learnt = tuple(each for place, each in enumerate(pictures) if place not in out)
    measured = tuple(each for place, each in enumerate(pictures) if place in out)
    return learnt, measured
