"""Drift at will: what changes on the line, how much, from when, in what shape.

Severities are in [0, 1] and drifts of one kind combine as independent causes do,
1 - (1 - a)(1 - b). What a severity of 1 means:

    lamp        a lamp about to die: little light, warm, uneven, flickering; the camera answers with a
                longer shutter (parts smear), a wider aperture (they go soft) and gain (noise)
    defocus     the lens turned well out of focus
    dirt        specks and a greasy smear on the lens, always at the same place
    camera      somebody knocked it: turned, shifted, nearer
    finish      share of parts with another supplier's finish (`choice`: black, brass, zinc)
    novel       share of parts of a class never seen (`choice`: bracket, pin)
    definition  the rules change, the pictures do not: faint scratches count as defects, and from
                a half on washers with a rubber seal are filed as bearings
    mix         nine parts in ten are of one class (`choice`, else the first)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Final, Literal, get_args

from visloop.errors import UsageError, did_you_mean

DriftKind = Literal["lamp", "defocus", "dirt", "camera", "finish", "novel", "definition", "mix"]
DriftShape = Literal["sudden", "gradual", "recurring"]
KINDS: Final[tuple[str, ...]] = get_args(DriftKind)
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "finish": ("black", "brass", "zinc"),
    "novel": ("bracket", "pin"),
}


@dataclass(frozen=True)
class Drift:
    """One cause of change.

    Attributes:
        kind: what changes.
        severity: 0 … 1, how much at its worst.
        start: the first picture that it touches.
        shape: `sudden` stays; `gradual` grows over `length` pictures and stays; `recurring` swells
            and fades with a period of `length` pictures.
        length: pictures, for `gradual` and `recurring`.
        choice: which finish, stranger or class; empty for the first.
    """

    kind: DriftKind
    severity: float = 1.0
    start: int = 0
    shape: DriftShape = "sudden"
    length: int = 200
    choice: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: an unknown kind, shape or choice, or a number out of range.
        """
        _one_of(self.kind, KINDS, "drift")
        _one_of(self.shape, get_args(DriftShape), "shape of drift")
        if self.choice and self.kind in _CHOICES:
            _one_of(self.choice, _CHOICES[self.kind], self.kind)
        if not (0 <= self.severity <= 1) or self.length < 1 or self.start < 0:
            raise UsageError(
                f"a drift of severity {self.severity}, start {self.start}, length {self.length}",
                fix="severity is 0 … 1, start 0 or more, length 1 or more",
            )

    def at(self, index: int) -> float:
        """Severity for picture number `index`."""
        since = index - self.start
        if since < 0:
            return 0.0
        match self.shape:
            case "gradual":
                return self.severity * min(1.0, (since + 1) / self.length)
            case "recurring":
                return self.severity * math.sin(math.pi * since / self.length) ** 2
            case _:
                return self.severity

    @classmethod
    def parse(cls, text: str) -> Drift:
        """Read `lamp`, `lamp:0.6` or `lamp:severity=0.6,start=200,shape=gradual,length=100`.

        Raises:
            UsageError: not of that shape.
        """
        kind, _, rest = text.partition(":")
        given: dict[str, str] = {}
        for piece in filter(None, rest.split(",")):
            key, equals, value = piece.partition("=")
            given[key if equals else "severity"] = value if equals else key
        for key in given:
            _one_of(key, [f.name for f in fields(cls) if f.name != "kind"], "setting of a drift")
        try:
            severity = float(given.get("severity", "1"))
            start, length = int(given.get("start", "0")), int(given.get("length", "200"))
        except ValueError:
            raise UsageError(
                f"{text!r} has a setting that is not a number",
                fix="write lamp:severity=0.6,start=200,shape=gradual,length=100",
            ) from None
        shape = _shape(given.get("shape", "sudden"))
        return cls(_kind(kind), severity, start, shape, length, given.get("choice", ""))


def _kind(text: str) -> DriftKind:
    for kind in get_args(DriftKind):
        if kind == text:
            return kind
    _one_of(text, KINDS, "drift")
    raise AssertionError(text)


def _shape(text: str) -> DriftShape:
    for shape in get_args(DriftShape):
        if shape == text:
            return shape
    _one_of(text, get_args(DriftShape), "shape of drift")
    raise AssertionError(text)


def _one_of(value: str, known: Iterable[str], what: str) -> None:
    known = list(known)
    if value not in known:
        raise UsageError(
            f"no {what} {value!r}",
            fix=did_you_mean(value, known, otherwise=f"one of: {', '.join(known)}"),
        )


@dataclass(frozen=True)
class Conditions:
    """How things stand on the line for one picture: the severity of every kind, 0 … 1."""

    lamp: float = 0.0
    defocus: float = 0.0
    dirt: float = 0.0
    camera: float = 0.0
    finish: float = 0.0
    novel: float = 0.0
    definition: float = 0.0
    mix: float = 0.0
    choices: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def at(cls, index: int, drifts: Iterable[Drift]) -> Conditions:
        """All drifts together, for picture number `index`."""
        left = dict.fromkeys(KINDS, 1.0)
        choices: dict[str, str] = {}
        for drift in drifts:
            left[drift.kind] *= 1 - drift.at(index)
            if drift.choice:
                choices[drift.kind] = drift.choice
        return cls(choices=choices, **{kind: 1 - rest for kind, rest in left.items()})

    def choice(self, kind: str) -> str:
        """The finish, stranger or class that a drift brings; empty where it has no say."""
        return self.choices.get(kind) or _CHOICES.get(kind, ("",))[0]
