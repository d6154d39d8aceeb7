"""Maps by t-SNE, with neighbours by random trees and forces by interpolation: its time grows with n.

Source: van der Maaten & Hinton 2008 (t-SNE), van der Maaten 2014 (trees), Linderman 2019
(interpolation), Kobak & Berens 2019 (principal components to begin with), Poličar 2024 (openTSNE).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from openTSNE import TSNEEmbedding, affinity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.progress import Progress

    Vectors = NDArray[np.float32]

_PERPLEXITY: Final = 30
_MANY: Final = 20_000
_THREADS: Final = 4
"""For many pictures, however many cores there are: another number adds up in another order, to
another map. For fewer, threads wait for each other longer than they work."""
_BY_TREE: Final = 3000
_EARLY: Final = 250
_LATER: Final = 500
_EVERY: Final = 10
_SPREAD: Final = 1e-4


def project(vectors: Vectors, start: Vectors, *, seed: int, progress: Progress) -> Vectors:
    """float32 (n, d) and where to begin, float32 (n, 2) → float32 (n, 2); n ≥ 10.

    The same every time.
    """
    threads = _THREADS if len(vectors) >= _MANY else 1
    progress.note(f"find the neighbours of {len(vectors):,} pictures")
    near = affinity.PerplexityBasedNN(
        vectors,
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) // 3),
        method="annoy",
        n_jobs=threads,
        random_state=seed,
    )
    begin = start.astype(np.float64) * (_SPREAD / max(float(start[:, 0].std()), _SPREAD**2))
    points = TSNEEmbedding(
        begin,
        near,
        n_jobs=threads,
        random_state=seed,
        negative_gradient_method="bh" if len(vectors) < _BY_TREE else "fft",
        learning_rate="auto",
    )
    total = _EARLY + _LATER
    done = iter(progress.track(range(total), doing="map", unit="step", total=total))

    def step(*_told: Any) -> None:
        for _ in range(_EVERY):
            next(done)

    watched: dict[str, Any] = {"callbacks": step, "callbacks_every_iters": _EVERY, "inplace": True}
    points.optimize(n_iter=_EARLY, exaggeration=12, momentum=0.5, **watched)
    points.optimize(n_iter=_LATER, momentum=0.8, **watched)
    return np.asarray(points, np.float32)
