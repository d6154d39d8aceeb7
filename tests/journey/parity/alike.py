"""When two answers to a picture count as the same, one thing at a time.

Two libraries that add up the same numbers in another order differ in the last digits; how far they may
is stated here and in docs/explanation/the-contract.md. What lies that close to the least score that the
contract asks for may be said by one and not by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from visloop.vision import Annotation, Box, ClassLabel, Mask, NumberValue, bitmap_of

BOX_PX: Final = 0.05
SCORE: Final = 1e-4
NUMBER: Final = 1e-4
MASK_SHARE: Final = 1e-3
MASK_SCORE: Final = 1e-3
"""The mean over its pixels; of a small mask every pixel counts."""

LIMITS: Final = {
    "box_px": BOX_PX,
    "score": SCORE,
    "number": NUMBER,
    "mask_share": MASK_SHARE,
    "mask_score": MASK_SCORE,
}


def apart(
    said: Sequence[Annotation], also: Sequence[Annotation], threshold: float
) -> dict[str, float]:
    """How far two answers to one picture are apart, by what they consist of.

    Raises:
        AssertionError: further than stated, or one says something that the other does not.
    """
    found: dict[str, float] = {}
    for first, second in ((said, also), (also, said)):
        free = list(second)
        for each in first:
            partner = next((other for other in free if _close(each, other)), None)
            if partner is None:
                score = getattr(each, "score", None)
                assert score is not None, each
                assert abs(score - threshold) <= SCORE, (each, second)
                continue
            free.remove(partner)
            for name, value in _distance(each, partner).items():
                found[name] = max(found.get(name, 0.0), value)
    return found


def _close(one: Annotation, other: Annotation) -> bool:
    if type(one) is not type(other) or getattr(one, "label", "") != getattr(other, "label", ""):
        return False
    return all(value <= LIMITS[name] for name, value in _distance(one, other).items())


def _distance(one: Annotation, other: Annotation) -> dict[str, float]:
    match one, other:
        case Box(), Box():
            corners = np.abs(np.subtract(one.xyxy, other.xyxy)).max()
            return {"box_px": float(corners), "score": _score(one, other)}
        case Mask(), Mask():
            first = bitmap_of(one.counts, one.size_hw)
            second = bitmap_of(other.counts, other.size_hw)
            return {"mask_share": float((first != second).mean()), "mask_score": _score(one, other)}
        case NumberValue(), NumberValue():
            return {"number": abs(one.value - other.value) / max(1.0, abs(one.value))}
        case ClassLabel(), ClassLabel():
            return {"score": _score(one, other)}
        case _:
            raise AssertionError(f"no distance is known for {one}")


def _score(one: Annotation, other: Annotation) -> float:
    return abs((getattr(one, "score", 0.0) or 0.0) - (getattr(other, "score", 0.0) or 0.0))
