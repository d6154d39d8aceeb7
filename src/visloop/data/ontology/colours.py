"""A colour for every class that keeps for good: given by a person, else drawn from the class's id.

Ids never change and are never given again, so neither a rename nor another class moves a colour.
Hues step by the golden angle, so neighbours in the dictionary are far apart; three levels of
luminance tell hues apart that come close. All levels lie where WCAG 2's contrast against both white
and near-black (#0f1115) is at least 3 : 1, what it asks of graphics, and black or white text on any
of them has at least 4.5 : 1.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from visloop.data.records import ClassEntry

_GOLDEN: Final = 0.381966  # of a turn
_FIRST_HUE: Final = 0.59  # blue
_SATURATION: Final = 0.85
_LUMINANCE: Final = (0.21, 0.285, 0.15)
_STEPS: Final = 20


def colours_of(classes: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Red, green and blue, 0 … 255, of a model's classes by name: its outputs are their ids."""
    named = enumerate(classes)
    return {name: _rgb(color_of_id(number)) for number, name in named}


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def color_of(entry: ClassEntry) -> str:
    """The colour of a class, `#rrggbb`."""
    return entry.color or color_of_id(entry.id)


@lru_cache(maxsize=4096)
def color_of_id(number: int) -> str:
    """The colour that belongs to the id of a class, `#rrggbb`."""
    hue = (_FIRST_HUE + number * _GOLDEN) % 1.0
    wanted = _LUMINANCE[number % len(_LUMINANCE)]
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if luminance(_hex(hue, middle)) < wanted:
            low = middle
        else:
            high = middle
    return _hex(hue, high)


def ink_on(color: str) -> str:
    """The colour of text on it, `#000000` or `#ffffff`, whichever is easier to read."""
    light = luminance(color)
    return "#000000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#ffffff"


def luminance(color: str) -> float:
    """Relative luminance in [0, 1] of `#rrggbb` (WCAG 2.2)."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB


def _hex(hue: float, lightness: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, _SATURATION)
    return "#" + "".join(f"{round(255 * each):02x}" for each in parts)
