"""The parts that the factory makes: classes, variants, and those it has never made."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from visloop.demo import bars, turned
from visloop.demo.light import FINISHES
from visloop.demo.shapes import Body, Rgb

CLASSES: Final = ("bearing", "bolt", "gear", "nut", "spring", "washer")
STRANGERS: Final = ("bracket", "pin")
VARIANTS: Final = 6
BONDED_WASHER: Final = 2  # variant % 3: the washer with a rubber seal, half-way to a bearing

_MODELLERS: Final[dict[str, Callable[[int, Rgb, np.random.Generator], Body]]] = {
    "bearing": turned.bearing,
    "bolt": bars.bolt,
    "bracket": bars.bracket,
    "gear": turned.gear,
    "nut": turned.nut,
    "pin": bars.pin,
    "spring": bars.spring,
    "washer": turned.washer,
}


@lru_cache(maxsize=96)
def body(kind: str, variant: int, finish: str) -> Body:
    """The flawless part, modelled on first use; the same everywhere and always."""
    number = sorted(_MODELLERS).index(kind)
    rng = np.random.default_rng([1848, number, variant])
    return _MODELLERS[kind](variant, FINISHES[finish], rng)
