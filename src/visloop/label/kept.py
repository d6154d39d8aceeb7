"""What the queue keeps alive: the pictures that wait, or waited, for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from visloop.label.tables import tasks
from visloop.store import Link, Look, Roots, named_in


def _digests(look: Look) -> Iterator[Link]:
    for name, image in look.connection.execute(select(tasks.c.id, tasks.c.image)):
        yield Link(image, f"task {name}")
    yield from named_in(look, tasks.c.candidate, "a task")


LABEL_ROOTS: Final = Roots(
    room="label",
    columns=frozenset({"label_tasks.image", "label_tasks.candidate"}),
    digests=_digests,
)
