"""Pictures as a recipe learns from them: prepared by the contract's own code, with their truth.

Pixels are decoded and resized by `infer`, as they will be in production; boxes and masks take the
same way. Augmentation comes after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visloop import infer
from visloop.vision import Contract, Mask, Polygon, Resize, bitmap_of

if TYPE_CHECKING:
    from visloop.train import Bench, Labelled
    from visloop.vision import Placement

BLANK: Final = 255
"""In a map of classes: a pixel of which nobody knows."""
_HELD_BYTES: Final = 1 << 30
_FIRST: Final = 8
_FIRST_PX: Final = 900_000

Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Prepared:
    """One picture at the size of the model's input, before it is normalised.

    `pixels` uint8 (H, W, 3); `boxes` float32 (M, 4) in its pixels, with `places` int64 (M,) of their
    classes; `blank` float32 (B, 4), regions of which nobody knows; `mask` uint8 (H, W): 0 background,
    1 + place of a class, 255 nobody knows; None where the task wants none.
    """

    pixels: NDArray[np.uint8]
    boxes: Boxes
    places: NDArray[np.int64]
    blank: Boxes
    mask: NDArray[np.uint8] | None = None


class Pictures:
    """The pictures of a lesson, prepared when they are asked for first and held while there is room.

    Args:
        bench: where their bytes are.
        contract: how they are prepared.
        labelled: the pictures and their truth.
        classes: C names; what is of no other class counts as blank.
        masks: whether outlines are wanted as a map of classes.
    """

    def __init__(
        self,
        bench: Bench,
        contract: Contract,
        labelled: Sequence[Labelled],
        classes: Sequence[str],
        *,
        masks: bool = False,
    ) -> None:
        self.labelled = labelled
        self.contract = contract
        self._bench, self._masks = bench, masks
        self._place = {name: i for i, name in enumerate(classes)}
        self._held: dict[int, Prepared] = {}
        size = int(np.prod(contract.resize.output_hw)) * (4 if masks else 3)
        self._room = _HELD_BYTES // size

    def __len__(self) -> int:
        return len(self.labelled)

    def __getitem__(self, place: int) -> Prepared:
        found = self._held.get(place)
        if found is None:
            found = self._prepare(self.labelled[place])
            if len(self._held) < self._room:
                self._held[place] = found
        return found

    def first(self) -> Tensor:
        """The first few as the network gets them, of a batch's worth of pixels: (N, 3, H, W)."""
        height, width = self.contract.resize.output_hw
        count = max(1, min(_FIRST, _FIRST_PX // (height * width), len(self)))
        return tensors_of([self[place] for place in range(count)], self.contract)

    def _prepare(self, labelled: Labelled) -> Prepared:
        picture = infer.read(self._bench.read(labelled.sample.image), self.contract)
        lies = infer.place(picture, self.contract.resize)
        pixels = infer.resized(picture.pixels, self.contract.resize)
        around = [getattr(each, "xyxy", (0.0, 0.0, 0.0, 0.0)) for each in labelled.objects]
        places = [self._place[each.label] for each in labelled.objects]
        prepared = Prepared(
            pixels=pixels,
            boxes=lies.to_input(np.array(around, np.float32).reshape(-1, 4)),
            places=np.array(places, np.int64),
            blank=lies.to_input(np.array(labelled.blank, np.float32).reshape(-1, 4)),
        )
        if not self._masks:
            return prepared
        return replace(prepared, mask=self._map(labelled, lies, prepared))

    def _map(self, labelled: Labelled, lies: Placement, prepared: Prepared) -> NDArray[np.uint8]:
        """The outlines as a map of classes; where they overlap, the smaller one lies on top."""
        height, width = lies.size_hw
        drawn = [_bitmap(each, (height, width)) for each in labelled.objects]
        whole = np.zeros((height, width), np.uint8)
        for place in sorted(range(len(drawn)), key=lambda i: -int(drawn[i].sum())):
            whole[drawn[place]] = 1 + prepared.places[place]
        for x1, y1, x2, y2 in labelled.blank:
            region = whole[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
            region[region == 0] = BLANK
        return _moved(whole, lies)


def _bitmap(each: object, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of an outline, bool (H, W) of the picture."""
    if isinstance(each, Mask):
        bitmap = bitmap_of(each.counts, each.size_hw)
        if each.size_hw == size_hw:
            return bitmap
        whole = cv2.resize(bitmap.astype(np.uint8), size_hw[::-1], interpolation=cv2.INTER_NEAREST)
        return whole.astype(np.bool_)
    assert isinstance(each, Polygon)
    drawn = np.zeros(size_hw, np.uint8)
    rings = [np.array(ring, np.float64).reshape(-1, 2) for ring in each.rings]
    points = [np.floor(ring).astype(np.int32) for ring in rings]
    cv2.fillPoly(drawn, points, 1)
    return drawn.astype(np.bool_)


def _moved(whole: NDArray[np.uint8], lies: Placement) -> NDArray[np.uint8]:
    """A map of the picture as it lies in the input; outside of the picture nobody knows."""
    high, wide = lies.input_hw
    (sx1, sy1, sx2, sy2), (tx1, ty1, tx2, ty2) = lies.source_xyxy, lies.target_xyxy
    xs = sx1 + (np.arange(wide) + 0.5 - tx1) * (sx2 - sx1) / (tx2 - tx1)
    ys = sy1 + (np.arange(high) + 0.5 - ty1) * (sy2 - sy1) / (ty2 - ty1)
    columns, rows = np.floor(xs).astype(np.int64), np.floor(ys).astype(np.int64)
    out = np.full((high, wide), BLANK, np.uint8)
    within_x = (xs >= sx1) & (xs < sx2) & (columns >= 0) & (columns < whole.shape[1])
    within_y = (ys >= sy1) & (ys < sy2) & (rows >= 0) & (rows < whole.shape[0])
    out[np.ix_(within_y, within_x)] = whole[np.ix_(rows[within_y], columns[within_x])]
    return out


def tensors_of(prepared: Sequence[Prepared], contract: Contract) -> Tensor:
    """Normalised pixels, float32 (N, 3, H, W), in the memory order in which convolutions are fast."""
    height, width = prepared[0].pixels.shape[:2]  # the input's, or a tile's
    exact = msgspec.structs.replace(contract, resize=Resize(mode="squash", size_hw=(height, width)))
    batch = np.stack([infer.to_tensor(each.pixels, exact) for each in prepared])
    return torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)


def input_size(
    shapes: Sequence[tuple[int, int]], area_px: int, multiple: int = 32
) -> tuple[int, int]:
    """Height and width of an input of about that area, as the pictures' sides are to each other.

    Args:
        shapes: height and width of each picture.
        area_px: how many pixels the input has, about.
        multiple: of which both sides are.
    """
    aspect = float(np.median([width / height for height, width in shapes]))
    aspect = min(4.0, max(0.25, aspect))
    height = max(1, round((area_px / aspect) ** 0.5 / multiple)) * multiple
    width = max(1, round(height * aspect / multiple)) * multiple
    return height, width
