"""How well a score tells two sets apart: area under the curve, hits at few false alarms, advantage.

M members score high, K others low; every figure has its 95 % interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.estimates import Estimate
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from scipy import special, stats
else:
    special = lazy_vendor("scipy.special")
    stats = lazy_vendor("scipy.stats")

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Interval: TypeAlias = tuple[float, float]

CONFIDENCE: Final = 0.95


class Share(NamedTuple):
    """Hits of n, with the interval of the share that they stand for."""

    value: float
    interval: Interval
    n: int


def clopper_pearson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a share that covers the truth at least as often as it says.

    Source: Clopper, Pearson 1934.
    """
    if not n:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return low, high


def area(scores: Floats, member: Mask) -> Estimate:
    """How likely a member scores above one that is none; ties count half.

    Args:
        scores: (N,).
        member: (N,), some of each.

    Source: DeLong 1988; `Estimate.interval` is the same to first order.
    """
    members, others = int(member.sum()), int((~member).sum())
    ranks = stats.rankdata(scores)
    above = (ranks[member] - stats.rankdata(scores[member])) / others
    below = 1 - (ranks[~member] - stats.rankdata(scores[~member])) / members
    value = float(above.mean())
    slope = np.zeros(len(scores))
    slope[member] = (above - value) / members
    slope[~member] = (below - value) / others
    return Estimate(value, slope)


def hits_at(scores: Floats, member: Mask, alarms: float) -> tuple[Share, Share]:
    """Members found where at most a share `alarms` of the others is taken for one, and that share.

    The threshold lies at the others that are there: with K of them, a rate below 1 / K cannot be had.
    """
    others = np.sort(scores[~member])[::-1]
    allowed = int(np.floor(alarms * len(others)))
    above = scores > others[allowed]
    found, wrong = int((above & member).sum()), int((above & ~member).sum())
    members = int(member.sum())
    return (
        Share(found / members, clopper_pearson(found, members), members),
        Share(wrong / len(others), clopper_pearson(wrong, len(others)), len(others)),
    )


def advantage(scores: Floats, member: Mask, seed: int) -> Share:
    """Hits less false alarms at the best threshold, chosen on one half and counted on the other.

    Both halves take their turn, so that choosing does not flatter. Source: Yeom 2018.
    """
    rng = np.random.default_rng(seed)
    half = np.zeros(len(scores), np.bool_)
    for side in (np.flatnonzero(member), np.flatnonzero(~member)):
        half[rng.permutation(side)[: len(side) // 2]] = True
    taken = np.zeros(len(scores), np.bool_)
    for chosen in (half, ~half):
        taken[~chosen] = scores[~chosen] > _best(scores[chosen], member[chosen])
    members, others = int(member.sum()), int((~member).sum())
    hits, alarms = float(taken[member].mean()), float(taken[~member].mean())
    spread = np.sqrt(_variance(hits, members) + _variance(alarms, others))
    reach = float(special.ndtri((1 + CONFIDENCE) / 2)) * float(spread)
    value = hits - alarms
    return Share(value, (max(-1.0, value - reach), min(1.0, value + reach)), len(scores))


def _variance(share: float, n: int) -> float:
    """Of a share, by Agresti and Coull's two more hits and misses, so that 0 of n is not certain."""
    held = (share * n + 2) / (n + 4)
    return held * (1 - held) / (n + 4)


def _best(scores: Floats, member: Mask) -> float:
    """The threshold, above which is a member, of the most hits less false alarms."""
    order = np.argsort(-scores, kind="stable")
    ranked, hit = scores[order], member[order]
    gain = np.cumsum(hit) / max(1, hit.sum()) - np.cumsum(~hit) / max(1, (~hit).sum())
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # ties stay together
    best = last[np.argmax(gain[last])]
    if gain[best] <= 0:
        return float(ranked[0])
    after = ranked[best + 1] if best + 1 < len(ranked) else ranked[best] - 1.0
    return float((ranked[best] + after) / 2)


def curve(scores: Floats, member: Mask) -> tuple[Floats, Floats]:
    """False alarms and hits, (P,) each, at every threshold that changes them."""
    order = np.argsort(-scores, kind="stable")
    hit = member[order]
    hits = np.cumsum(hit) / max(1, hit.sum())
    alarms = np.cumsum(~hit) / max(1, (~hit).sum())
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return alarms[last].astype(np.float64), hits[last].astype(np.float64)
