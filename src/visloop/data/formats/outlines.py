"""Bitmaps to outlines and back, exact to the pixel; several rings joined into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy_vendor("numpy")

Ring: TypeAlias = tuple[float, ...]
_Point: TypeAlias = tuple[int, int]


def rings_of(bitmap: NDArray[np.bool_]) -> tuple[Ring, ...]:
    """Outlines along the edges of the pixels, in pixels: parts and (turned the other way) holes.

    Args:
        bitmap: bool (H, W).
    """
    padded = np.pad(bitmap, 1)
    inner = padded[1:-1, 1:-1]
    steps: dict[_Point, list[_Point]] = {}
    for shift, start, end in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),  # nothing above: left to right along the top
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    ):
        ys, xs = np.nonzero(inner & ~shift)
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            here = (x + start[0], y + start[1])
            steps.setdefault(here, []).append((x + end[0], y + end[1]))
    rings: list[Ring] = []
    while steps:
        rings.append(_walked(steps))
    return tuple(rings)


def _walked(steps: dict[_Point, list[_Point]]) -> Ring:
    """One closed way, taken out of `steps`; only its corners. At a crossing it turns right."""
    first = here = next(iter(steps))
    way = [first]
    before = (0, 0)
    while True:
        ends = steps[here]
        turned = [end for end in ends if _is_right(before, (end[0] - here[0], end[1] - here[1]))]
        there = turned[0] if turned else ends[0]
        ends.remove(there)
        if not ends:
            del steps[here]
        before = (there[0] - here[0], there[1] - here[1])
        here = there
        if here == first:
            break
        way.append(here)
    corners = [
        point
        for at, point in enumerate(way)
        if (point[0] - way[at - 1][0], point[1] - way[at - 1][1])
        != (way[(at + 1) % len(way)][0] - point[0], way[(at + 1) % len(way)][1] - point[1])
    ]
    return tuple(float(value) for point in corners for value in point)


def _is_right(before: _Point, after: _Point) -> bool:
    return before[0] * after[1] - before[1] * after[0] > 0


def joined(rings: Sequence[Ring]) -> Ring:
    """One ring that fills the same area by the even-odd rule: each further one there and back."""
    whole = np.asarray(rings[0], float).reshape(-1, 2)
    for ring in rings[1:]:
        more = np.asarray(ring, float).reshape(-1, 2)
        apart = ((whole[:, None] - more[None]) ** 2).sum(axis=2)
        at, start = divmod(int(apart.argmin()), len(more))
        loop = np.concatenate([more[start:], more[: start + 1]])
        whole = np.concatenate([whole[: at + 1], loop, whole[at:]])
    return tuple(whole.ravel().tolist())


def filled(rings: Sequence[Ring], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels whose centres lie inside, bool (H, W), by the even-odd rule over all rings."""
    height, width = size_hw
    inside = np.zeros((height, width), np.bool_)
    rows = np.arange(height) + 0.5
    columns = np.arange(width) + 0.5
    for ring in rings:
        points = np.asarray(ring, float).reshape(-1, 2)
        for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
            low, high = sorted((y1, y2))
            hit = np.flatnonzero((rows >= low) & (rows < high))
            if hit.size:
                crossing = x1 + (rows[hit] - y1) * (x2 - x1) / (y2 - y1)
                inside[hit] ^= columns[None] >= crossing[:, None]
    return inside
