"""Taking samples out of the working set, and taking changes back before they are committed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, delete, select, update

from visloop.data import catalog
from visloop.data.fields import own
from visloop.data.records import DataPorts, Sample
from visloop.data.staging import drop, stage_over
from visloop.data.tables import datasets, sources, working
from visloop.data.tree.nodes import Nodes
from visloop.data.working import (
    SampleNotFound,
    Working,
    batches,
    decode_value,
    staged_paths,
)
from visloop.events import Scope
from visloop.store import Write

_AT_ONCE: Final = 500


def remove(ports: DataPorts, scope: Scope, dataset: str, paths: Collection[str]) -> int:
    """Stage that these samples go; versions that hold them keep them. How many there were.

    Raises:
        DatasetNotFound: there is no such data set.
        SampleNotFound: one of the paths is not in the working set; nothing is removed then.
    """
    with ports.ledger.write(scope) as write:
        state = catalog.state(write.connection, scope.project, dataset)
        over = Working.load(write.connection, Nodes(ports.blobs), state)
        held = over.get_many(paths)
        for path in paths:
            if path not in held:
                raise SampleNotFound(
                    f"data set {dataset!r} has no sample {path!r}",
                    fix=f"list them: visloop samples {dataset}@{catalog.WORK}",
                )
        stage_over(write, over, (), removed=list(held))
        forget_files(write, dataset, held.values())
        write.fact("data.removed", dataset, ids=sorted(each.id for each in held.values()))
    return len(held)


def unstage(ports: DataPorts, scope: Scope, dataset: str, paths: Collection[str] = ()) -> int:
    """Take staged changes back; how many there were.

    Without paths all of them, and classes and metadata fields are those of the newest version again.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.write(scope) as write:
        wanted = paths or write.connection.scalars(staged_paths(scope.project, dataset)).all()
        taken = take_back(write, dataset, wanted)
        if not paths:
            own.put(write, dataset, None, catalog.next_sequence(write, dataset))
        if (not paths and forget_classes(write, dataset)) or taken:
            write.fact("data.unstaged", dataset, changes=taken)
    return taken


def take_back(write: Write, dataset: str, paths: Collection[str]) -> int:
    """Forget what is staged at these paths, in the caller's transaction; how many changes there were.

    The committed samples show again. Their files are looked at anew by the next `add`.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    catalog.state(write.connection, write.scope.project, dataset)
    samples = [
        sample
        for part in batches(paths, _AT_ONCE)
        for raw in write.connection.scalars(
            select(working.c.sample).where(
                working.c.project == write.scope.project,
                working.c.dataset == dataset,
                working.c.path.in_(part),
            )
        )
        if raw is not None and (sample := decode_value(raw))
    ]
    forget_files(write, dataset, samples)
    catalog.next_sequence(write, dataset)
    return drop(write, dataset, paths)


def forget_classes(write: Write, dataset: str) -> bool:
    """Take staged changes of the class dictionary back; whether there were any."""
    here = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    staged = here & datasets.c.classes.is_not(None)
    return bool(write.execute(update(datasets).where(staged).values(classes=None)).rowcount)


def forget_files(write: Write, dataset: str, samples: Collection[Sample]) -> None:
    """Look at the files of these samples anew with the next `add`."""
    table = sources.c
    statement = delete(sources).where(
        table.project == write.scope.project,
        table.dataset == dataset,
        table.file.in_(bindparam("files", expanding=True)),
    )
    for part in batches((each.source for each in samples), _AT_ONCE):
        write.execute(statement, {"files": part})
