"""Models like the one that is attacked, that learnt from other draws of the same pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from visloop.evaluate.assess.privacy.membership import sureness_of_logits
from visloop.lazy import lazy_vendor
from visloop.train import rooted

if TYPE_CHECKING:
    from scipy import special
    from sklearn import exceptions, linear_model, model_selection
else:
    exceptions = lazy_vendor("sklearn.exceptions")
    linear_model = lazy_vendor("sklearn.linear_model")
    model_selection = lazy_vendor("sklearn.model_selection")
    special = lazy_vendor("scipy.special")

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

_ITERATIONS = 500
_NEVER = -1e3
_BLIND_C = 0.003
_FOLDS = 5


def linear_heads(
    embeddings: NDArray[np.float32],
    truth: NDArray[np.int64],
    learnt: Iterable[Mask],
    *,
    c: float,
    temperature: float,
    balanced: bool,
) -> Floats:
    """How sure heads as `classify-linear` fits them are of the true class of every picture, (S, N).

    Args:
        embeddings: float32 (N, D), of the backbone.
        truth: (N,) in [0, C).
        learnt: S masks (N,): what each head learns from.
        c: inverse regularisation strength, the attacked model's.
        temperature: what its logits are divided by.
        balanced: it weighs classes equally.
    """
    inputs = rooted(embeddings)
    found = [_logits(inputs, truth, each, c, balanced=balanced) / temperature for each in learnt]
    return sureness_of_logits(np.stack(found), truth)


def _logits(
    inputs: NDArray[np.floating],
    truth: NDArray[np.int64],
    learnt: Mask,
    c: float,
    *,
    balanced: bool,
) -> Floats:
    """(N, C) of a head that learnt from some of the pictures; a class that was not there is never it."""
    centre = inputs[learnt].mean(axis=0)
    weight = "balanced" if balanced else None
    model = linear_model.LogisticRegression(C=c, max_iter=_ITERATIONS, class_weight=weight)
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        model.fit(inputs[learnt] - centre, truth[learnt])
    raw = np.asarray(model.decision_function(inputs - centre), np.float64)
    if raw.ndim == 1:
        raw = np.stack([-raw / 2, raw / 2], axis=1)
    logits = np.full((len(inputs), int(truth.max()) + 1), _NEVER)
    logits[:, model.classes_] = raw
    return logits


def told_apart_without_the_model(
    embeddings: NDArray[np.float32], member: Mask, seed: int
) -> Floats:
    """How much a picture looks like the members to somebody who never asked the model, (N,).

    Log odds of a linear head over the backbone's embeddings, each from a fold that had not seen the
    picture. Where this tells members from others, the two sets differ in themselves (another day,
    another camera), and no attack on the model means what it seems to. Source: Das 2024 (blind baselines).

    Args:
        embeddings: float32 (N, D).
        member: (N,), five of each at least.
        seed: of the folds.
    """
    inputs = rooted(embeddings)
    scores = np.zeros(len(member))
    folds = model_selection.StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    for known, held_out in folds.split(inputs, member):
        centre = inputs[known].mean(axis=0)
        model = linear_model.LogisticRegression(
            C=_BLIND_C, max_iter=_ITERATIONS, class_weight="balanced"
        )
        with warnings.catch_warnings(), threadpool_limits(limits=1):
            warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
            model.fit(inputs[known] - centre, member[known])
        share = model.predict_proba(inputs[held_out] - centre)[:, 1]
        scores[held_out] = special.logit(np.clip(share, 1e-12, 1 - 1e-12))
    return scores
