"""Whether a picture was learnt from, guessed from the model's answer to it: scores of four attackers.

N pictures, C classes, S shadow models. Every score is higher for what looks like a member.

Source: Yeom 2018 (loss), Watson 2022 (difficulty), Carlini 2022 (likelihood ratio).
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

_LEAST: Final = 1e-30
_LEAST_SPREAD: Final = 1e-6


def sureness(probabilities: NDArray[np.floating], truth: NDArray[np.int64]) -> Floats:
    """How sure a classifier is of the true class, as log odds, (N,): the loss attack.

    It orders pictures as the log loss does, and keeps telling apart what is all but certain.

    Args:
        probabilities: (N, C).
        truth: (N,) in [0, C).
    """
    rows = np.arange(len(truth))
    wide = probabilities.astype(np.float64)
    right = wide[rows, truth]
    wide[rows, truth] = 0
    return np.log(np.maximum(right, _LEAST)) - np.log(np.maximum(wide.sum(axis=1), _LEAST))


def sureness_of_logits(logits: NDArray[np.floating], truth: NDArray[np.int64]) -> Floats:
    """`sureness` of softmax(logits), (…, N, C) → (…, N), where probabilities would round to 0 and 1."""
    wide = logits.astype(np.float64)
    index = np.broadcast_to(truth[..., None], (*wide.shape[:-1], 1))
    right = np.take_along_axis(wide, index, axis=-1)[..., 0]
    np.put_along_axis(wide, index, -np.inf, axis=-1)
    most = wide.max(axis=-1)
    return right - most - np.log(np.exp(wide - most[..., None]).sum(axis=-1))


def by_class(scores: Floats, truth: NDArray[np.int64]) -> Floats:
    """Scores less the mean of their class: some classes are easier than others.

    The mean is over members and others alike, so that it knows nothing of who is which.
    """
    classes, place = np.unique(truth, return_inverse=True)
    counts = np.bincount(place, minlength=len(classes))
    return scores - (np.bincount(place, scores) / counts)[place]


def difficulty(scores: Floats, shadows: Floats, learnt: Mask) -> Floats:
    """Scores less what models give that did not learn from the picture: some pictures are easier.

    Args:
        scores: (N,), of the model.
        shadows: (S, N), of the shadow models.
        learnt: (S, N): which shadow learnt from which picture; each is left out by one at least.
    """
    return scores - _mean(shadows, ~learnt)


def likelihood_ratio(scores: Floats, shadows: Floats, learnt: Mask) -> Floats:
    """How much better a score fits the shadows that learnt from the picture than those that did not.

    Both are normal curves, with means of the picture's own and one spread for all pictures: with few
    shadows a spread of its own is mostly noise.

    Args:
        scores: (N,), of the model.
        shadows: (S, N), of the shadow models.
        learnt: (S, N), each picture learnt by one shadow at least and left out by another.
    """

    def fit(chosen: Mask) -> Floats:
        middle = _mean(shadows, chosen)
        apart = np.where(chosen, shadows - middle, 0.0)
        freedom = max(1, int(chosen.sum()) - chosen.shape[1])
        spread = max(_LEAST_SPREAD, float(np.sqrt((apart**2).sum() / freedom)))
        return -0.5 * ((scores - middle) / spread) ** 2 - np.log(spread)

    return fit(learnt) - fit(~learnt)


def _mean(values: Floats, chosen: Mask) -> Floats:
    return np.where(chosen, values, 0.0).sum(axis=0) / np.maximum(1, chosen.sum(axis=0))


def draw_lots(pictures: int, learnt: int, shadows: int, seed: int) -> Mask:
    """Which shadow model learns from which picture, (S, N), `learnt` each.

    Every picture is left out about equally often: of those left out least so far, some are drawn.

    Raises:
        UsageError: so few shadows leave pictures out, or learn from them, less than twice.
    """
    left = pictures - learnt
    least = -(-2 * pictures // max(1, min(left, learnt)))
    if shadows < least:
        raise UsageError(
            f"{shadows} shadow models are too few: each picture must be learnt and left out twice",
            fix=f"--set shadows={least}, or 0 for none",
        )
    rng = np.random.default_rng(seed)
    lots = np.ones((shadows, pictures), np.bool_)
    out = np.zeros(pictures)
    for row in lots:
        chosen = np.argsort(out + rng.random(pictures))[:left]
        row[chosen] = False
        out[chosen] += 1
    return lots
