"""A data room on a temporary folder, and small real pictures to fill it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from visloop import data, store
from visloop.data import tables as tables  # registers the room's tables
from visloop.events import Scope
from visloop.ids import Ref
from visloop.progress import Silent
from visloop.query import tables as query_tables  # noqa: F401 - the same

SCOPE = Scope()


def make_ports(folder: Path) -> data.DataPorts:
    """Ledger and blobs in `folder`, made when they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = store.Ledger.open(f"sqlite:///{folder}/ledger.db", clock=store.SystemClock())
    with ledger.write(SCOPE) as write:
        store.metadata.create_all(write.connection)
    return data.DataPorts(ledger, store.PackBlobs(folder / "blobs"), Silent())


def close(ports: data.DataPorts) -> None:
    ports.blobs.close()
    ports.ledger.close()


def picture(path: Path, seed: int, size: tuple[int, int] = (32, 24)) -> Path:
    """A small JPEG that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, quality=90)
    return path


def folder_of(root: Path, **counts: int) -> Path:
    """A folder of class folders: `folder_of(root, cat=3, dog=2)`."""
    for at, (name, number) in enumerate(sorted(counts.items())):
        for each in range(number):
            picture(root / name / f"{name}{each}.jpg", 1000 * at + each)
    return root


def view(ports: data.DataPorts, ref: str) -> dict[str, data.Sample]:
    """Path → sample of a reference."""
    return {each.path: each for each in data.open(ports, Ref.parse(ref)).samples()}


def facts(ports: data.DataPorts, *kinds: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.subject) for fact in ports.ledger.facts(kinds=kinds)]


def kept(ports: data.DataPorts) -> set[str]:
    """Every blob that the data room keeps alive."""
    with ports.ledger.read() as connection:
        return {
            link.digest for link in data.DATA_ROOTS.digests(store.Look(connection, ports.blobs))
        }


def collect(ports: data.DataPorts, **options: Any) -> store.Collected:
    """Garbage collection over what these ports hold; it waits for nobody."""
    options = {"patience_s": 0.0, **options}
    return store.collect(ports.ledger, ports.blobs, [data.DATA_ROOTS], Silent(), **options)
