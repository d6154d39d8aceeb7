"""Alerts about what serving did by itself: took a model back, stopped a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from visloop.ids import new_id
from visloop.observe.tables import alerts

if TYPE_CHECKING:
    from visloop.events import Fact, Scope
    from visloop.observe.policy import ObservePorts
    from visloop.observe.records import Severity
    from visloop.store import Claim, Write

KINDS: Final = ("deployment.reverted", "canary.stopped", "shadow.stopped")
_BY_ITSELF: Final = "part:serve"


def heed(ports: ObservePorts, scope: Scope, *, fence: Claim | None = None) -> int:
    """Open an alert for each such fact since the last one heeded; how many facts there were.

    A live alert about the same model is told the news instead. What a person stopped alarms nobody.

    Raises:
        LeaseLost: `fence` was taken over.
    """
    seen = select(func.coalesce(func.max(alerts.c.cause), 0)).where(
        alerts.c.project == scope.project
    )
    with ports.ledger.read() as connection:
        after = connection.execute(seen).scalar_one()
    told = 0
    while some := ports.ledger.facts(after=after, kinds=KINDS, project=scope.project, limit=100):
        after = some[-1].seq
        for fact in some:
            if str(fact.actor) != _BY_ITSELF:
                continue
            with ports.ledger.write(scope, fence=fence) as write:
                if write.execute(seen).scalar_one() < fact.seq:
                    _tell(write, fact)
            told += 1
    return told


def _tell(write: Write, fact: Fact) -> None:
    payload = fact.payload
    reverted = fact.kind == "deployment.reverted"
    model = payload["failed"] if reverted else payload["model"]
    answers = payload["model"] if reverted else payload["against"]
    what = f"{model} was taken back, {answers} answers: {payload['because']}"
    live = select(alerts.c.id).where(
        alerts.c.project == write.scope.project,
        alerts.c.deployment == fact.subject,
        alerts.c.package == model,
        alerts.c.state != "closed",
    )
    found = write.execute(live).scalars().first()
    if found is not None:
        values = {"what": what, "cause": fact.seq, "updated": write.now}
        write.execute(update(alerts).where(alerts.c.id == found).values(**values))
        return
    open_notice(
        write,
        # the monitor's alerts are one for each package; these are one for each model taken back
        package=model,
        what=what,
        severity="critical" if reverted else "warning",
        deployment=fact.subject,
        model=model,
        cause=fact.seq,
    )


def open_notice(
    write: Write,
    *,
    package: str,
    what: str,
    severity: Severity,
    deployment: str = "",
    model: str = "",
    cause: int | None = None,
    **told: str,
) -> None:
    """Open an alert that no window raised (the fact `alert.opened`), in the caller's transaction.

    Args:
        write: the transaction.
        package: at most one alert of a deployment lives for each.
        what: in words.
        severity: how bad it is.
        deployment: what it is about; empty: the project.
        model: the same.
        cause: the fact that it tells of.
        told: more for the fact.
    """
    alert = new_id("alert")
    opened = write.fact(
        "alert.opened",
        alert,
        deployment=deployment,
        model=model,
        what=what,
        severity=severity,
        cause=cause,
        **told,
    )
    row: dict[str, Any] = {
        "id": alert,
        "project": write.scope.project,
        "deployment": deployment,
        "model": model,
        "package": package,
        "state": "open",
        "severity": severity,
        "what": what,
        "p": 0.0,
        "windows": 0,
        "first_image": 0,
        "last_image": 0,
        "opened": write.now,
        "opened_fact": opened,
        "updated": write.now,
        "cause": cause,
    }
    write.execute(insert(alerts), row)
