"""Alerts: opened by an alarmed window, joined by the next ones, looked after and closed by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from sqlalchemy import Connection, func, insert, select, update

from visloop.errors import UsageError, did_you_mean
from visloop.ids import new_id
from visloop.observe.detectors import describe
from visloop.observe.records import Alert, AlertNotFound, AlertState, Severity, columns
from visloop.observe.tables import alerts, windows

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.observe.detectors import WindowVerdict
    from visloop.observe.policy import ObservePorts
    from visloop.observe.records import Monitor
    from visloop.store import Write

_COLUMNS = columns(alerts, Alert)
_STATES: Final[tuple[str, ...]] = get_args(AlertState)
_CRITICAL: Final = 0.01
"""An alarm whose p is this small a part of α, or one that goes on, is critical."""


def raise_alert(
    write: Write, monitor: Monitor, verdict: WindowVerdict, span: tuple[int, int]
) -> str:
    """Open an alert (the fact `alert.opened`) or add to the live one, in the caller's transaction.

    Args:
        write: the transaction.
        monitor: whose window it is.
        verdict: of the window.
        span: its first and last answer, counted from the deployment's first.

    Returns:
        The alert's id.
    """
    live = write.execute(
        select(*_COLUMNS).where(
            alerts.c.project == monitor.project,
            alerts.c.deployment == monitor.deployment,
            alerts.c.package == monitor.package,
            alerts.c.state != "closed",
        )
    ).first()
    if live is not None:
        values = {
            "windows": live.windows + 1,
            "p": min(live.p, verdict.p),
            "severity": "critical",
            "updated": write.now,
        }
        write.execute(update(alerts).where(alerts.c.id == live.id).values(**values))
        return str(live.id)
    return _open(write, monitor, verdict, span)


def _open(write: Write, monitor: Monitor, verdict: WindowVerdict, span: tuple[int, int]) -> str:
    alert, what = new_id("alert"), describe(verdict)
    severity: Severity = "critical" if verdict.p <= verdict.alpha * _CRITICAL else "warning"
    fact = write.fact(
        "alert.opened",
        alert,
        deployment=monitor.deployment,
        model=monitor.model,
        what=what,
        severity=severity,
        p=verdict.p,
        families={name: family.p for name, family in verdict.families.items()},
        first_image=span[0],
        last_image=span[1],
    )
    row: dict[str, Any] = {
        "id": alert,
        "project": monitor.project,
        "deployment": monitor.deployment,
        "model": monitor.model,
        "package": monitor.package,
        "state": "open",
        "severity": severity,
        "what": what,
        "p": verdict.p,
        "windows": 1,
        "first_image": span[0],
        "last_image": span[1],
        "opened": write.now,
        "opened_fact": fact,
        "updated": write.now,
    }
    write.execute(insert(alerts), row)
    return alert


def list_alerts(
    ports: ObservePorts,
    scope: Scope,
    *,
    state: str | None = None,
    deployment: str | None = None,
    limit: int | None = 200,
) -> list[Alert]:
    """Alerts, newest first.

    Raises:
        UsageError: there is no such state.
    """
    if state is not None and state not in _STATES:
        raise UsageError(
            f"an alert is never {state!r}",
            fix=did_you_mean(state, _STATES, otherwise=f"one of: {', '.join(_STATES)}"),
        )
    query = select(*_COLUMNS).where(alerts.c.project == scope.project)
    if state is not None:
        query = query.where(alerts.c.state == state)
    if deployment is not None:
        query = query.where(alerts.c.deployment == deployment)
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(alerts.c.seq.desc()).limit(limit))
        return [Alert(**row) for row in rows.mappings()]


def open_alert(ports: ObservePorts, scope: Scope, deployment: str) -> Alert | None:
    """The newest alarm of a deployment's windows that is not closed, acknowledged or not."""
    found = list_alerts(ports, scope, deployment=deployment)
    return next((each for each in found if each.state != "closed" and each.windows), None)


def acknowledge(ports: ObservePorts, scope: Scope, alert: str) -> Alert:
    """Say that somebody looks after an alert; again changes nothing.

    Raises:
        AlertNotFound: the project has none by that id.
    """
    with ports.ledger.write(scope) as write:
        found = _get(write.connection, scope.project, alert)
        if found.state != "open":
            return found
        by = {"acknowledged": write.now, "acknowledged_by": str(scope.actor)}
        return _change(write, found, "acknowledged", by)


def close_alert(ports: ObservePorts, scope: Scope, alert: str, *, because: str = "") -> Alert:
    """Close an alert; the next alarm opens a new one. Again changes nothing.

    Raises:
        AlertNotFound: the project has none by that id.
    """
    with ports.ledger.write(scope) as write:
        found = _get(write.connection, scope.project, alert)
        return found if found.state == "closed" else _close(write, found, because)


def close_live(write: Write, deployment: str, because: str) -> int:
    """Close every alert of a deployment, in the caller's transaction; how many there were."""
    query = select(*_COLUMNS).where(
        alerts.c.project == write.scope.project,
        alerts.c.deployment == deployment,
        alerts.c.state != "closed",
    )
    live = [Alert(**row) for row in write.execute(query).mappings()]
    for each in live:
        _close(write, each, because)
    return len(live)


def first_seq(connection: Connection, alert: Alert) -> int:
    """Sequence number of the first answer in the window that opened the alert."""
    query = select(func.min(windows.c.first_seq)).where(
        windows.c.project == alert.project, windows.c.alert == alert.id
    )
    return connection.scalar(query) or 0


def _close(write: Write, alert: Alert, because: str) -> Alert:
    by = {"closed": write.now, "closed_by": str(write.scope.actor), "because": because or None}
    return _change(write, alert, "closed", by)


def _change(write: Write, alert: Alert, state: AlertState, by: dict[str, Any]) -> Alert:
    statement = update(alerts).where(alerts.c.id == alert.id)
    write.execute(statement.values(state=state, updated=write.now, **by))
    reason = by.get("because")
    payload = {"deployment": alert.deployment, **({"because": reason} if reason else {})}
    write.fact(f"alert.{state}", alert.id, **payload)
    return _get(write.connection, write.scope.project, alert.id)


def _get(connection: Connection, project: str, alert: str) -> Alert:
    query = select(*_COLUMNS).where(alerts.c.project == project, alerts.c.id == alert)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise AlertNotFound(f"there is no alert {alert!r}", fix="see: visloop alerts list")
    return Alert(**row)
