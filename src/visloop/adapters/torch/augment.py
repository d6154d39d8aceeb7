"""Pictures varied while they are learnt from, boxes and masks carried along.

By albumentations 2.0.8 (MIT, the last free one); what it draws depends on (seed, epoch, picture)
alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Final

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks home for news when it is imported

import albumentations as A  # noqa: N812 - its own name for itself
import numpy as np

from visloop.adapters.torch.determined import generator, python_random
from visloop.adapters.torch.pictures import BLANK, Prepared

_FILL: Final = 114
_LEAST_SEEN: Final = 0.2
_BLANK_PLACE: Final = -1


class Augment:
    """Flips, zoom, shifts, and changes of light; `strength` 0 leaves pictures as they are.

    Args:
        strength: 1 is usual.
        flips: which mirrorings leave a picture what it is: `h`, `v`, `hv` or none.
        seed: of the run.
        moves: whether zoom and shifts are wanted (a number read off a scale may not survive them).
    """

    def __init__(self, strength: float, flips: str, seed: int, *, moves: bool = True) -> None:
        self._seed = seed
        chosen = _movements(strength, flips, moves=moves)
        self._carries = bool(chosen)
        boxes = A.BboxParams(
            format="pascal_voc",
            label_fields=["places"],
            min_visibility=_LEAST_SEEN,
            clip=True,
            filter_invalid_bboxes=True,
        )
        self._pipe = A.Compose(
            [*chosen, *_light(strength)], bbox_params=boxes if self._carries else None
        )

    def __call__(self, prepared: Prepared, epoch: int, image: str) -> Prepared:
        """The picture as epoch `epoch` sees it; `image` is the digest of its bytes."""
        numbers = generator(self._seed, "augment", epoch, image)
        self._pipe.set_random_state(numbers, python_random(numbers))
        if not self._carries:
            return replace(prepared, pixels=self._pipe(image=prepared.pixels)["image"])
        boxes = np.concatenate([prepared.boxes, prepared.blank])
        places = [*prepared.places.tolist(), *[_BLANK_PLACE] * len(prepared.blank)]
        given: dict[str, Any] = {"image": prepared.pixels, "bboxes": boxes, "places": places}
        if prepared.mask is not None:
            given["mask"] = prepared.mask
        found = self._pipe(**given)
        boxes = np.asarray(found["bboxes"], np.float32).reshape(-1, 4)
        known = np.asarray(found["places"], np.int64).reshape(-1)
        return replace(
            prepared,
            pixels=found["image"],
            boxes=boxes[known >= 0],
            places=known[known >= 0],
            blank=boxes[known < 0],
            mask=found.get("mask"),
        )


def _movements(strength: float, flips: str, *, moves: bool) -> list[Any]:
    """What moves pixels, and boxes and masks with them."""
    if strength <= 0:
        return []
    chosen: list[Any] = []
    if "h" in flips:
        chosen.append(A.HorizontalFlip(p=0.5))
    if "v" in flips:
        chosen.append(A.VerticalFlip(p=0.5))
    if moves:
        zoom, shift = min(0.9, 0.3 * strength), min(0.5, 0.1 * strength)
        chosen.append(
            A.Affine(
                scale=(1 - zoom, 1 + zoom),
                translate_percent=(-shift, shift),
                keep_ratio=True,
                balanced_scale=True,
                fill=_FILL,
                fill_mask=BLANK,
                p=1.0,
            )
        )
    return chosen


def _light(strength: float) -> list[Any]:
    """What changes pixels where they are."""
    if strength <= 0:
        return [A.NoOp()]
    light = min(0.8, 0.2 * strength)
    hue, colour, value = round(8 * strength), round(20 * strength), round(10 * strength)
    return [
        A.RandomBrightnessContrast(light, light, p=0.5),
        A.HueSaturationValue(hue, colour, value, p=0.3),
    ]
