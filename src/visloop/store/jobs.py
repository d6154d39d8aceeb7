"""Jobs: rows with a lease, a heartbeat and a fencing token; and named duties, held by one at a time.

A worker that dies simply stops its heartbeats: when the lease runs out, the next `claim` takes the
job over with a higher token and goes on from the checkpoint. Whatever the late worker still tries
(complete, heartbeat, checkpoint, a fenced write of the ledger) is refused with LeaseLost.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, or_, select, update

from visloop.errors import Conflict, NotFound
from visloop.events import Actor, Clock, Scope
from visloop.ids import DEFAULT_PROJECT, new_id
from visloop.store.claims import Claim, Job, JobState, check_fence
from visloop.store.ledger import Ledger, Write
from visloop.store.tables import jobs

WORKER: Final = Actor("part", "worker")


class JobNotFound(NotFound):
    """No job with that id."""

    code = "job.not_found"


def worker_name() -> str:
    """A name for this worker that no other one has: `host:pid:random`."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


class Jobs:
    """The queue of one ledger. Several processes may work on it at once."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def enqueue(self, scope: Scope | Write, kind: str, key: str, payload: Mapping[str, Any]) -> Job:
        """Put work in the queue, once: the same (project, kind, key) gives the job that exists.

        Give an open `Write` to enqueue in the same transaction as the state that asks for it.
        """
        if isinstance(scope, Write):
            return self._enqueue(scope, kind, key, payload)
        with self._ledger.write(scope) as write:
            return self._enqueue(write, kind, key, payload)

    def claim(self, worker: str, kinds: Collection[str], lease_s: float) -> Claim | None:
        """Take the oldest job that is due, or whose holder's lease ran out; None when there is none."""
        query = self._due(kinds)
        with self._ledger.read() as connection:  # polling an empty queue must not lock writers out
            if connection.execute(query).first() is None:
                return None
        with self._ledger.write(Scope(WORKER)) as write:
            row = write.connection.execute(query).first()
            return None if row is None else self._take(write, row, worker, lease_s, "running")

    def hold(
        self,
        worker: str,
        kind: str,
        key: str,
        lease_s: float,
        *,
        project: str = DEFAULT_PROJECT,
    ) -> Claim | None:
        """Hold a recurring duty (a scheduler, a monitor): the claim, or None while another holds it.

        The holder calls it again to renew its lease and keeps its token; `complete` lets go.
        """
        with self._ledger.write(Scope(WORKER, project)) as write:
            row = _find(write.connection, project, kind, key)
            if row is None:
                self._insert(write, kind, key, {}, "duty")
                row = _find(write.connection, project, kind, key)
            assert row is not None
            now = self._clock.now()
            live = row.lease_until is not None and row.lease_until > now
            if (live and row.worker != worker) or row.not_before > now:
                return None
            return self._take(write, row, worker, lease_s, "duty", renew=live)

    def heartbeat(self, claim: Claim) -> None:
        """Still working: the lease lasts `lease_s` from now.

        Raises:
            LeaseLost: too late.
        """
        until = self._clock.now() + timedelta(seconds=claim.lease_s)
        self._update(claim, lease_until=until)

    def checkpoint(self, claim: Claim, state: Any, *, write: Write | None = None) -> None:
        """Save where the work stands, for whoever goes on from here; renews the lease too.

        Give an open `write` to save it in the same transaction as what was done.

        Raises:
            LeaseLost: too late.
        """
        until = self._clock.now() + timedelta(seconds=claim.lease_s)
        self._update(claim, write=write, lease_until=until, checkpoint=state)

    def complete(self, claim: Claim, result: Any = None, *, write: Write | None = None) -> None:
        """The work is done (of a duty: let go of it, until somebody holds it again).

        Give an open `write` to finish in the same transaction as what was done: then a kill at any
        moment leaves either both or neither.

        Raises:
            LeaseLost: too late.
        """
        self._update(claim, "done", write=write, lease_until=None, result=result, error=None)

    def fail(self, claim: Claim, error: str, retry_in_s: float | None = None) -> None:
        """The work failed: for good, or to be tried again in `retry_in_s` seconds.

        Raises:
            LeaseLost: too late.
        """
        state = "failed" if retry_in_s is None else "queued"
        due = self._clock.now() + timedelta(seconds=retry_in_s or 0)
        self._update(claim, state, lease_until=None, error=error, not_before=due)

    def retry(self, scope: Scope, job: str) -> Job:
        """Queue a failed job again, from its last checkpoint.

        Raises:
            JobNotFound: no such job.
            Conflict: it has not failed.
        """
        with self._ledger.write(scope) as write:
            row = _get(write.connection, job)
            if row.state != "failed":
                raise Conflict(f"job {job} is {row.state}, not failed", fix="nothing to retry")
            values = {"state": "queued", "not_before": self._clock.now()}
            write.execute(update(jobs).where(jobs.c.id == job).values(**values))
            return _job(_get(write.connection, job))

    def get(self, job: str) -> Job:
        """The job as it stands.

        Raises:
            JobNotFound: no such job.
        """
        with self._ledger.read() as connection:
            return _job(_get(connection, job))

    def find(
        self,
        *,
        project: str | None = None,
        kinds: Collection[str] = (),
        states: Collection[JobState] = (),
        keys: Collection[str] = (),
    ) -> list[Job]:
        """Jobs in the order in which they were queued."""
        query = select(jobs).order_by(jobs.c.seq)
        if project is not None:
            query = query.where(jobs.c.project == project)
        if kinds:
            query = query.where(jobs.c.kind.in_(sorted(kinds)))
        if keys:
            query = query.where(jobs.c.key.in_(sorted(keys)))
        if states:
            query = query.where(jobs.c.state.in_(sorted(states)))
        with self._ledger.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def _enqueue(self, write: Write, kind: str, key: str, payload: Mapping[str, Any]) -> Job:
        row = _find(write.connection, write.scope.project, kind, key)
        if row is None:
            self._insert(write, kind, key, payload, "queued")
            row = _find(write.connection, write.scope.project, kind, key)
        assert row is not None
        return _job(row)

    def _insert(
        self, write: Write, kind: str, key: str, payload: Mapping[str, Any], state: JobState
    ) -> None:
        now = self._clock.now()
        values = {
            "id": new_id("job"),
            "project": write.scope.project,
            "kind": kind,
            "key": key,
            "actor": str(write.scope.actor),
            "state": state,
            "payload": dict(payload),
            "not_before": now,
            "created": now,
            "updated": now,
        }
        write.execute(insert(jobs), values)

    def _due(self, kinds: Collection[str]) -> Select[Any]:
        now = self._clock.now()
        ready: ColumnElement[bool] = or_(
            and_(jobs.c.state == "queued", jobs.c.not_before <= now),
            and_(jobs.c.state == "running", jobs.c.lease_until <= now),
        )
        wanted = and_(jobs.c.kind.in_(sorted(kinds)), ready)
        return select(jobs).where(wanted).order_by(jobs.c.seq).limit(1)

    def _take(
        self,
        write: Write,
        row: Row[Any],
        worker: str,
        lease_s: float,
        state: JobState,
        *,
        renew: bool = False,
    ) -> Claim:
        now = self._clock.now()
        until = now + timedelta(seconds=lease_s)
        step = 0 if renew else 1
        values: dict[str, Any] = {
            "state": state,
            "token": row.token + step,
            "attempts": row.attempts + step,
            "worker": worker,
            "lease_until": until,
            "updated": now,
        }
        write.execute(update(jobs).where(jobs.c.seq == row.seq).values(**values))
        return Claim(
            job=row.id,
            project=row.project,
            kind=row.kind,
            key=row.key,
            payload=row.payload,
            token=values["token"],
            worker=worker,
            attempts=values["attempts"],
            lease_s=lease_s,
            lease_until=until,
            checkpoint=row.checkpoint,
        )

    def _update(
        self,
        claim: Claim,
        state: JobState | None = None,
        *,
        write: Write | None = None,
        **values: Any,
    ) -> None:
        if write is None:
            with self._ledger.write(Scope(WORKER, claim.project)) as own:
                self._update(claim, state, write=own, **values)
            return
        now = self._clock.now()
        held = check_fence(write.connection, claim, now)
        values |= {"updated": now, "state": held if held == "duty" else state or held}
        write.execute(update(jobs).where(jobs.c.id == claim.job).values(**values))


def _find(connection: Connection, project: str, kind: str, key: str) -> Row[Any] | None:
    same = and_(jobs.c.project == project, jobs.c.kind == kind, jobs.c.key == key)
    return connection.execute(select(jobs).where(same)).one_or_none()


def _get(connection: Connection, job: str) -> Row[Any]:
    row = connection.execute(select(jobs).where(jobs.c.id == job)).one_or_none()
    if row is None:
        raise JobNotFound(f"there is no job {job!r}", fix="list them: Jobs.find()")
    return row


def _job(row: Row[Any]) -> Job:
    return Job(**{column.name: getattr(row, column.name) for column in jobs.columns})
