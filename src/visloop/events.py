"""Facts that happened, and who made them happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from visloop.ids import DEFAULT_PROJECT, FORMAT

ActorKind = Literal["user", "token", "part"]


@dataclass(frozen=True)
class Actor:
    """A user, a token, or a named part of the system (`part:loop`); ids only, no personal text."""

    kind: ActorKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Actor:
        """The reverse of `str(actor)`."""
        kind, _, name = text.partition(":")
        if kind == "user":
            return cls("user", name)
        return cls("token", name) if kind == "token" else cls("part", name)


OWNER = Actor("user", "owner")


@dataclass(frozen=True)
class Fact:
    """One thing that happened; `seq` is the order, `time` is when the clock said so (UTC)."""

    seq: int
    time: datetime
    project: str
    actor: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    format: int = FORMAT


@dataclass(frozen=True)
class Scope:
    """Who acts, in which project."""

    actor: Actor = OWNER
    project: str = DEFAULT_PROJECT


class Clock(Protocol):
    """Where time comes from: UTC, replaceable in tests and simulations."""

    def now(self) -> datetime:
        """This moment, timezone-aware, UTC."""
        ...
