"""Cycles in the ledger: opened once, moved on under a fence, ended with a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from visloop.loop.records import Cycle, State
from visloop.loop.tables import cycles, loops

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from visloop.events import Scope
    from visloop.store import Claim, Ledger

_COLUMNS = [column for column in cycles.c if column.name != "format"]
_RETRY_S = (1.0, 5.0, 30.0, 120.0, 600.0)


def switch(ledger: Ledger, scope: Scope, deployment: str, *, on: bool) -> None:
    """Switch a loop on or off; again the same changes nothing."""
    if is_on(ledger, scope.project, deployment) == on:
        return
    with ledger.write(scope) as write:
        key = {"project": scope.project, "deployment": deployment}
        changed = write.execute(
            update(loops).filter_by(**key).values(on=on, changed=write.now)
        ).rowcount
        if not changed:
            write.execute(insert(loops).values(**key, on=on, changed=write.now))
        write.fact("loop.started" if on else "loop.stopped", deployment)


def is_on(ledger: Ledger, project: str, deployment: str) -> bool:
    """Whether the loop of a deployment runs by itself."""
    with ledger.read() as connection:
        query = select(loops.c.on).filter_by(project=project, deployment=deployment)
        return bool(connection.execute(query).scalar())


def switched_on(ledger: Ledger) -> list[tuple[str, str]]:
    """(project, deployment) of every loop that runs by itself."""
    with ledger.read() as connection:
        rows = connection.execute(select(loops.c.project, loops.c.deployment).where(loops.c.on))
        return [(row[0], row[1]) for row in rows]


def current(ledger: Ledger, project: str, deployment: str) -> Cycle | None:
    """The cycle that is open, if any."""
    found = history(ledger, project, deployment, limit=1)
    return found[0] if found and found[0].ended is None else None


def history(ledger: Ledger, project: str, deployment: str, *, limit: int = 20) -> list[Cycle]:
    """Cycles, newest first."""
    query = (
        select(*_COLUMNS)
        .where(cycles.c.project == project, cycles.c.deployment == deployment)
        .order_by(cycles.c.number.desc())
        .limit(limit)
    )
    with ledger.read() as connection:
        return [_cycle(row) for row in connection.execute(query).mappings()]


def begin(
    ledger: Ledger, scope: Scope, deployment: str, because: Mapping[str, Any], claim: Claim
) -> Cycle:
    """Open the next cycle, or return the one that somebody just opened."""
    with ledger.write(scope, fence=claim) as write:
        mine = (cycles.c.project == scope.project, cycles.c.deployment == deployment)
        query = select(*_COLUMNS).where(*mine, cycles.c.ended.is_(None))
        found = write.execute(query).mappings().first()
        if found:
            return _cycle(found)
        last = write.execute(select(func.max(cycles.c.number)).where(*mine)).scalar() or 0
        cycle = Cycle(
            id=f"{scope.project}/{deployment}/{last + 1}",
            project=scope.project,
            deployment=deployment,
            number=last + 1,
            state="labelled",
            because=because,
            facts={},
            attempts=0,
            error=None,
            retry_at=None,
            opened=write.now,
            changed=write.now,
            ended=None,
        )
        write.execute(insert(cycles).values(**_values(cycle)))
        write.fact("loop.opened", cycle.id, deployment=deployment, **because)
    return cycle


def advance(
    ledger: Ledger,
    scope: Scope,
    cycle: Cycle,
    state: State,
    claim: Claim,
    **learnt: Any,
) -> Cycle:
    """Move a cycle on: its new state, what the step learnt, and a fact, in one transaction."""
    with ledger.write(scope, fence=claim) as write:
        ended = write.now if state in ("done", "refused") else None
        moved = replace(
            cycle,
            state=state,
            facts={**cycle.facts, **learnt},
            attempts=0,
            error=None,
            retry_at=None,
            changed=write.now,
            ended=ended,
        )
        write.execute(update(cycles).where(cycles.c.id == cycle.id).values(**_values(moved)))
        write.fact(f"loop.{state}", cycle.id, deployment=cycle.deployment, **learnt)
    return moved


def stumble(ledger: Ledger, scope: Scope, cycle: Cycle, error: str, claim: Claim) -> Cycle:
    """Remember that a step failed, and when to try again."""
    pause_s = _RETRY_S[min(cycle.attempts, len(_RETRY_S) - 1)]
    with ledger.write(scope, fence=claim) as write:
        failed = replace(
            cycle,
            attempts=cycle.attempts + 1,
            error=error,
            retry_at=write.now + timedelta(seconds=pause_s),
            changed=write.now,
        )
        write.execute(update(cycles).where(cycles.c.id == cycle.id).values(**_values(failed)))
        write.fact("loop.step_failed", cycle.id, state=cycle.state, attempt=failed.attempts)
    return failed


def _values(cycle: Cycle) -> dict[str, Any]:
    return {column.name: getattr(cycle, column.name) for column in _COLUMNS}


def _cycle(row: RowMapping) -> Cycle:
    return Cycle(**row)
