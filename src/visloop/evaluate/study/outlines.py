"""What a segmenter drew on its worst pictures, beside what is true: asked again, for these alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from visloop import data, vision
from visloop.evaluate.study.records import Outline, Picture, Study
from visloop.infer import Predictor
from visloop.vision import Annotation, Mask, Polygon

if TYPE_CHECKING:
    from visloop.store import Blobs
    from visloop.train import Labelled

_MOST: Final = 60
"""Outlines on one picture, the largest."""


def outlined(
    studied: Study,
    predictor: Predictor,
    pictures: Sequence[Labelled],
    names: Mapping[str, str],
    blobs: Blobs,
) -> Study:
    """The study with outlines on its worst pictures.

    Args:
        studied: of a segmenter.
        predictor: the segmenter.
        pictures: all that were judged, with what is true of them.
        names: every class name and alias → class name.
        blobs: where the pictures' bytes are.
    """
    known = {each.sample.id: each for each in pictures}

    def drawn(shown: Picture) -> Picture:
        ready = predictor.place(blobs.get(shown.image))
        said = predictor.say(predictor.run(ready.array[None]), 0, ready.placement, author="")
        size = ready.placement.size_hw
        outlines = (
            *_outlines("true", known[shown.sample].objects, size),
            *_outlines("answered", data.renamed(said, names), size),
        )
        return msgspec.structs.replace(shown, outlines=outlines)

    return msgspec.structs.replace(studied, worst=tuple(map(drawn, studied.worst)))


def _outlines(
    kind: str, shapes: Iterable[Annotation], size_hw: tuple[int, int]
) -> Iterator[Outline]:
    """Rings around the pixels of each class: (x, y, x, y …) in pixels of the upright picture."""
    whole: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]] = {}
    for each in shapes:
        if isinstance(each, Mask | Polygon):
            bitmap = vision.outline_bitmap(each, size_hw)
            whole[each.label] = whole.get(each.label, np.zeros(size_hw, np.bool_)) | bitmap
    for label, bitmap in whole.items():
        for ring in vision.rings_of(bitmap)[:_MOST]:
            yield kind, label, ring
