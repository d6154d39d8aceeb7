"""What the observe room remembers and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from visloop.errors import NotFound

AlertState = Literal["open", "acknowledged", "closed"]
Severity = Literal["warning", "critical"]


class AlertNotFound(NotFound):
    """No alert by that id."""

    code = "observe.alert_not_found"


@dataclass(frozen=True)
class Monitor:
    """How far one deployment is watched, against which reference.

    `profile` is a blob (None: the model brought no reference, so windows are not tested). Answers
    up to `cursor` were looked at for capture, those up to `tested` are in windows (`images` of
    them); `missed` were gone from the spool before anybody looked.
    """

    project: str
    deployment: str
    model: str
    package: str
    profile: str | None
    because: str
    cursor: int
    tested: int
    images: int
    missed: int
    changed: datetime


@dataclass(frozen=True)
class Window:
    """One tested window: answers number `first_image` … `last_image` of the deployment.

    `families` maps each family to its p (before weighting), `p` is of the whole; alarm when
    p ≤ alpha.
    """

    seq: int
    model: str
    first_image: int
    last_image: int
    first_seq: int
    last_seq: int
    first_time: datetime
    last_time: datetime
    n: int
    p: float
    alpha: float
    alarm: bool
    families: Mapping[str, float]
    mean_confidence: float | None
    what: str
    alert: str | None


@dataclass(frozen=True)
class Alert:
    """Something to look at; `what` in words, `first_image` … `last_image` the window that opened it.

    `windows` counts alarmed windows so far, `p` is the smallest of them.
    """

    id: str
    project: str
    deployment: str
    model: str
    state: AlertState
    severity: Severity
    what: str
    p: float
    windows: int
    first_image: int
    last_image: int
    opened: datetime
    opened_fact: int
    updated: datetime
    acknowledged: datetime | None
    acknowledged_by: str | None
    closed: datetime | None
    closed_by: str | None
    because: str | None


@dataclass(frozen=True)
class TickResult:
    """What one tick did."""

    looked_at: int = 0
    missed: int = 0
    windows: int = 0
    alarms: int = 0
    captured: int = 0
    alert: str | None = None


@dataclass(frozen=True)
class Summary:
    """How a deployment is doing: windows oldest first, live alerts newest first.

    `state` is calm, alarm, acknowledged, filling (no window is full yet) or no-reference;
    `captured` counts pictures by the first word of their reason, and `today`.
    """

    name: str
    state: str
    verdict: str
    windows: tuple[Window, ...]
    alerts: tuple[Alert, ...]
    captured: Mapping[str, int]


def columns(table: Any, record: type[Any]) -> list[Any]:
    """The columns of `table` that `record` (a dataclass) has fields for, in its order."""
    return [table.c[name] for name in record.__dataclass_fields__]
