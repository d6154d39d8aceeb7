"""Does somebody question a model to steal it, or to find what it learnt?

Who extracts a model, or searches for training pictures, asks in a row what hardly differs, close to the
borders between classes. So each answer of a key is compared with the 64 before it.

Sources: Chen et al. 2019, stateful detection of black-box attacks (near-duplicate queries); Juuti et al.
2019, PRADA (distances between queries); Tramèr et al. 2016 (queries near decision borders).
"""

from __future__ import annotations

import threading
from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

REMEMBERED: Final = 64
_SIDE: Final = 8
_SAME: Final = 0.25
_NEAR: Final = 3.0
_MARGIN: Final = 0.1


class Counts(msgspec.Struct, kw_only=True):
    """Of one key on one day in one process; see `KeyUse`. `entropy` is the sum of shares."""

    asked: int = 0
    refused: int = 0
    looked_at: int = 0
    repeated: int = 0
    near: int = 0
    unsure: int = 0
    entropy: float = 0.0


class Signs:
    """What the last questions of one key looked like; `look` is called from any worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: NDArray[np.int16] = np.zeros((0, _SIDE * _SIDE), np.int16)

    def look(self, counts: Counts, pixels: Pixels, probabilities: Floats | None) -> None:
        """Count one answered picture; (H, W, 3) uint8, (K,) of a classifier."""
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        small = np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA))
        thumb = small.reshape(1, -1).astype(np.int16)
        with self._lock:
            counts.looked_at += 1
            if len(self._seen):
                nearest = float(np.abs(self._seen - thumb).mean(axis=1).min())
                counts.repeated += nearest <= _SAME
                counts.near += _SAME < nearest <= _NEAR
            self._seen = np.concatenate([self._seen, thumb])[-REMEMBERED:]
            if probabilities is not None and len(probabilities) > 1:
                first, second = np.sort(probabilities)[::-1][:2].tolist()
                counts.unsure += first - second < _MARGIN
                sure = np.clip(probabilities.astype(np.float64), 1e-12, 1)
                counts.entropy += float(-(sure * np.log(sure)).sum() / np.log(len(sure)))
