"""What rooms above ask of the working state: which paths and pictures it holds; and taking one back."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select

from visloop.data import catalog
from visloop.data.records import DataPorts
from visloop.data.snapshot import open_ref
from visloop.data.tables import working
from visloop.data.working import drop
from visloop.ids import Ref
from visloop.store import Write


def staged_paths(project: str, dataset: str) -> Select[tuple[str]]:
    """A query for the paths that are staged and in no version yet: to join with a room's own rows."""
    return select(working.c.path).where(working.c.project == project, working.c.dataset == dataset)


def images_held(ports: DataPorts, project: str, dataset: str, images: Collection[str]) -> set[str]:
    """Those of the `images` (digests) that the data set holds, committed or staged."""
    wanted = set(images)
    try:
        snapshot = open_ref(ports, Ref(dataset, catalog.WORK), project)
    except catalog.DatasetNotFound:
        return set()
    return {sample.image for sample in snapshot.samples() if sample.image in wanted}


def take_back(write: Write, dataset: str, paths: Collection[str]) -> int:
    """Forget what is staged at these paths, in the caller's transaction; how many changes there were."""
    gone = drop(write, dataset, paths)
    if gone:
        catalog.next_sequence(write, dataset)
    return gone
