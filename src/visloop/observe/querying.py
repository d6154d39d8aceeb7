"""Alerts as a relation: what can be asked of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final, get_args

from visloop.observe.alerts import list_alerts
from visloop.observe.records import AlertState, Severity
from visloop.query import Field, Relation, named, recorded

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.observe.policy import ObservePorts

_FIELDS: Final[tuple[Field, ...]] = (
    named("id", "text", "of the alert"),
    named("deployment", "text", "whose answers", searched=True),
    named("model", "text", "that answered", searched=True),
    named("state", "text", "where it stands", values=get_args(AlertState)),
    named("severity", "text", "how bad", values=get_args(Severity)),
    named("what", "text", "in words", searched=True),
    named("p", "number", "the smallest of its windows"),
    named("windows", "integer", "how many alarmed"),
    named("opened", "time", "when its first window alarmed"),
    named("updated", "time", "when the last one did"),
    named("acknowledged", "time", "when somebody took it on"),
    named("acknowledged_by", "text", "who did"),
    named("closed", "time", "when it was closed"),
    named("closed_by", "text", "who closed it"),
    named("because", "text", "why it was closed", searched=True),
)


def alerts_relation(ports: ObservePorts, scope: Scope) -> Relation:
    """Every alert of the project, newest first."""
    records = [asdict(each) for each in list_alerts(ports, scope, limit=None)]
    return recorded("alert", "alerts", _FIELDS, records)
