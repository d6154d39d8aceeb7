"""Do some pictures fare worse than the others? Asked of many slices, and honest about how many.

Each slice is compared with all other pictures by shuffling who belongs to it (an exact test where
pictures are exchangeable). Over all that were looked at, p-values become q-values after Benjamini &
Hochberg 1995: of the slices called failing, at most so large a share is expected to be luck. Slices
that are searched for (pairs of facets after Chung et al. 2019, Slice Finder) are found in one half of
the pictures and told by the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.every import COMPARED, AnyAnswers, score, task_of
from visloop.evaluate.study.facets import FEWEST, Facet
from visloop.evaluate.study.records import Slice
from visloop.ids import digest_of

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_SHUFFLES: Final = 2000
_CELLS: Final = 40_000_000
_FEWEST_SHUFFLES: Final = 400
_BLOCK: Final = 100
_RESAMPLES: Final = 500
_SEED: Final = 20_000
_CANDIDATES: Final = 6
_TOO_ALIKE: Final = 0.7
_SURELY: Final = 0.05


class Searched(NamedTuple):
    """Failing slices that the second half confirmed, how many were tried, how many asked again."""

    found: tuple[Slice, ...]
    searched: int
    tested: int


def told(
    answers: AnyAnswers, losses: Floats, facets: Sequence[Facet], *, asked: bool = False
) -> tuple[Slice, ...]:
    """Figures of every slice, the surest failing first; asked ones in the order of the questions."""
    p = shuffled(losses, [each.mask for each in facets])
    q = adjusted(p)
    made = tuple(
        _slice(answers, losses, each, (p[i], q[i]), "asked" if asked else "facet")
        for i, each in enumerate(facets)
    )
    return made if asked else tuple(sorted(made, key=lambda each: (each.p, -each.loss)))


def searched(answers: AnyAnswers, losses: Floats, facets: Sequence[Facet]) -> Searched:
    """Look for failing slices in one half of the pictures, and ask the other whether it is so."""
    first = np.array([int(digest_of(sample)[:8], 16) % 2 == 0 for sample in answers.samples])
    tried = 0
    candidates: list[tuple[float, Facet]] = []
    for facet in _pairs(facets):
        inside = first & facet.mask
        if min(inside.sum(), (~first & facet.mask).sum()) < FEWEST:
            continue
        tried += 1
        surprise = _surprise(losses[first], facet.mask[first])
        if surprise > 1:
            candidates.append((surprise, facet))
    candidates.sort(key=lambda pair: -pair[0])
    chosen = _unalike(facet for _, facet in candidates)
    second = np.flatnonzero(~first)
    rest, rest_losses = answers.take(second), losses[second]
    held = [each._replace(mask=each.mask[second]) for each in chosen]
    p = shuffled(rest_losses, [each.mask for each in held])
    q = adjusted(p)
    found = (
        _slice(rest, rest_losses, each, (p[i], q[i]), "found")
        for i, each in enumerate(held)
        if q[i] <= _SURELY
    )
    return Searched(tuple(found), tried, len(held))


def shuffled(losses: Floats, masks: Sequence[Mask]) -> Floats:
    """How often as many other pictures, drawn by lot, fare as badly: (S,), never below 1/(B + 1)."""
    if not masks or not len(losses):
        return np.ones(len(masks))
    rng = np.random.default_rng(_SEED)
    members = np.array(masks, np.float64).T  # (N, S)
    reached = losses @ members - 1e-9
    rounds = int(np.clip(_CELLS // len(losses), _FEWEST_SHUFFLES, _SHUFFLES))
    as_bad = np.ones(len(masks))
    for start in range(0, rounds, _BLOCK):
        block = np.tile(losses, (min(_BLOCK, rounds - start), 1))
        as_bad += (rng.permuted(block, axis=1) @ members >= reached).sum(axis=0)
    return as_bad / (rounds + 1)


def adjusted(p: Floats) -> Floats:
    """q-values: the false discovery rate at which each would be called. Source: Benjamini & Hochberg."""
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(p[order] * len(p) / ranks) if len(p) else q
    return np.minimum(q, 1)


def _pairs(facets: Sequence[Facet]) -> Iterator[Facet]:
    yield from facets
    for one, other in combinations(facets, 2):
        if one.of != other.of:
            query = f"{one.query} and {other.query}" if one.query and other.query else ""
            name = f"{one.name} and {other.name}"
            yield Facet(f"{one.of}, {other.of}", name, query, one.mask & other.mask)


def _surprise(losses: Floats, mask: Mask) -> float:
    """How many standard errors the mean loss of a slice lies above that of all."""
    n, all_n = int(mask.sum()), len(losses)
    spread = losses.var() / n * (all_n - n) / max(1, all_n - 1)
    return float((losses[mask].mean() - losses.mean()) / np.sqrt(spread)) if spread > 0 else 0.0


def _unalike(facets: Iterable[Facet]) -> list[Facet]:
    """The first few that do not say of nearly the same pictures what one before said."""
    chosen: list[Facet] = []
    for facet in facets:
        shared = (
            (facet.mask & each.mask).sum() / (facet.mask | each.mask).sum() for each in chosen
        )
        if all(share < _TOO_ALIKE for share in shared):
            chosen.append(facet)
        if len(chosen) == _CANDIDATES:
            break
    return chosen


def _slice(
    answers: AnyAnswers, losses: Floats, facet: Facet, sure: tuple[float, float], kind: str
) -> Slice:
    inside = facet.mask
    part = answers.take(inside)
    scores = score(part, resamples=_RESAMPLES) if part.n else None
    names = COMPARED[task_of(answers)] if scores else ()
    return Slice(
        name=facet.name,
        kind=kind,  # pyright: ignore[reportArgumentType]
        n=part.n,
        metrics={name: scores.metrics[name] for name in names} if scores else {},
        intervals={name: scores.intervals[name] for name in names} if scores else {},
        loss=float(losses[inside].mean()) if part.n else 0.0,
        rest=float(losses[~inside].mean()) if part.n < len(losses) else 0.0,
        p=float(sure[0]),
        q=float(sure[1]),
        query=facet.query,
    )
