"""Monitors in the ledger: read, and moved on only from where they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from visloop.observe.detectors import Profile
from visloop.observe.records import Monitor, columns
from visloop.observe.tables import monitors

if TYPE_CHECKING:
    from visloop.observe.policy import ObservePorts
    from visloop.store import Write

_COLUMNS = columns(monitors, Monitor)


class Overtaken(Exception):
    """Another process moved the monitor meanwhile: nothing of this transaction may stay."""


def find(connection: Connection, project: str, deployment: str) -> Monitor | None:
    """The monitor of a deployment, if it has one."""
    query = select(*_COLUMNS).filter_by(project=project, deployment=deployment)
    row = connection.execute(query).mappings().first()
    return Monitor(**row) if row else None


def move(write: Write, monitor: Monitor, **values: Any) -> None:
    """Change the monitor, in the caller's transaction.

    Raises:
        Overtaken: it is not as it was when `monitor` was read.
    """
    same = (
        monitors.c.project == monitor.project,
        monitors.c.deployment == monitor.deployment,
        monitors.c.package == monitor.package,
        monitors.c.profile.is_not_distinct_from(monitor.profile),
        monitors.c.cursor == monitor.cursor,
        monitors.c.tested == monitor.tested,
    )
    if write.execute(update(monitors).where(*same).values(**values)).rowcount != 1:
        raise Overtaken


def put(write: Write, deployment: str, **values: Any) -> None:
    """Make the monitor of a deployment, or change it, whatever it was."""
    key = {"project": write.scope.project, "deployment": deployment}
    values |= {"changed": write.now}
    if not write.execute(update(monitors).filter_by(**key).values(**values)).rowcount:
        write.execute(insert(monitors).values(**key, **values))


def load_profile(ports: ObservePorts, monitor: Monitor) -> Profile | None:
    """The monitor's reference, if it has one."""
    if monitor.profile is None:
        return None
    return Profile.from_bytes(ports.blobs.get(monitor.profile))
