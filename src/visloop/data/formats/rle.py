"""Run-length masks as COCO writes them: column by column, zeros first; plain or as a string.

Source: cocoapi `common/maskApi.c` (rleToString, rleFrString): 5 bits a character from '0', bit 6 of
six says that more follows, from the third run on the difference to the run before last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from visloop import vision
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy_vendor("numpy")

_BASE, _MORE, _LOW, _SIGN = 48, 0x20, 0x1F, 0x10


def from_string(text: str) -> tuple[int, ...]:
    """Compressed runs → runs.

    Raises:
        ValueError: a character that cannot be part of it, or the text stops inside a number.
    """
    runs: list[int] = []
    value, shift = 0, 0
    for letter in text.encode("latin-1", "replace"):
        bits = letter - _BASE
        if not 0 <= bits < 2 * _MORE:
            raise ValueError(f"{chr(letter)!r} is not part of a compressed mask")
        value |= (bits & _LOW) << shift
        shift += 5
        if bits & _MORE:
            continue
        if bits & _SIGN:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))  # noqa: PLR2004 - third run on
        value, shift = 0, 0
    if shift:
        raise ValueError("the compressed mask stops inside a number")
    return tuple(runs)


def to_string(counts: Sequence[int]) -> str:
    """Runs → compressed runs, the inverse of `from_string`."""
    letters: list[str] = []
    for at, run in enumerate(counts):
        value = run - (counts[at - 2] if at > 2 else 0)  # noqa: PLR2004 - third run on
        more = True
        while more:
            bits = value & _LOW
            value >>= 5
            more = value != (-1 if bits & _SIGN else 0)
            letters.append(chr((bits | _MORE if more else bits) + _BASE))
    return "".join(letters)


def to_bitmap(counts: Sequence[int], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """See `vision.bitmap_of`."""
    return vision.bitmap_of(counts, size_hw)


def from_bitmap(bitmap: NDArray[np.bool_]) -> tuple[int, ...]:
    """See `vision.runs_of`."""
    return vision.runs_of(bitmap)


def turn(bitmap: NDArray[np.bool_], orientation: int) -> NDArray[np.bool_]:
    """A stored bitmap made upright, EXIF orientations 1 … 8."""
    if orientation >= 5:  # noqa: PLR2004
        bitmap = bitmap.T
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}
    return np.flip(bitmap, flips.get(orientation, ()))


def box_of(counts: Sequence[int], size_hw: tuple[int, int]) -> tuple[float, float, float, float]:
    """The enclosing box of a mask that is not empty, x1 y1 x2 y2 in pixels."""
    bitmap = to_bitmap(counts, size_hw)
    ys, xs = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    return (float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))
