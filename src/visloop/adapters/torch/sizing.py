"""How large the input of a network is, and whether it is learnt from in tiles (see `tiling`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np

from visloop.adapters.torch import schooling
from visloop.adapters.torch.pictures import input_size
from visloop.train import box_around

if TYPE_CHECKING:
    from visloop.train import Labelled

USUAL_PX: Final = 110_592
"""Of an input: 384 × 288."""
_MOST_PX: Final = 1_572_864
_SMALL_PX: Final = 16.0
_WANTED_PX: Final = 24.0
_LEAST_GAIN: Final = 1.3


class Parameters(schooling.Lite0Parameters, frozen=True, kw_only=True):
    """`pixels` of the model's input, whose shape follows the pictures: by default 110592, and more
    where objects would be smaller than 16 px at half of them (as many as make that 24 px, at most
    1572864 and those that the pictures have). `tile`, pixels of the part of an input that is learnt
    from at once: by default all of it, or 110592 where the default input is larger; 0: all of it.
    `balanced` weighs objects so that every class counts as much as every other. The others as of all
    recipes.
    """

    pixels: Annotated[int, msgspec.Meta(ge=1024, le=4_000_000)] | None = None
    tile: Annotated[int, msgspec.Meta(ge=0, le=4_000_000)] | None = None
    balanced: bool = False


@dataclass(frozen=True)
class Sizes:
    """Height and width of the input, and of the tiles that are learnt from; None: whole inputs."""

    input_hw: tuple[int, int]
    tile_hw: tuple[int, int] | None

    def __str__(self) -> str:
        high, wide = self.input_hw
        tiles = (
            f", learnt from in tiles of {self.tile_hw[1]} × {self.tile_hw[0]}"
            if self.tile_hw
            else ""
        )
        return f"the input has {wide} × {high} px{tiles}"


def sizes_of(params: Parameters, learnt: Sequence[Labelled]) -> Sizes:
    """How large the input is, and the part of it that is learnt from at once."""
    shapes = [(each.sample.height, each.sample.width) for each in learnt]
    area = params.pixels or _enough(learnt)
    input_hw = input_size(shapes, area)
    tile = params.tile
    if tile is None:
        tile = USUAL_PX if params.pixels is None and area > USUAL_PX else 0
    if not tile:
        return Sizes(input_hw, None)
    high, wide = input_size([input_hw], tile)
    tile_hw = min(high, input_hw[0]), min(wide, input_hw[1])
    return Sizes(input_hw, None if tile_hw == input_hw else tile_hw)


def _enough(learnt: Sequence[Labelled]) -> int:
    """Pixels of an input in which objects are not small."""
    areas: list[float] = []
    for each in learnt:
        whole = each.sample.height * each.sample.width
        around = (box_around(one) for one in each.objects)
        areas += [(b[2] - b[0]) * (b[3] - b[1]) / whole for b in around if b is not None]
    if not areas:
        return USUAL_PX
    share = float(np.median(areas))
    if share <= 0 or share * USUAL_PX >= _SMALL_PX**2:
        return USUAL_PX
    seen = float(np.median([each.sample.height * each.sample.width for each in learnt]))
    enough = min(_WANTED_PX**2 / share, seen, _MOST_PX)
    return round(enough) if enough >= _LEAST_GAIN * USUAL_PX else USUAL_PX
