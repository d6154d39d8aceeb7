"""What is expected, read off a command line or off what a person accepted in the queue.

| text | what must be so |
|---|---|
| `class=hat` | the picture is of the class, or shows one |
| `absent=dog` | it is not, and shows none |
| `box=hat 10 20 110 200` | a box of the class overlaps these corners by half (IoU) |
| `outline=hat 10 20 110 20 110 200` | its pixels overlap this polygon by half |
| `nothing-else` | no object beside those boxes and outlines |
| `value=3±1` (or `3+-1`) | the number lies in between |
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from visloop import train
from visloop.errors import UsageError
from visloop.evaluate.incidents.records import (
    Absent,
    Expectation,
    Expected,
    Holds,
    NothingElse,
    Reads,
    Shows,
)
from visloop.vision import Annotation, Box, ClassLabel, Mask, NumberValue, Polygon

_HELP: Final = (
    "write class=NAME, absent=NAME, 'box=NAME x1 y1 x2 y2', 'outline=NAME x y x y x y', "
    "nothing-else, or value=3±1"
)
_WITHIN: Final = re.compile(r"(?P<value>[^±]+?)\s*(?:±|\+-|\+/-)\s*(?P<tolerance>.+)")
_CORNERS: Final = 4
_LEAST: Final = 6


def expectations(texts: Iterable[str]) -> Expected:
    """Read what a person wrote.

    Raises:
        UsageError: it says nothing that can be held against an answer, or contradicts itself.
    """
    return _sound(tuple(_one(text.strip()) for text in texts))


def reviewed(annotations: Sequence[Annotation]) -> Expected:
    """What a person accepted, as expectations; of boxes and outlines it also says that this is all.

    Where something is to be ignored, nobody knows what else there is.

    Raises:
        UsageError: nothing in it can be expected of a model as it stands.
    """
    counted = [each for each in annotations if not (each.ignore or each.crowd)]
    numbers = [each for each in counted if isinstance(each, NumberValue)]
    if numbers:
        raise UsageError(
            f"{numbers[0].value:g} was accepted for it, and nobody said how far off it may be",
            fix=f"--expect 'value={numbers[0].value:g}±1'",
        )
    labels = [Shows(label=each.label) for each in counted if isinstance(each, ClassLabel)]
    shapes = [held for each in counted if (held := _held(each)) is not None]
    all_of_it: list[Expectation] = (
        [NothingElse()] if shapes and len(counted) == len(annotations) else []
    )
    return _sound((*labels, *shapes, *all_of_it))


def _held(each: Annotation) -> Holds | None:
    match each:
        case Mask():
            return Holds(shape=Mask(label=each.label, size_hw=each.size_hw, counts=each.counts))
        case Polygon():
            return Holds(shape=Polygon(label=each.label, rings=each.rings))
        case _:
            around = train.box_around(each)
            return Holds(shape=Box(label=each.label, xyxy=around)) if around else None


def _one(text: str) -> Expectation:
    kind, equals, rest = text.partition("=")
    if text == "nothing-else":
        return NothingElse()
    if equals and rest.strip():
        match kind:
            case "class":
                return Shows(label=rest.strip())
            case "absent":
                return Absent(label=rest.strip())
            case "box":
                return Holds(shape=_box(text, rest))
            case "outline":
                return Holds(shape=_outline(text, rest))
            case "value":
                return _reads(text, rest)
            case _:
                pass
    raise UsageError(f"{text!r} is nothing that can be expected", fix=_HELP)


def _box(text: str, rest: str) -> Box:
    label, numbers = _labelled(text, rest)
    if len(numbers) != _CORNERS or not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise UsageError(
            f"{text!r} is no box", fix="its corners in pixels: 'box=hat 10 20 110 200'"
        )
    return Box(label=label, xyxy=(numbers[0], numbers[1], numbers[2], numbers[3]))


def _outline(text: str, rest: str) -> Polygon:
    label, numbers = _labelled(text, rest)
    if len(numbers) < _LEAST or len(numbers) % 2:
        raise UsageError(
            f"{text!r} is no outline", fix="three points or more: 'outline=hat 10 20 110 20 60 90'"
        )
    return Polygon(label=label, rings=(tuple(numbers),))


def _labelled(text: str, rest: str) -> tuple[str, list[float]]:
    """A class, whose name may have spaces, and the numbers behind it."""
    words = rest.replace(",", " ").split()
    numbers: list[float] = []
    while words and (number := _number(words[-1])) is not None:
        numbers.insert(0, number)
        words.pop()
    if not words:
        raise UsageError(f"{text!r} names no class", fix=_HELP)
    return " ".join(words), numbers


def _reads(text: str, rest: str) -> Reads:
    found = _WITHIN.fullmatch(rest.strip())
    value, tolerance = (_number(found[each]) if found else None for each in ("value", "tolerance"))
    if value is None or tolerance is None or tolerance < 0:
        raise UsageError(
            f"{text!r} does not say how far off the number may be", fix="--expect 'value=3±1'"
        )
    return Reads(value=value, tolerance=tolerance)


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _sound(expected: Expected) -> Expected:
    labels = {each.label for each in expected if isinstance(each, Shows)}
    there = labels | {each.shape.label for each in expected if isinstance(each, Holds)}
    refused = there & {each.label for each in expected if isinstance(each, Absent)}
    if refused:
        raise UsageError(
            f"{min(refused)} cannot be there and be absent", fix="expect one of the two"
        )
    if not expected:
        raise UsageError("it is not said what is right", fix=f"--expect …: {_HELP}")
    return tuple(each for at, each in enumerate(expected) if each not in expected[:at])
