"""Label Studio's own run lengths of brush masks: bits, over red, green, blue, alpha of each pixel.

Source: `rle-pack` of thi.ng/umbrella, as Label Studio's front end uses it, and `brush.py` of Label
Studio's converter. 32 bits say how many values follow, 5 how many bits a value has (less one), four
times 4 how long the four kinds of lengths are (less one). Then, until all values are said: a bit
that is 1 for a run, two bits for the kind of length, the length (less one), and the value, or with
a bit of 0 that many values one by one. A pixel belongs to the mask where its alpha is not 0.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy_vendor("numpy")

_CHANNELS: Final = 4
_LENGTH_BITS: Final = (3, 4, 8, 16)
_WORD_BITS: Final = 8


def decode_brush(packed: Sequence[int], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The bitmap, bool (H, W).

    Raises:
        ValueError: not bytes, cut short, or of another size than the picture.
    """
    bits = _Bits(packed)
    count, height, width = bits.read(32), *size_hw
    if count != height * width * _CHANNELS:
        raise ValueError(f"the brush holds {count} values, {width} × {height} px need four each")
    word = bits.read(5) + 1
    lengths = [bits.read(4) + 1 for _ in range(4)]
    values: list[bool] = []
    runs: list[int] = []
    at = 0
    while at < count:
        together = bits.read(1)
        length = bits.read(lengths[bits.read(2)]) + 1
        for _ in range(1 if together else length):
            end = min(at + (length if together else 1), count)
            values.append(bits.read(word) > 0)
            runs.append(end // _CHANNELS - at // _CHANNELS)  # how many alphas lie in it
            at = end
    return np.repeat(np.asarray(values, bool), np.asarray(runs, np.int64)).reshape(height, width)


def encode_brush(bitmap: NDArray[np.bool_]) -> list[int]:
    """Bool (H, W) as the bytes that Label Studio takes."""
    flat = bitmap.ravel()
    said = [f"{flat.size * _CHANNELS:032b}", f"{_WORD_BITS - 1:05b}"]
    said += [f"{bits - 1:04b}" for bits in _LENGTH_BITS]
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bounds = [0, *(int(edge) for edge in edges), flat.size]
    for start, end in pairwise(bounds):
        value = f"{255 if flat[start] else 0:0{_WORD_BITS}b}"
        left = (end - start) * _CHANNELS
        while left:
            kind = next((k for k, bits in enumerate(_LENGTH_BITS) if left <= 1 << bits), 3)
            length = min(left, 1 << _LENGTH_BITS[kind])
            said.append(f"1{kind:02b}{length - 1:0{_LENGTH_BITS[kind]}b}{value}")
            left -= length
    text = "".join(said)
    text += "0" * (-len(text) % 8)
    return [int(text[at : at + 8], 2) for at in range(0, len(text), 8)]


class _Bits:
    """Reads numbers of some bits each, the highest first."""

    def __init__(self, packed: Sequence[int]) -> None:
        try:
            self._text = "".join(f"{byte:08b}" for byte in bytes(packed))
        except (TypeError, ValueError) as problem:
            raise ValueError("the brush is not a list of bytes") from problem
        self._at = 0

    def read(self, count: int) -> int:
        """The next `count` bits as a number."""
        end = self._at + count
        if end > len(self._text):
            raise ValueError("the brush stops early")
        value = int(self._text[self._at : end], 2)
        self._at = end
        return value
