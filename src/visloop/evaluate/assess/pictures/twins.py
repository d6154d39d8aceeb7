"""Pictures that are the same, or nearly: in which ways, and between which splits.

Pairs are sought among each picture's nearest by thumbprint and by embedding, and every one of them is
laid over the other before it is believed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.vision import Sketch, likeness, mirrored

Floats: TypeAlias = NDArray[np.float32]
How: TypeAlias = Literal["bytes", "pixels", "near", "mirrored", "group"]

HOW: Final[dict[How, str]] = {
    "bytes": "the same file",
    "pixels": "the same pixels in another file",
    "near": "the same shot: resized, recompressed, cropped or re-lit",
    "mirrored": "the same shot in a mirror",
    "group": "of the same group",
}
BY_EMBEDDING: Final = 5
BY_PRINT: Final = 3
SAME_SHOT: Final = 0.5
LEAST_NEAR: Final = 0.6  # of copies made on purpose the farthest had .65
_AT_ONCE: Final = 1024


@dataclass(frozen=True)
class Look:
    """N pictures: split, digest of bytes and of pixels, group (empty: none) of each, (N,);
    `prints` float32 (N, 192), `vectors` float32 (N, D).
    """

    splits: Sequence[str]
    images: Sequence[str]
    pixels: Sequence[str]
    groups: Sequence[str]
    prints: Floats
    vectors: Floats


@dataclass(frozen=True)
class Twin:
    """Two pictures by their places, in which way they are the same, and how far they agree."""

    first: int
    second: int
    how: How
    likeness: float = 1.0


def twins(
    look: Look,
    sketch: Callable[[int, bool], Sketch],
    *,
    mirror: bool,
    track: Callable[[Sequence[tuple[int, int, bool]]], Iterable[tuple[int, int, bool]]],
) -> list[Twin]:
    """Every pair of pictures from different splits that are the same; each by its plainest way.

    Args:
        look: the pictures.
        sketch: (place, in a mirror) → what `likeness` needs of a picture.
        mirror: seek mirror images, too.
        track: shows progress over the pairs that are laid over each other.
    """
    found: dict[tuple[int, int], Twin] = {}

    def note(first: int, second: int, how: How, agree: float = 1.0) -> None:
        pair = (min(first, second), max(first, second))
        known = found.get(pair)
        if known is None or known.likeness < agree:
            found[pair] = Twin(*pair, how, agree)

    for first, second in _equal(look.images, look.splits):
        note(first, second, "bytes")
    for first, second in _equal(look.pixels, look.splits):
        note(first, second, "pixels")
    pairs = [each for each in _likely(look, mirror=mirror) if tuple(sorted(each[:2])) not in found]
    for first, second, turned in track(pairs):
        agree = likeness(sketch(first, turned), sketch(second, False))
        if agree > SAME_SHOT:
            note(first, second, "mirrored" if turned else "near", agree)
    for first, second in _equal(look.groups, look.splits):
        note(first, second, "group", 0.0)
    return sorted(found.values(), key=lambda each: (-each.likeness, each.first, each.second))


def _equal(keys: Sequence[str], splits: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs with the same key in different splits: of each, one with the first of every other split."""
    by_key: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (key, split) in enumerate(zip(keys, splits, strict=True)):
        if key:
            by_key[key][split].append(place)
    for by_split in by_key.values():
        for split, places in by_split.items():
            for other in by_split:
                if other != split:
                    yield from ((place, by_split[other][0]) for place in places)


def _likely(look: Look, *, mirror: bool) -> list[tuple[int, int, bool]]:
    """Pairs worth a closer look, (place, place, in a mirror), each once: of two splits, the nearest of
    each picture of the smaller one.
    """
    vectors = np.sqrt(np.maximum(look.vectors, 0))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    places = [np.flatnonzero(np.array(look.splits) == name) for name in sorted(set(look.splits))]
    found: dict[tuple[int, int, bool], None] = {}
    for few, many in combinations(sorted(places, key=len), 2):
        plain = [
            *_nearest(vectors[few], vectors[many], BY_EMBEDDING, LEAST_NEAR),
            *_nearest(look.prints[few], look.prints[many], BY_PRINT, LEAST_NEAR),
        ]
        turned: list[tuple[int, int]] = []
        if mirror:
            flipped = mirrored(look.prints[few])
            turned = [*plain, *_nearest(flipped, look.prints[many], BY_PRINT, LEAST_NEAR)]
        for pairs, way in ((plain, False), (turned, True)):
            for row, column in pairs:
                found[int(few[row]), int(many[column]), way] = None
    return list(found)


def _nearest(mine: Floats, others: Floats, count: int, least: float) -> Iterator[tuple[int, int]]:
    """(row, column) of the `count` nearest of each by their inner product, if it is `least` or more."""
    count = min(count, len(others))
    for start in range(0, len(mine), _AT_ONCE):
        near = mine[start : start + _AT_ONCE] @ others.T
        best = np.argpartition(-near, count - 1, axis=1)[:, :count]
        for row, columns in enumerate(best.tolist()):
            yield from ((start + row, column) for column in columns if near[row, column] >= least)
