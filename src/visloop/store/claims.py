"""Jobs and claims as records, and the check that a claim still holds: what fences late workers off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from visloop.errors import LeaseLost
from visloop.store.tables import jobs

JobState = Literal["queued", "running", "done", "failed", "duty"]


@dataclass(frozen=True)
class Job:
    """One piece of work as it stands; `state` is queued, running, done, failed, or duty (recurring)."""

    seq: int
    id: str
    project: str
    kind: str
    key: str
    actor: str
    state: JobState
    payload: Mapping[str, Any]
    token: int
    attempts: int
    worker: str | None
    lease_until: datetime | None
    not_before: datetime
    checkpoint: Any
    result: Any
    error: str | None
    created: datetime
    updated: datetime
    format: int


@dataclass(frozen=True)
class Claim:
    """The right to work on one job until `lease_until`, unless renewed by a heartbeat.

    `token` grows by one with every claim of the job: whoever comes with an older one is refused.
    `checkpoint` is what the last holder saved, None at the first attempt.
    """

    job: str
    project: str
    kind: str
    key: str
    payload: Mapping[str, Any]
    token: int
    worker: str
    attempts: int
    lease_s: float
    lease_until: datetime
    checkpoint: Any = None


def check_fence(connection: Connection, claim: Claim, now: datetime) -> str:
    """Refuse unless `claim` is the newest on its job and its lease has not run out.

    Call it inside the transaction that the claim is to protect: claims are writes too, so nobody
    can take the job over between this check and the commit.

    Returns:
        The job's state: "running", or "duty".

    Raises:
        LeaseLost: somebody took the job over, it is finished, or the lease ran out.
    """
    columns = (jobs.c.state, jobs.c.token, jobs.c.lease_until, jobs.c.worker)
    row = connection.execute(select(*columns).where(jobs.c.id == claim.job)).one_or_none()
    if row is None:
        raise LeaseLost(f"job {claim.job} is gone", fix="drop this work: the job was removed")
    if row.token != claim.token:
        raise LeaseLost(
            f"{claim.worker} lost {claim.kind} {claim.key!r} to {row.worker}",
            fix="drop this work: the new holder goes on from the last checkpoint",
        )
    if row.lease_until is None or row.lease_until <= now:
        raise LeaseLost(
            f"the lease of {claim.worker} on {claim.kind} {claim.key!r} has ended",
            fix="claim the job again; send heartbeats more often than the lease lasts",
        )
    return str(row.state)
