"""Confident learning: labels that a model, asked out of fold, confidently says otherwise.

N pictures, C classes. Source: Northcutt 2021.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]
Labels: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

_OTHERS: Final = 2


class Doubts(NamedTuple):
    """Which labels are suspect, (N,); the class that is suggested, (N,); and how believable each label
    is, in [0, 1], (N,): sorted by it the worst come first, suspect or not.
    """

    suspect: Mask
    suggested: Labels
    belief: NDArray[np.float64]


def doubts(probabilities: Floats, labels: Labels) -> Doubts:
    """Hold labels against probabilities that were found without them.

    A class is confidently there where its probability is at least what it is on average over the
    pictures that are labelled so. A label is suspect where the likeliest class is another one, and
    is confidently there.

    Args:
        probabilities: (N, C), each row from a model that had not seen the picture.
        labels: (N,) in [0, C), as given.
    """
    rows, classes = np.arange(len(labels)), probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = probabilities[rows, labels].astype(np.float64)
    usual = np.bincount(labels, own, classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf
    best = probabilities.argmax(axis=1)
    suspect = (best != labels) & (probabilities[rows, best] >= usual[best])
    others = probabilities.astype(np.float64)
    others[rows, labels] = -1
    return Doubts(suspect, others.argmax(axis=1), own)


def planted(labels: Labels, classes: int, share: float, rng: np.random.Generator) -> Labels:
    """The labels with a share of them (one at least) turned into another class at random.

    Args:
        labels: (N,) in [0, C); a class that would be left with fewer than two pictures is spared.
        classes: C, two at least.
        share: of N, in (0, 1).
        rng: where chance comes from.
    """
    given = labels.copy()
    left = np.bincount(labels, minlength=classes)
    wanted = max(1, round(share * len(labels)))
    for place in rng.permutation(len(labels)):
        if not wanted:
            break
        if left[labels[place]] <= _OTHERS:
            continue
        left[labels[place]] -= 1
        given[place] = (labels[place] + rng.integers(1, classes)) % classes
        wanted -= 1
    return given
