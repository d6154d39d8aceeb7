"""Drawing a class out of a model, and measuring whether the drawing is of the training pictures.

The attacker asks the model about pictures of his own making: sums of a few directions, found among
public pictures of other things, and keeps what the model is surest of. N pictures, K classes that are
drawn, D directions; pictures are small grey-free planes, float32 (C, S, S), as the model sees them.

Source: Fredrikson 2015 (the attack), Wang 2004 (structural similarity).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.assess.privacy.evolving import evolve
from visloop.evaluate.assess.privacy.roc import Interval, area
from visloop.evaluate.estimates import Estimate

Floats: TypeAlias = NDArray[np.float32]

SIDE: Final = 16
COMPARED: Final = 32
_LEAST: Final = 1e-8
_BLUR: Final = 1.5
_STEADY: Final = (0.01**2, 0.03**2)


@dataclass(frozen=True)
class Subspace:
    """Pictures as `mean` (C, S, S) and `directions` (D, C, S, S), each as long as pictures spread."""

    mean: Floats
    directions: Floats

    def pictures(self, points: NDArray[np.float64], low: Floats, high: Floats) -> Floats:
        """(L, D) → float32 (L, C, S, S), each plane held between `low` and `high`, (C, 1, 1)."""
        made = self.mean + np.tensordot(points, self.directions, axes=1)
        return np.clip(made, low, high).astype(np.float32)


def learn_subspace(public: Floats, dimensions: int) -> Subspace:
    """Principal components of public pictures.

    Args:
        public: float32 (N, C, S, S), two at least.
        dimensions: at most so many; N - 1 where pictures are few.
    """
    flat = public.reshape(len(public), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    _, lengths, axes = np.linalg.svd(flat - mean, full_matrices=False)
    count = min(dimensions, len(public) - 1)
    scaled = axes[:count] * (lengths[:count, None] / np.sqrt(len(public) - 1))
    shape = public.shape[1:]
    return Subspace(
        mean.reshape(shape).astype(np.float32), scaled.reshape(-1, *shape).astype(np.float32)
    )


def smooth_subspace(low: Floats, high: Floats, waves: int) -> Subspace:
    """The lowest frequencies of each plane: for an attacker who has no pictures at all.

    Args:
        low: the least value of each plane, (C, 1, 1); `high` the greatest.
        high: see there.
        waves: W; W × W cosines a plane.
    """
    at = (np.arange(SIDE) + 0.5) / SIDE
    cosines = np.cos(np.pi * np.arange(waves)[:, None] * at)
    planes = np.einsum("iy,jx->ijyx", cosines, cosines).reshape(-1, SIDE, SIDE)
    middle, reach = (low + high) / 2, (high - low) / 4
    channels = len(low)
    directions = np.zeros((channels * len(planes), channels, SIDE, SIDE), np.float32)
    for channel in range(channels):
        part = slice(channel * len(planes), (channel + 1) * len(planes))
        directions[part, channel] = planes * reach[channel]
    mean = np.broadcast_to(middle, (channels, SIDE, SIDE)).astype(np.float32)
    return Subspace(mean, directions)


def draw_out(
    ask: Callable[[Floats], NDArray[np.float64]],
    space: Subspace,
    low: Floats,
    high: Floats,
    steps: Iterable[int],
    rng: np.random.Generator,
    *,
    keep_close: float = 0.05,
) -> Floats:
    """The picture of a subspace that a model is surest of, float32 (C, S, S).

    Args:
        ask: pictures (L, C, S, S) → log odds of the class, (L,).
        space: where is sought.
        low: the least value of each plane, (C, 1, 1).
        high: the greatest.
        steps: one item a generation.
        rng: where chance comes from.
        keep_close: what a point loses for each squared length: pictures stay likely ones.
    """

    def good(points: NDArray[np.float64]) -> NDArray[np.float64]:
        odds = ask(space.pictures(points, low, high))
        return odds - keep_close * (points**2).sum(axis=1)

    best = evolve(good, np.zeros(len(space.directions)), steps, rng)
    return space.pictures(best[None], low, high)[0]


def similarity(drawn: Floats, pictures: Floats) -> NDArray[np.float64]:
    """Structural similarity of every drawn picture to every picture, (K, N), in [-1, 1].

    Args:
        drawn: float32 (K, C, S, S).
        pictures: float32 (N, C, S, S); brought to 32 × 32 grey, mean 0 and spread 1 each, as are the
            drawn ones: how bright either is says nothing.
    """
    a, b = _grey(drawn), _grey(pictures)
    mean_a, mean_b = _blurred(a), _blurred(b)
    vary_a, vary_b = _blurred(a**2) - mean_a**2, _blurred(b**2) - mean_b**2
    range_squared = 36.0  # six spreads
    first, second = (each * range_squared for each in _STEADY)
    found = np.zeros((len(a), len(b)))
    for row, one in enumerate(a):
        shared = _blurred(one * b) - mean_a[row] * mean_b
        like = (2 * mean_a[row] * mean_b + first) * (2 * shared + second)
        like /= (mean_a[row] ** 2 + mean_b**2 + first) * (vary_a[row] + vary_b + second)
        found[row] = like.mean(axis=(1, 2))
    return found


def _grey(pictures: Floats) -> Floats:
    planes = pictures.mean(axis=1)
    size = (COMPARED, COMPARED)
    sized = [np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA)) for p in planes]
    out = np.stack(sized).astype(np.float32)
    out -= out.mean(axis=(1, 2), keepdims=True)
    return out / np.maximum(out.std(axis=(1, 2), keepdims=True), np.float32(1e-4))


def _blurred(planes: Floats) -> Floats:
    return np.stack([np.asarray(cv2.GaussianBlur(p, (0, 0), _BLUR), np.float32) for p in planes])


@dataclass(frozen=True)
class Drawn:
    """How near drawings of K classes are to what was learnt from.

    `nearer`: how likely a training picture of the class is more like its drawing than a held-out one of
    the class, .5 is chance; `by_class` the same of each, (K,). `recognised` bool (K,): of all drawings,
    the class's own is the one that its held-out pictures are most like, compared with how much
    pictures are like any drawing.
    """

    nearer: float
    interval: Interval
    by_class: NDArray[np.float64]
    recognised: NDArray[np.bool_]


def nearness(
    like: NDArray[np.float64], classes: NDArray[np.int64], learnt: NDArray[np.bool_]
) -> Drawn:
    """Compare drawings with pictures.

    Args:
        like: similarity (K, N).
        classes: (N,) which of the K drawings is of the picture's class.
        learnt: (N,) the picture was trained on; each class has some of both.
    """
    apart = like - like.mean(axis=0)
    values: list[float] = []
    slope = np.zeros(len(classes))
    recognised: list[bool] = []
    for row in range(len(like)):
        mine = classes == row
        found = area(like[row, mine], learnt[mine])
        values.append(found.value)
        slope[mine] = found.slope / len(like)
        own = apart[:, mine & ~learnt].mean(axis=1)
        recognised.append(bool(own.argmax() == row))
    whole = Estimate(float(np.mean(values)), slope)
    return Drawn(whole.value, whole.interval(0.95), np.array(values), np.array(recognised))
