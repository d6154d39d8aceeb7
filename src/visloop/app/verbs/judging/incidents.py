"""Incidents: failures that every later gate asks about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from visloop import evaluate
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

Shown = Literal["open", "closed", "erased", "all"]


@dataclass(frozen=True)
class IncidentAdd:
    """Make a failure a permanent test: every later gate of the model asks about this picture.

    What is right is what a person accepted in the queue, or what `--expect` says (may be repeated):
    `class=hat` (is it, or shows one), `absent=dog`, `'box=hat 10 20 110 200'` (overlapped by half),
    `'outline=hat 10 20 110 20 60 90'`, `nothing-else` (no further object), `value=3±1`.
    """

    source: str = arg(
        "a prediction's id, or the digest of a stored picture (with --model)", default=""
    )
    image: str | None = opt("a picture's file, with --model", default=None, path=True)
    expect: tuple[str, ...] = opt("what is right: class=hat; may be repeated", default=())
    model: str = opt("name of the model; default: the one that answered", default="")
    why: str = opt("what happened, for those who come later", default="", short="-m")


@dataclass(frozen=True)
class IncidentAdded:
    """The incident, and how `tried` (the version that answered, or the newest) does on it.

    `held` has `passed`, `expected` and `answered` in words, and `learnt`: whether `tried` was trained
    on this very picture.
    """

    incident: dict[str, Any]
    tried: str
    held: dict[str, Any]


@operation("incident.add", permission="incident.add")
def incident_add(ports: Ports, scope: Scope, ask: IncidentAdd) -> IncidentAdded:
    """The same test again is the one that there is."""
    return IncidentAdded(
        **handlers.add_incident(
            ports, scope, ask.source, ask.image, expect=ask.expect, model=ask.model, why=ask.why
        )
    )


@dataclass(frozen=True)
class IncidentList:
    """List the incidents: what gates ask, of which model, and where it was seen."""

    model: str = opt("of this model only", default="")
    state: Shown = opt("open, closed, erased or all", default="open")


@operation("incident.list", permission="incident.read")
def incident_list(ports: Ports, scope: Scope, ask: IncidentList) -> Rows:
    """Newest first."""
    found = evaluate.list_incidents(
        ports.evaluate,
        scope,
        model=ask.model or None,
        state=None if ask.state == "all" else ask.state,
    )
    return Rows(count=len(found), rows=tuple(map(handlers.told_incident, found)))


@dataclass(frozen=True)
class IncidentShow:
    """Show an incident: its picture's digest, what is expected, its history, how versions answered."""

    incident: str = arg("its id")


@dataclass(frozen=True)
class IncidentAnswer:
    """Everything recorded about it; `answers` are those of the versions that a gate has judged."""

    incident: dict[str, Any]
    answers: tuple[dict[str, Any], ...] = ()


@operation("incident.show", permission="incident.read")
def incident_show(ports: Ports, scope: Scope, ask: IncidentShow) -> IncidentAnswer:
    """Nothing is computed."""
    found = evaluate.show_incident(ports.evaluate, scope, ask.incident)
    answers = handlers.incident_answers(ports, scope, found)
    return IncidentAnswer(incident=handlers.told_incident(found), answers=tuple(answers))


@dataclass(frozen=True)
class IncidentClose:
    """Let gates ask it no more. It takes a permission of its own and a reason, and stays on record."""

    incident: str = arg("its id")
    why: str = opt("the reason", short="-m")
    erase: bool = opt(
        "the picture must go (a person asks for it): it can never be a test again", default=False
    )


@operation("incident.close", permission="incident.close")
def incident_close(ports: Ports, scope: Scope, ask: IncidentClose) -> IncidentAnswer:
    """The answer says what test was lost."""
    found = evaluate.close_incident(ports.evaluate, scope, ask.incident, ask.why, erase=ask.erase)
    return IncidentAnswer(incident=handlers.told_incident(found))


@dataclass(frozen=True)
class IncidentReopen:
    """Let gates ask a closed incident again."""

    incident: str = arg("its id")
    why: str = opt("the reason", short="-m")


@operation("incident.reopen", permission="incident.add")
def incident_reopen(ports: Ports, scope: Scope, ask: IncidentReopen) -> IncidentAnswer:
    """Recorded as a fact."""
    found = evaluate.reopen_incident(ports.evaluate, scope, ask.incident, ask.why)
    return IncidentAnswer(incident=handlers.told_incident(found))
