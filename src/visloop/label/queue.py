"""The queue itself: what waits, in which order, and how it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, select

from visloop import data
from visloop.errors import UsageError, did_you_mean
from visloop.ids import new_id
from visloop.label.records import STATES, Counts, LabelPorts, Proposal, State, Task, TaskNotFound
from visloop.label.tables import tasks

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Write
    from visloop.vision import Annotation

_APART: Final = ("agreed", "base", "control", "prior")
COLUMNS: Final = [column for column in tasks.c if column.name not in _APART]


def enqueue(write: Write, dataset: str, proposals: Sequence[Proposal]) -> list[str]:
    """Put pictures on the queue of a data set, in the caller's transaction; ids of the new tasks.

    A picture (by its bytes) that is or was on that queue is left as it is. The caller flushes blobs
    before the transaction. Recorded as one fact, `label.queued`.
    """
    images = [proposal.candidate.image for proposal in proposals]
    known = _known(write.connection, write.scope.project, dataset, images)
    fresh = {p.candidate.image: p for p in reversed(proposals) if p.candidate.image not in known}
    rows = [_row(write, dataset, fresh[image]) for image in dict.fromkeys(images) if image in fresh]
    if rows:
        write.execute(insert(tasks), rows)
        write.fact("label.queued", dataset, tasks=[row["id"] for row in rows])
    return [row["id"] for row in rows]


def undecided(ports: LabelPorts, scope: Scope, dataset: str, images: Collection[str]) -> set[str]:
    """Those of the `images` that neither the queue nor the data set has met: worth asking about."""
    with ports.ledger.read() as connection:
        left = set(images) - _known(connection, scope.project, dataset, images)
    return left - data.images_held(ports.data, scope.project, dataset, left) if left else left


def _known(connection: Connection, project: str, dataset: str, images: Collection[str]) -> set[str]:
    mine = (tasks.c.project == project, tasks.c.dataset == dataset)
    found: set[str] = set()
    ordered = sorted(set(images))
    for at in range(0, len(ordered), 500):
        query = select(tasks.c.image).where(*mine, tasks.c.image.in_(ordered[at : at + 500]))
        found.update(connection.scalars(query))
    return found


def _row(write: Write, dataset: str, proposal: Proposal) -> dict[str, Any]:
    return {
        "id": new_id("task"),
        "project": write.scope.project,
        "dataset": dataset,
        "image": proposal.candidate.image,
        "path": proposal.candidate.path,
        "candidate": msgspec.structs.replace(proposal.candidate, annotations=None),
        "proposed": proposal.candidate.annotations or (),
        "reasons": proposal.reasons,
        "priority": proposal.priority,
        "prediction": proposal.prediction,
        "model": proposal.model,
        "state": "waiting",
        "created": write.now,
    }


def list_tasks(
    ports: LabelPorts,
    scope: Scope,
    dataset: str | None = None,
    *,
    state: str | None = "waiting",
    limit: int | None = 50,
) -> list[Task]:
    """Tasks, the most urgent first; decided ones the latest first.

    Raises:
        UsageError: there is no such state.
    """
    if state is not None and state not in STATES:
        raise UsageError(
            f"a task is never {state!r}",
            fix=did_you_mean(state, STATES, otherwise=f"one of: {', '.join(STATES)}"),
        )
    where: list[ColumnElement[bool]] = [tasks.c.project == scope.project, tasks.c.control.is_(None)]
    if dataset is not None:
        where.append(tasks.c.dataset == dataset)
    if state is not None:
        where.append(tasks.c.state == state)
    urgent = (tasks.c.priority.desc(), tasks.c.seq)
    order = urgent if state == "waiting" else (tasks.c.decided.desc(), *urgent)
    query = select(*COLUMNS).where(*where).order_by(*order).limit(limit)
    with ports.ledger.read() as connection:
        found = [task_of(row) for row in connection.execute(query).mappings()]
        names = {
            each: data.class_names(connection, ports.data.blobs, scope.project, each)
            for each in {task.dataset for task in found}
        }
    return [with_names(each, names[each.dataset]) for each in found]


def next_task(ports: LabelPorts, scope: Scope, dataset: str | None = None) -> Task | None:
    """The picture that needs a person most, if any waits."""
    return next(iter(list_tasks(ports, scope, dataset, limit=1)), None)


def task(ports: LabelPorts, scope: Scope, task_id: str) -> Task:
    """One task by its id.

    Raises:
        TaskNotFound: the project has none by that id.
    """
    with ports.ledger.read() as connection:
        return current(ports, connection, get(connection, scope.project, task_id))


def current(ports: LabelPorts, connection: Connection, task: Task) -> Task:
    """The task with its classes called as the data set calls them now."""
    blobs = ports.data.blobs
    return with_names(task, data.class_names(connection, blobs, task.project, task.dataset))


def with_names(task: Task, names: Mapping[str, str]) -> Task:
    """The task with its classes under other names."""
    proposed = renamed(task.proposed, names)
    final = None if task.final is None else renamed(task.final, names)
    if proposed == task.proposed and final == task.final:
        return task
    return msgspec.structs.replace(task, proposed=proposed, final=final)


def renamed(
    annotations: tuple[Annotation, ...], names: Mapping[str, str]
) -> tuple[Annotation, ...]:
    """The annotations under the names of today; classes that are not in the table stay."""
    return data.renamed(annotations, names)


def of_prediction(ports: LabelPorts, scope: Scope, prediction: str) -> Task | None:
    """The task that a served answer led to, if it was captured."""
    query = select(*COLUMNS).where(
        tasks.c.project == scope.project, tasks.c.prediction == prediction
    )
    with ports.ledger.read() as connection:
        row = connection.execute(query).mappings().first()
    return task_of(row) if row else None


def counts(ports: LabelPorts, scope: Scope, dataset: str) -> Counts:
    """How the queue of a data set stands; all zero where there is none."""
    here = (tasks.c.project == scope.project, tasks.c.dataset == dataset)
    mine = and_(*here, tasks.c.control.is_(None))
    accepted = and_(mine, tasks.c.state == "accepted")
    number = select(func.count()).select_from(tasks)
    staged = tasks.c.path.in_(data.staged_paths(scope.project, dataset))
    with ports.ledger.read() as connection:
        by_state: dict[State, int] = {
            row[0]: row[1]
            for row in connection.execute(
                select(tasks.c.state, func.count()).where(mine).group_by(tasks.c.state)
            )
        }
        uncommitted = connection.scalar(number.where(accepted, staged)) or 0
        agreed = connection.scalar(number.where(accepted, tasks.c.agreed)) or 0
    return Counts(**by_state, uncommitted=uncommitted, agreed=agreed)


def get(connection: Connection, project: str, task_id: str) -> Task:
    """One task, inside the caller's transaction.

    Raises:
        TaskNotFound: the project has none by that id.
    """
    query = select(*COLUMNS).where(tasks.c.project == project, tasks.c.id == task_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise TaskNotFound(f"the queue has no task {task_id!r}", fix="see: visloop label list")
    return task_of(row)


def task_of(row: RowMapping) -> Task:
    """A row of the table as the record."""
    return msgspec.convert({str(key): value for key, value in row.items()}, Task)
