"""What a model's answers and inputs looked like on pictures that it had not learnt from.

Monitoring compares production with this. It travels in the model package.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from visloop.errors import Corrupt

STATISTICS = 8


@dataclass(frozen=True)
class Reference:
    """N pictures, C classes, D numbers of the embedding.

    `probabilities` float32 (N, C) come from folds that did not hold the picture; `embeddings`
    float16 (N, D); `statistics` float32 (N, 8) as `vision.image_statistics`; `images` are digests
    of the encoded bytes, (N,); `predicted` and `truth` int64 (N,).
    """

    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float16]
    statistics: NDArray[np.float32]
    images: tuple[str, ...]
    predicted: NDArray[np.int64]
    truth: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Pictures."""
        return len(self.images)

    def to_bytes(self) -> bytes:
        """An npz without pickles; the same reference gives the same bytes."""
        stream = io.BytesIO()
        np.savez(
            stream,
            format=np.array(1),
            probabilities=self.probabilities.astype(np.float32),
            embeddings=self.embeddings.astype(np.float16),
            statistics=self.statistics.astype(np.float32),
            images=np.array(self.images, "S64"),
            predicted=self.predicted.astype(np.int64),
            truth=self.truth.astype(np.int64),
        )
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Reference:
        """Read what `to_bytes` wrote; nothing in it is executed.

        Raises:
            Corrupt: the bytes are something else.
        """
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as held:
                found = cls(
                    probabilities=held["probabilities"],
                    embeddings=held["embeddings"],
                    statistics=held["statistics"],
                    images=tuple(name.decode() for name in held["images"].tolist()),
                    predicted=held["predicted"],
                    truth=held["truth"],
                )
        except (BadZipFile, ValueError, KeyError, OSError, EOFError, AttributeError) as error:
            raise Corrupt(f"a model's reference cannot be read: {error}") from error
        lengths = {len(a) for a in (found.probabilities, found.embeddings, found.statistics)}
        if lengths != {found.n} or {len(found.predicted), len(found.truth)} != {found.n}:
            raise Corrupt("a model's reference has columns of different length")
        return found
