"""Alerts about API keys whose questions look like an attack on a model: one for a key and day.

What serving counted of a key's questions today (`serve.list_keys`) is held against the policy; see
`serve.KeyUse` for what the counts are. Sources: Juuti et al. 2019 (PRADA); Chen et al. 2019 (stateful
detection); Choquette-Choo et al. 2021 (membership by copies of a picture that hardly differ).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from visloop import serve
from visloop.observe.notices import open_notice
from visloop.observe.tables import alerts

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.observe.policy import ObservePorts, ProbingPolicy
    from visloop.serve import KeyUse
    from visloop.store import Claim


def heed_keys(
    ports: ObservePorts, scope: Scope, policy: ProbingPolicy, *, fence: Claim | None = None
) -> int:
    """Open an alert for each key that shows signs of probing today; how many were opened.

    An alert that a person closed is not opened again on the same day.

    Raises:
        LeaseLost: `fence` was taken over.
    """
    day, opened = ports.ledger.clock.now().date(), 0
    for used in serve.list_keys(ports.serve, scope):
        what = suspicion(used, policy)
        if not what:
            continue
        package = f"key:{used.name}:{day}"
        told = select(alerts.c.id).where(
            alerts.c.project == scope.project, alerts.c.package == package
        )
        with ports.ledger.read() as connection:
            if connection.execute(told).first() is not None:
                continue
        with ports.ledger.write(scope, fence=fence) as write:
            if write.execute(told).first() is None:
                open_notice(write, package=package, what=what, severity="warning", key=used.name)
                opened += 1
    return opened


def suspicion(used: KeyUse, policy: ProbingPolicy) -> str:
    """What is wrong with a key's questions of today, in words; empty when nothing is. Pure."""
    n = used.looked_at
    if n < policy.after:
        return ""
    near, unsure = used.near / n, used.unsure / n
    if min(near, unsure) >= policy.borders:
        sign = (
            f"{near:.0%} of {n:,} questions hardly differ from the ones before and {unsure:.0%} of the "
            "answers lie between two classes, as when somebody searches for a model's borders"
        )
    elif unsure >= policy.unsure:
        sign = (
            f"{unsure:.0%} of {n:,} answers lie between two classes, "
            "as when somebody copies a model by its answers"
        )
    elif near >= policy.near:
        sign = (
            f"{near:.0%} of {n:,} questions hardly differ from the ones before, "
            "as when somebody asks whether pictures were trained on"
        )
    else:
        return ""
    return f"key {used.name!r}: {sign}"
