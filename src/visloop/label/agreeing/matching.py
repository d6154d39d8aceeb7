"""Objects of two people, matched by how much they overlap; answers of several people, merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.lazy import lazy_vendor
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    iou_matrix,
    outline_bitmap,
)

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = lazy_vendor("scipy.optimize")

IOU: Final = 0.5
"""Two objects are one where they overlap by at least this."""
_GRID_PX: Final = 512
_SAME_CLASS: Final = 1e-6
_QUORUM: Final = 0.5
_CORNERS: Final = ((-1, -1), (1, -1), (1, 1), (-1, 1))


@dataclass(frozen=True)
class Matched:
    """What two people drew in one picture: places of the pairs with their IoU, and what only one drew."""

    pairs: tuple[tuple[int, int, float], ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]


def objects(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Those that lie somewhere; classes of the whole picture and numbers do not."""
    return [each for each in annotations if not isinstance(each, ClassLabel | NumberValue)]


def classes(annotations: Sequence[Annotation]) -> tuple[str, ...]:
    """The classes of the whole picture, sorted."""
    return tuple(sorted({each.label for each in annotations if isinstance(each, ClassLabel)}))


def match(
    first: Sequence[Annotation], second: Sequence[Annotation], size_hw: tuple[int, int]
) -> Matched:
    """The objects of two people, one to one so that the overlap is greatest; class does not count.

    Pairs overlap by at least `IOU`. Boxes by their corners; other shapes by their pixels, on a grid of
    512 at the longer side; points by the box around those that are seen. Of two equal overlaps the one
    of the same class wins. Source: Kuhn 1955 (the Hungarian method).

    Args:
        first: objects of one person.
        second: of the other.
        size_hw: height and width of the picture, in pixels.
    """
    overlap = iou(first, second, size_hw)
    alike = np.array([[a.label == b.label for b in second] for a in first], np.float64)
    worth = np.where(overlap >= IOU, overlap + _SAME_CLASS * alike.reshape(overlap.shape), 0.0)
    rows, columns = optimize.linear_sum_assignment(worth, maximize=True)
    pairs = tuple(
        (int(i), int(j), float(overlap[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if overlap[i, j] >= IOU
    )
    mine, theirs = {i for i, _, _ in pairs}, {j for _, j, _ in pairs}
    return Matched(
        pairs=pairs,
        only_first=tuple(i for i in range(len(first)) if i not in mine),
        only_second=tuple(j for j in range(len(second)) if j not in theirs),
    )


def f1(first: Sequence[Annotation], second: Sequence[Annotation], found: Matched) -> float:
    """Twice the pairs of one class over all objects; 1 where nobody drew any. Symmetric."""
    total = len(first) + len(second)
    same = sum(first[i].label == second[j].label for i, j, _ in found.pairs)
    return 2 * same / total if total else 1.0


def iou(
    first: Sequence[Annotation], second: Sequence[Annotation], size_hw: tuple[int, int]
) -> NDArray[np.float64]:
    """Intersection over union of every object of one with every object of the other, (A, B)."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    if all(isinstance(each, Box | Track | Points) for each in (*first, *second)):
        return iou_matrix(_corners(first), _corners(second)).astype(np.float64)
    a, b = _pixels(first, size_hw), _pixels(second, size_hw)
    shared = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1), np.float64)


def _corners(those: Sequence[Annotation]) -> NDArray[np.float32]:
    return np.array([_box(each) for each in those], np.float32).reshape(-1, 4)


def _box(each: Annotation) -> tuple[float, float, float, float]:
    if isinstance(each, Box | Track):
        return each.xyxy
    seen = [(x, y) for x, y, v in each.points if v] if isinstance(each, Points) else []
    if not seen:
        return (0.0, 0.0, 0.0, 0.0)
    xs, ys = zip(*seen, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def _pixels(those: Sequence[Annotation], size_hw: tuple[int, int]) -> NDArray[np.float32]:
    """Float32 (N, h · w): 1 where an object lies, on a grid of at most 512 a side."""
    scale = min(1.0, _GRID_PX / max(size_hw))
    grid = (max(1, round(size_hw[0] * scale)), max(1, round(size_hw[1] * scale)))
    drawn = [outline_bitmap(_outline(each, scale), grid) for each in those]
    return np.array(drawn, np.float32).reshape(len(those), -1)


def _outline(each: Annotation, scale: float) -> Mask | Polygon:
    match each:
        case Mask():
            return each
        case Polygon():
            rings = each.rings
        case OrientedBox():
            cx, cy, w, h = each.cxcywh
            cos, sin = np.cos(np.radians(each.angle_deg)), np.sin(np.radians(each.angle_deg))
            turned = [
                (cx + (x * w * cos - y * h * sin) / 2, cy + (x * w * sin + y * h * cos) / 2)
                for x, y in _CORNERS
            ]
            rings = (tuple(float(value) for corner in turned for value in corner),)
        case _:
            x1, y1, x2, y2 = _box(each)
            rings = ((x1, y1, x2, y1, x2, y2, x1, y2),)
    return Polygon(rings=tuple(tuple(value * scale for value in ring) for ring in rings))


def score(answers: Mapping[str, Sequence[Annotation]], size_hw: tuple[int, int]) -> float:
    """How far people agree on one picture, in [0, 1].

    Of classes the share of the people who say what most say; of objects the mean F1 over pairs of
    people. Where there are both, the lesser.
    """
    said = list(answers.values())
    named = Counter(classes(each) for each in said)
    drawn = [objects(each) for each in said]
    shares = [named.most_common(1)[0][1] / len(said)] if any(named) else []
    if any(drawn) or not shares:
        pairs = [(a, b) for i, a in enumerate(drawn) for b in drawn[i + 1 :]]
        shares.append(sum(f1(a, b, match(a, b, size_hw)) for a, b in pairs) / max(len(pairs), 1))
    return min(shares)


def merged(
    answers: Mapping[str, Sequence[Annotation]], size_hw: tuple[int, int]
) -> tuple[Annotation, ...]:
    """What people say together.

    The classes that most say. Objects that at least half of the people drew, with the class that most
    gave them: a box is the mean of their boxes, corner by corner (Solovyev 2021 with equal weights);
    any other shape is that of the person whose one overlaps most with the others'. Ties go to the
    first by name.
    """
    names = sorted(answers)
    said = Counter(classes(answers[each]) for each in names)
    most = max(said, key=lambda each: said[each])
    whole = next(each for each in names if classes(answers[each]) == most)
    kept = [each for each in answers[whole] if not _lies(each)]
    groups = _groups([objects(answers[each]) for each in names], size_hw)
    kept += [_together(each, size_hw) for each in groups if len(each) >= _QUORUM * len(names)]
    return tuple(kept)


def _lies(each: Annotation) -> bool:
    return not isinstance(each, ClassLabel | NumberValue)


def _groups(
    drawn: Sequence[Sequence[Annotation]], size_hw: tuple[int, int]
) -> list[list[Annotation]]:
    """Objects that are one, person by person matched against the groups so far."""
    groups: list[list[Annotation]] = []
    for those in drawn:
        heads = [_together(group, size_hw) for group in groups]
        found = match(heads, those, size_hw)
        for i, j, _ in found.pairs:
            groups[i].append(those[j])
        groups.extend([those[j]] for j in found.only_second)
    return groups


def _together(group: Sequence[Annotation], size_hw: tuple[int, int]) -> Annotation:
    said = Counter(each.label for each in group)
    label = max(said, key=lambda each: said[each])
    if all(isinstance(each, Box) for each in group):
        mean = _corners(group).astype(np.float64).mean(0)
        first = group[0]
        assert isinstance(first, Box)
        x1, y1, x2, y2 = (round(float(value), 2) for value in mean)
        return msgspec.structs.replace(first, label=label, xyxy=(x1, y1, x2, y2))
    overlaps = iou(group, group, size_hw).sum(1)
    return msgspec.structs.replace(group[int(np.argmax(overlaps))], label=label)
