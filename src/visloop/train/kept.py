"""What runs keep alive: their files; the version that they read is kept by its data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from visloop.store import Link, Look, Roots
from visloop.train.tables import run_artifacts


def _digests(look: Look) -> Iterator[Link]:
    table = run_artifacts.c
    query = select(table.run, table.path, table.digest)
    for run, path, digest in look.connection.execute(query):
        yield Link(digest, f"{run}: {path}")


TRAIN_ROOTS: Final = Roots(
    room="train",
    columns=frozenset({"run_artifacts.digest"}),
    digests=_digests,
    noted={"runs.data_root": "versions are kept by their data set"},
)
