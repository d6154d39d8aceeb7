"""Small objects: a larger input, learnt from in tiles of it.

The networks here are convolutions from end to end, so what they learn on a tile holds on the whole
picture: nothing has to be cut, answered apart and merged in production. A tile costs a step what a
small picture costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.adapters.torch.determined import generator
from visloop.adapters.torch.pictures import BLANK, Boxes, Prepared

_WITH_OBJECT: Final = 0.8
_LEAST_SEEN: Final = 0.2


class Cutter:
    """Cuts a tile out of a prepared picture, four times of five one with an object in it.

    Args:
        tile_hw: height and width of the tiles; None: pictures stay whole.
        seed: of the run; what is drawn depends on (seed, epoch, picture) alone.
    """

    def __init__(self, tile_hw: tuple[int, int] | None, seed: int) -> None:
        self._tile_hw, self._seed = tile_hw, seed

    def __call__(self, prepared: Prepared, epoch: int, image: str) -> Prepared:
        """The tile that epoch `epoch` sees; `image` is the digest of the picture's bytes."""
        if self._tile_hw is None:
            return prepared
        numbers = generator(self._seed, "tile", epoch, image)
        (high, wide), (h, w) = prepared.pixels.shape[:2], self._tile_hw
        room = np.array([wide - w, high - h])
        corner = numbers.integers(room, endpoint=True)
        point = _point(prepared, numbers)
        if point is not None and numbers.random() < _WITH_OBJECT:
            low = np.clip(point - np.array([w, h]) + 1, 0, room)
            corner = numbers.integers(low, np.clip(point, low, room), endpoint=True)
        return _cut(prepared, int(corner[0]), int(corner[1]), w, h)


def _point(prepared: Prepared, numbers: np.random.Generator) -> NDArray[np.int64] | None:
    """The middle of some object, or a pixel of one: x, y."""
    if prepared.mask is not None:
        rows, columns = np.nonzero((prepared.mask > 0) & (prepared.mask != BLANK))
        if not len(rows):
            return None
        chosen = int(numbers.integers(len(rows)))
        return np.array([columns[chosen], rows[chosen]])
    if not len(prepared.boxes):
        return None
    box = prepared.boxes[int(numbers.integers(len(prepared.boxes)))]
    return np.array([box[0] + box[2], box[1] + box[3]], np.int64) // 2


def _cut(prepared: Prepared, x: int, y: int, w: int, h: int) -> Prepared:
    """What lies in a tile; of an object that is mostly outside nobody knows."""
    mask = prepared.mask
    if mask is not None:
        mask = mask[y : y + h, x : x + w]
    boxes, seen = _clipped(prepared.boxes, x, y, w, h)
    blank, left = _clipped(prepared.blank, x, y, w, h)
    return replace(
        prepared,
        pixels=prepared.pixels[y : y + h, x : x + w],
        boxes=boxes[seen >= _LEAST_SEEN],
        places=prepared.places[seen >= _LEAST_SEEN],
        blank=np.concatenate([blank[left > 0], boxes[(seen > 0) & (seen < _LEAST_SEEN)]]),
        mask=mask,
    )


def _clipped(boxes: Boxes, x: int, y: int, w: int, h: int) -> tuple[Boxes, Boxes]:
    """Boxes as they lie in a tile, and the share of each that does: float32 (M, 4), (M,)."""
    moved = boxes - np.array([x, y, x, y], np.float32)
    inside = np.clip(moved, 0, np.array([w, h, w, h], np.float32))
    whole, seen = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (moved, inside))
    return inside, np.where(whole > 0, seen / np.maximum(whole, 1e-6), 0).astype(np.float32)
