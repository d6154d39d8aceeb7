"""How a deployment is doing, for people and for the chart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from visloop import serve
from visloop.observe import state
from visloop.observe.alerts import list_alerts
from visloop.observe.records import Monitor, Summary, Window, columns
from visloop.observe.tables import captures, windows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from visloop.events import Scope
    from visloop.observe.policy import ObservePorts
    from visloop.observe.records import Alert

_COLUMNS = columns(windows, Window)


def monitor(ports: ObservePorts, scope: Scope, deployment: str) -> Monitor | None:
    """How far a deployment is watched; None before the first tick."""
    with ports.ledger.read() as connection:
        return state.find(connection, scope.project, deployment)


def list_windows(
    ports: ObservePorts, scope: Scope, deployment: str, *, limit: int = 60
) -> list[Window]:
    """The newest windows of a deployment, oldest first."""
    with ports.ledger.read() as connection:
        return _windows(connection, scope, deployment, limit)


def summary(ports: ObservePorts, scope: Scope, deployment: str, *, windows: int = 60) -> Summary:
    """How a deployment is doing: its newest windows, live alerts, what was captured.

    Raises:
        DeploymentNotFound: no such name.
    """
    serve.deployment(ports.serve, scope, deployment)
    live = [
        each for each in list_alerts(ports, scope, deployment=deployment) if each.state != "closed"
    ]
    with ports.ledger.read() as connection:
        watched = state.find(connection, scope.project, deployment)
        tested = _windows(connection, scope, deployment, windows)
        captured = _captured(connection, scope, deployment, _today(ports))
    word, verdict = _verdict(watched, tested, live)
    return Summary(
        name=deployment,
        state=word,
        verdict=verdict,
        windows=tuple(tested),
        alerts=tuple(live),
        captured=captured,
    )


def _today(ports: ObservePorts) -> str:
    return ports.ledger.clock.now().date().isoformat()


def _windows(connection: Connection, scope: Scope, deployment: str, limit: int) -> list[Window]:
    query = (
        select(*_COLUMNS)
        .filter_by(project=scope.project, deployment=deployment)
        .order_by(windows.c.seq.desc())
        .limit(limit)
    )
    rows = connection.execute(query).mappings().all()
    return [Window(**row) for row in reversed(rows)]


def _captured(connection: Connection, scope: Scope, deployment: str, day: str) -> dict[str, int]:
    mine = (captures.c.project == scope.project, captures.c.deployment == deployment)
    counted = Counter[str]()
    query = select(captures.c.reason, func.count()).where(*mine).group_by(captures.c.reason)
    for reason, count in connection.execute(query):
        counted[reason.partition(" ")[0]] += count
    today = select(func.count()).select_from(captures).where(*mine, captures.c.day == day)
    return {**dict(sorted(counted.items())), "today": connection.scalar(today) or 0}


def _verdict(watched: Monitor | None, tested: list[Window], live: list[Alert]) -> tuple[str, str]:
    if live:
        return ("alarm" if live[0].state == "open" else "acknowledged"), live[0].what
    if watched is not None and watched.profile is None:
        return "no-reference", "the model brought no held-out answers to compare with"
    ours = [each for each in tested if watched and each.last_seq <= watched.tested]
    if not ours:
        return "filling", "no window is full yet"
    return "calm", ours[-1].what
