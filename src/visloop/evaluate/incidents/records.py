"""What an incident is: a picture, what must be said of it, and who found out that it was not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from visloop.errors import Conflict, NotFound
from visloop.ids import FORMAT, digest_of
from visloop.vision import Annotation, Box, Mask, Polygon

State = Literal["open", "closed", "erased"]


class IncidentNotFound(NotFound):
    """The project has no such incident."""

    code = "incident.not_found"


class IncidentConflict(Conflict):
    """The incident stands otherwise than what is asked needs."""

    code = "incident.conflict"


class Shows(msgspec.Struct, frozen=True, kw_only=True, tag="class"):
    """The picture is of this class, or shows an object of it."""

    label: str

    def __str__(self) -> str:
        """As a person says it."""
        return self.label


class Absent(msgspec.Struct, frozen=True, kw_only=True, tag="absent"):
    """The picture is not of this class, and shows no object of it."""

    label: str

    def __str__(self) -> str:
        """As a person says it."""
        return f"no {self.label}"


class Holds(msgspec.Struct, frozen=True, kw_only=True, tag="holds"):
    """An object lies there: a box of its own, or pixels of its class, overlaps it by half (IoU)."""

    shape: Box | Polygon | Mask

    def __str__(self) -> str:
        """As a person says it."""
        match self.shape:
            case Box(xyxy=corners):
                return f"{self.shape.label} at {' '.join(f'{v:g}' for v in corners)}"
            case _:
                return f"outline of {self.shape.label}"


class NothingElse(msgspec.Struct, frozen=True, kw_only=True, tag="nothing_else"):
    """No object is answered beside those that `Holds` tells."""

    def __str__(self) -> str:
        """As a person says it."""
        return "nothing else"


class Reads(msgspec.Struct, frozen=True, kw_only=True, tag="value"):
    """The number read off the picture lies within `value` ± `tolerance`."""

    value: float
    tolerance: float

    def __str__(self) -> str:
        """As a person says it."""
        return f"{self.value:g} ± {self.tolerance:g}"


Expectation: TypeAlias = Shows | Absent | Holds | NothingElse | Reads
Expected: TypeAlias = tuple[Expectation, ...]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the failure was seen: the answer, its deployment, the model version and what made it."""

    prediction: str | None = None
    deployment: str | None = None
    version: str | None = None
    package: str | None = None
    data: str | None = None
    answered: tuple[Annotation, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody opened, closed, reopened or erased it, when and why."""

    state: State
    actor: str
    time: str
    why: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One permanent test of the model named `model`; `digest` is of the picture and what is expected."""

    seq: int
    id: str
    project: str
    model: str
    image: str
    expected: Expected
    origin: Origin
    state: State
    digest: str
    opened: datetime
    actor: str
    why: str
    history: tuple[Turn, ...]
    format: int = FORMAT

    @property
    def asks(self) -> str:
        """What is expected, in one line."""
        return said(self.expected)

    @property
    def seal(self) -> str:
        """What an unchanged incident's `digest` is."""
        return digest_of_test(self.model, self.image, self.expected)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's answer to one incident; `learnt` when it was trained on that very picture.

    `missed` says what was expected and not answered; `digest` is the incident's as it was asked.
    """

    incident: str
    digest: str
    image: str
    expected: str
    answered: str
    passed: bool
    learnt: bool = False
    missed: tuple[str, ...] = ()


def said(expected: Expected) -> str:
    """Expectations in one line: `hat at 1 2 30 40, no dog`."""
    return ", ".join(map(str, expected))


def classes_in(expected: Expected) -> tuple[str, ...]:
    """The classes that are spoken of, each once."""
    named: list[str] = []
    for each in expected:
        match each:
            case Shows() | Absent():
                named.append(each.label)
            case Holds():
                named.append(each.shape.label)
            case NothingElse() | Reads():
                pass
    return tuple(dict.fromkeys(named))


def digest_of_test(model: str, image: str, expected: Expected) -> str:
    """Of what is asked: model, picture, expectations."""
    read_back = msgspec.json.decode(msgspec.json.encode(expected), type=Expected)  # 1 is 1.0
    return digest_of(model, image, msgspec.json.encode(read_back))


def plain_row(incident: Incident) -> dict[str, Any]:
    """The incident as its row in the ledger, less `seq`."""
    row = {each: getattr(incident, each) for each in Incident.__struct_fields__ if each != "seq"}
    for deep in ("expected", "origin", "history"):
        row[deep] = msgspec.to_builtins(row[deep])
    return row
