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
    facts = [
        fact
        for fact in ports.ledger.facts(after=after, kinds=KINDS, project=scope.project, limit=100)
        if str(fact.actor) == _BY_ITSELF
    ]
    for fact in facts:
        with ports.ledger.write(scope, fence=fence) as write:
            if write.execute(seen).scalar_one() < fact.seq:
                _tell(write, fact)
    return len(facts)


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
    _open(write, fact, model, what, "critical" if reverted else "warning")


def _open(write: Write, fact: Fact, model: str, what: str, severity: Severity) -> None:
    alert = new_id("alert")
    opened = write.fact(
        "alert.opened",
        alert,
        deployment=fact.subject,
        model=model,
        what=what,
        severity=severity,
        cause=fact.seq,
    )
    row: dict[str, Any] = {
        "id": alert,
        "project": write.scope.project,
        "deployment": fact.subject,
        "model": model,
        # the monitor's alerts are one for each package; these are one for each model taken back
        "package": model,
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
        "cause": fact.seq,
    }
    write.execute(insert(alerts), row)
