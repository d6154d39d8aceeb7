"""Grey values with a meaning (Hounsfield units, counts) → pixels that people and models can see.

Source: DICOM PS3.3 C.11.2.1.2 (window) and C.11.2.1.3 (its functions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from visloop.errors import UsageError
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy_vendor("numpy")

GreyFunction: TypeAlias = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
_BYTE: Final = 255
_WORD: Final = 65535


class GreyWindow(NamedTuple):
    """Which values become black and white: centre and width in the picture's own unit."""

    centre: float
    width: float
    function: GreyFunction = "LINEAR"

    @property
    def ends(self) -> tuple[float, float]:
        """The values that become black and white (of a sigmoid: its shoulders)."""
        if self.function == "LINEAR":
            half = (self.width - 1) / 2
            return self.centre - 0.5 - half, self.centre - 0.5 + half
        return self.centre - self.width / 2, self.centre + self.width / 2


def parse_window(text: str) -> GreyWindow | None:
    """`CENTRE,WIDTH` as a window; None for `auto` and `full`.

    Raises:
        UsageError: it is none of the three, or the width is below 1.
    """
    if text in {"auto", "full"}:
        return None
    try:
        centre, width = (float(part) for part in text.split(","))
    except ValueError:
        centre, width = 0.0, 0.0
    if not (1 <= width < float("inf") and abs(centre) < float("inf")):
        raise UsageError(
            f"--window {text!r} is no window",
            fix="auto (the file's own), full (every value), or CENTRE,WIDTH with a width of 1 or more",
        )
    return GreyWindow(centre, width)


def windowed(values: NDArray[np.generic], window: GreyWindow) -> NDArray[np.float64]:
    """`values` (H, W) through the window: 0 is black, 1 white."""
    x = values.astype(np.float64)
    if window.function == "SIGMOID":
        power = np.clip(-4 * (x - window.centre) / window.width, -700, 700)
        return 1 / (1 + np.exp(power))
    low, high = window.ends
    if high <= low:  # a linear window of width 1 is a threshold
        return (x > low).astype(np.float64)
    return np.clip((x - low) / (high - low), 0, 1)


def stretched(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.float64]:
    """`values` with `low` as 0 and `high` as 1, clipped."""
    if high <= low:
        return np.zeros(values.shape)
    return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)


def grey_levels(low: float, high: float, step: float) -> float:
    """How many different values lie between two ends, `step` apart."""
    return max(high - low, 0) / step + 1 if step > 0 else float("inf")


def grey_pixels(shown: NDArray[np.float64], steps: float) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """0 … 1 as 8 bits where `steps` different values fit into them, as 16 bits otherwise."""
    if steps <= _BYTE + 1:
        return np.rint(shown * _BYTE).astype(np.uint8)
    return np.rint(shown * _WORD).astype(np.uint16)
