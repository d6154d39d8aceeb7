"""The embedding's mean: a shrunk Hotelling T² with a simulated two-sample null.

The covariance is Σ = (1 - s) S + s tr(S)/d · I. With d = 1280 and a few hundred reference pictures S
is far from full rank: on real pictures s = .8 finds more than .1 (.68 against .58 of 35 corruptions,
by this test alone at p ≤ .003, n = 50, m = 393), and its null fits better, since Σ hardly depends on
how many pictures made it. Everything is kept in the reference's own principal axes: there Σ is
diagonal, off them constant.

A null draw takes a window and a reference anew, from disjoint parts of the stored reference, and fits
Σ again to that smaller reference; because a draw differs from the whole by the few rows of the window
alone, Woodbury's identity gives its T² from one n × n solve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.observe.detectors.features import Floats

SHRINK: Final = 0.8
_KEEP: Final = 1.0 - SHRINK
_LARGEST_DRAW: Final = 250


@dataclass(frozen=True)
class Axes:
    """A reference of m embeddings in its principal axes.

    Attributes:
        mean: float32 (D,).
        basis: float32 (R, D), orthonormal rows.
        variance: float64 (R,), of the reference along each row of `basis`.
        coordinates: float32 (M, R), the centred reference on the axes.
        distances: float64 (M,), ascending: squared Mahalanobis distance of each reference picture
            from all the others (left out of mean and covariance).
    """

    mean: Floats
    basis: Floats
    variance: Floats
    coordinates: Floats
    distances: Floats

    @classmethod
    def fit(cls, embedding: Floats) -> Axes:
        """Axes of a reference, float (M, D), M ≥ 3."""
        mean = embedding.mean(axis=0, dtype=np.float64)
        centred = embedding - mean
        _, singular, basis = np.linalg.svd(centred, full_matrices=False)
        keep = singular > singular[0] * 1e-5
        basis, variance = basis[keep], singular[keep] ** 2 / len(embedding)
        coordinates = centred @ basis.T
        return cls(
            mean=mean.astype(np.float32),
            basis=basis.astype(np.float32),
            variance=variance,
            coordinates=coordinates.astype(np.float32),
            distances=np.sort(_left_out(coordinates, variance, embedding.shape[1])),
        )

    def squared_distance(self, offset: Floats) -> NDArray[np.float64]:
        """offsetᵀ Σ⁻¹ offset for offsets from the mean, float (N, D) → float64 (N,)."""
        single = offset.astype(np.float32)
        on_axes = (single @ self.basis.T).astype(np.float64)
        off_axes = np.maximum((single.astype(np.float64) ** 2).sum(1) - (on_axes**2).sum(1), 0.0)
        return (on_axes**2 / (_KEEP * self.variance + self.ridge)).sum(1) + off_axes / self.ridge

    def t_squared(self, window: Floats) -> float:
        """T² of a window's mean, float (N, D), scaled so that its law hardly depends on sizes."""
        offset = window.mean(axis=0, dtype=np.float64) - self.mean
        scale = 1.0 / len(window) + 1.0 / len(self.coordinates)
        return float(self.squared_distance(offset[None, :])[0]) / scale

    def null(self, size: int, *, draws: int, seed: int) -> NDArray[np.float64]:
        """T² under "nothing changed" for windows of `size`: float64 (draws,), ascending."""
        rng = np.random.default_rng(seed)
        many = len(self.coordinates)
        size = max(1, min(size, many // 2, _LARGEST_DRAW))
        coordinates = self.coordinates.astype(np.float64)
        return np.sort(
            [
                _draw(coordinates[rng.permutation(many)[:size]], self.variance, many, self._width)
                for _ in range(draws)
            ]
        )

    @property
    def ridge(self) -> float:
        """The variance that Σ gives to every direction: s tr(S)/D."""
        return max(SHRINK * float(self.variance.sum()) / self._width, 1e-12)

    @property
    def _width(self) -> int:
        return self.basis.shape[1]


def _draw(window: Floats, variance: Floats, many: int, width: int) -> float:
    """T² of some reference rows (n, R) against all the others, Σ fitted to the others."""
    size = len(window)
    rest = many - size
    total = window.sum(axis=0)
    left_trace = (many * variance.sum() - (window**2).sum()) / rest - (total @ total) / rest**2
    diagonal = _KEEP * many / rest * variance + SHRINK * left_trace / width
    gram = (window / diagonal) @ window.T
    ones = np.ones(size)
    inverse_k = (rest / _KEEP) * (np.eye(size) - 1.0 / many)
    across = gram @ ones
    inner = ones @ across + across @ np.linalg.solve(inverse_k - gram, across)
    stretch = (1.0 + size / rest) / size
    return float(inner * stretch**2 / (1.0 / size + 1.0 / rest))


def _left_out(coordinates: Floats, variance: Floats, width: int) -> NDArray[np.float64]:
    """Squared distance of every row (M, R) from the mean of the others under their Σ: (M,)."""
    many = len(coordinates)
    rest = many - 1
    squares = (coordinates**2).sum(axis=1)
    trace = (many * variance.sum() - squares) / rest - squares / rest**2
    diagonal = _KEEP * many / rest * variance[None, :] + SHRINK * trace[:, None] / width
    gram = (coordinates**2 / diagonal).sum(axis=1)
    inverse_k = rest**2 / (_KEEP * many)
    return (gram + gram**2 / (inverse_k - gram)) * (many / rest) ** 2
