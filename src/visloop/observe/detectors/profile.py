"""A profile: what "normal" looked like, as small serialisable state that a window is tested against."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from visloop.errors import Corrupt, Refused
from visloop.ids import FORMAT
from visloop.observe.detectors.embedding import Axes
from visloop.observe.detectors.families import in_points
from visloop.observe.detectors.features import Features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from visloop.observe.detectors.features import Floats, Ints

SMALLEST_REFERENCE: Final = 40
_MOST_EMBEDDINGS: Final = 800
_DRAWS: Final = 2000


@dataclass(frozen=True)
class Profile:
    """A reference of M pictures that the model was not trained on.

    Attributes:
        reference: statistics and probabilities of all M pictures; the embedding lives in `axes`.
        axes: principal axes of at most 800 of the embeddings, or None without an embedding.
        nulls: window size → ascending T² values of windows in which nothing changed.
        draws: how many of these a null has.
        seed: of the null's draws, so that the same profile gives the same p for ever.
    """

    reference: Features
    axes: Axes | None
    nulls: dict[int, NDArray[np.float64]] = field(default_factory=dict[int, "NDArray[np.float64]"])
    draws: int = _DRAWS
    seed: int = 0

    @classmethod
    def build(
        cls, reference: Features, *, sizes: Iterable[int] = (), draws: int = _DRAWS, seed: int = 0
    ) -> Profile:
        """Fit a profile and simulate its null for the window `sizes` that will be used.

        Raises:
            Refused: the reference is too small to say what normal is.
        """
        if len(reference) < SMALLEST_REFERENCE:
            raise Refused(
                f"{len(reference)} pictures are too few for a reference",
                fix=f"give at least {SMALLEST_REFERENCE} pictures that the model was not trained on",
            )
        axes = None
        if reference.embedding is not None:
            rng = np.random.default_rng(seed)
            rows = rng.permutation(len(reference))[:_MOST_EMBEDDINGS]
            axes = Axes.fit(reference.embedding[np.sort(rows)])
        kept = Features(reference.statistics, reference.probabilities, classes=reference.classes)
        profile = cls(kept, axes, draws=draws, seed=seed)
        for size in sizes:
            profile.null(size)
        return profile

    @cached_property
    def statistics_sorted(self) -> Floats:
        """float32 (M, 8), each column ascending."""
        return np.sort(self.reference.statistics, axis=0)

    @cached_property
    def probabilities_sorted(self) -> Floats | None:
        """float32 (M, C) in whole points, each column ascending."""
        p = self.reference.probabilities
        return None if p is None else np.sort(in_points(p), axis=0)

    @cached_property
    def predicted(self) -> Ints | None:
        """int64 (M,): the predicted classes of the reference."""
        return self.reference.predicted

    def null(self, size: int) -> NDArray[np.float64]:
        """T² of unchanged windows of `size`, ascending; simulated once and then remembered."""
        if self.axes is None:
            return np.empty(0)
        if size not in self.nulls:
            self.nulls[size] = self.axes.null(size, draws=self.draws, seed=self.seed + size)
        return self.nulls[size]

    def to_bytes(self) -> bytes:
        """As an .npz without pickle; the same profile gives the same bytes."""
        arrays: dict[str, NDArray[np.generic]] = {"statistics": self.reference.statistics}
        if self.reference.probabilities is not None:
            arrays["probabilities"] = self.reference.probabilities
        if self.axes is not None:
            arrays |= {
                f"axes.{f.name}": np.asarray(getattr(self.axes, f.name)) for f in fields(Axes)
            }
        arrays |= {f"null.{size}": self.nulls[size] for size in sorted(self.nulls)}
        about = {
            "format": FORMAT,
            "classes": self.reference.classes,
            "draws": self.draws,
            "seed": self.seed,
        }
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with io.BytesIO() as out:
            np.savez(out, allow_pickle=False, **arrays)
            return out.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes | memoryview) -> Profile:
        """Read what `to_bytes` wrote; nothing in it can run.

        Raises:
            Corrupt: not a profile.
        """
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as file:
                return cls._read({name: file[name] for name in file.files})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise Corrupt(
                f"the monitor's reference cannot be read: {error}",
                fix="set it again from the model: visloop monitor NAME --reset",
            ) from error

    @classmethod
    def _read(cls, arrays: Mapping[str, NDArray[Any]]) -> Profile:
        about = json.loads(arrays["about"].tobytes())
        axes = None
        if "axes.mean" in arrays:
            axes = Axes(**{f.name: arrays[f"axes.{f.name}"] for f in fields(Axes)})
        nulls = {
            int(name.removeprefix("null.")): array
            for name, array in arrays.items()
            if name.startswith("null.")
        }
        reference = Features(
            arrays["statistics"], arrays.get("probabilities"), classes=tuple(about["classes"])
        )
        return cls(reference, axes, nulls, draws=about["draws"], seed=about["seed"])
