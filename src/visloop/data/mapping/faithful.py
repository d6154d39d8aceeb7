"""How far a map can be believed: whether those that stand together on it look alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors

NEIGHBOURS: Final = 10
_COMPARED: Final = 20_000_000
"""Pairs of pictures that are compared, at most, so that the cost grows with the map alone."""
_LEAST: Final = 100
_MOST: Final = 1000


class Faithful(msgspec.Struct, frozen=True, kw_only=True):
    """Of `judged` pictures, drawn from all: `trustworthiness` in [0, 1], and `kept`, the share of
    their `neighbours` nearest on the map that are among their nearest by looks. None: too few pictures.
    """

    trustworthiness: float | None
    kept: float | None
    neighbours: int
    judged: int


def faithful(
    points: Vectors,
    rows: Callable[[NDArray[np.int64]], Vectors],
    blocks: Callable[[], Iterator[Vectors]],
    *,
    seed: int,
) -> Faithful:
    """Judge a map by pictures drawn from it, each against all others.

    Args:
        points: float32 (n, 2).
        rows: gives unit vectors by their places.
        blocks: gives all unit vectors in order.
        seed: of the draw.

    Source: Venna & Kaski 2001 (trustworthiness).
    """
    n = len(points)
    k = min(NEIGHBOURS, (n - 1) // 3)
    if k < 1:
        return Faithful(trustworthiness=None, kept=None, neighbours=0, judged=0)
    many = min(n, max(_LEAST, min(_MOST, _COMPARED // n)))
    asked = np.sort(np.random.default_rng(seed).choice(n, many, replace=False))
    alike = np.concatenate([block @ rows(asked).T for block in blocks()])  # (n, judged)
    alike[asked, np.arange(many)] = -np.inf  # not a neighbour of itself
    beyond, common = 0.0, 0
    for column, place in enumerate(asked.tolist()):
        apart = ((points - points[place]) ** 2).sum(axis=1)
        apart[place] = np.inf
        near = np.argpartition(apart, k - 1)[:k]
        here = np.ascontiguousarray(alike[:, column])
        ranks = 1 + (here[None, :] > here[near][:, None]).sum(axis=1)
        beyond += float(np.maximum(0, ranks - k).sum())
        common += int((ranks <= k).sum())
    worst = many * k * (2 * n - 3 * k - 1) / 2
    return Faithful(
        trustworthiness=1 - beyond / worst,
        kept=common / (many * k),
        neighbours=k,
        judged=many,
    )
