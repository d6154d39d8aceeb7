"""Batch predictions of this workspace: what was asked, how far each is, where its answers lie.

A small file each, beside the workspace's state: the journal beside the output has the answers.
"""

from __future__ import annotations

import fcntl
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import uuid4

import msgspec

from visloop.ids import FORMAT, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

_KEPT: Final = 200
_BLOCK: Final = 1 << 20

State = Literal["running", "cut off", "done", "dropped"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One prediction with an output; `part` is its journal, `total` None: not known beforehand.

    `command` asks for it again: it goes on where it was cut off.
    """

    id: str
    format: int = FORMAT
    model: str
    sources: tuple[str, ...]
    out: str
    video: str
    command: str
    part: str
    total: int | None
    resumed: int
    begun: datetime
    ended: datetime | None = None
    count: int = 0
    failed: int = 0


def keep(ports: Ports, batch: Batch) -> None:
    """Write its file anew; the oldest ended ones beyond two hundred go."""
    folder = _folder(ports)
    folder.mkdir(exist_ok=True)
    fresh = folder / f"{batch.id}.{uuid4().hex}"
    fresh.write_bytes(msgspec.json.encode(batch))
    fresh.replace(folder / f"{batch.id}.json")
    ended = [each for each in _read(ports) if each.ended is not None]
    for each in sorted(ended, key=lambda one: one.begun, reverse=True)[_KEPT:]:
        (folder / f"{each.id}.json").unlink(missing_ok=True)


def id_of(part: Path) -> str:
    """One output is one batch, however often it is asked for."""
    return f"batch-{digest_of(str(part.absolute()))[:16]}"


def batch_rows(ports: Ports, model: str) -> list[dict[str, Any]]:
    """Newest first; of one model, or of every one."""
    found = [each for each in _read(ports) if model in {"", each.model}]
    found.sort(key=lambda each: each.begun, reverse=True)
    return [_row(each) for each in found]


def _row(batch: Batch) -> dict[str, Any]:
    state, done = _state(batch)
    hidden = {"format", "part", "count"}
    told = {
        name: each for name, each in msgspec.structs.asdict(batch).items() if name not in hidden
    }
    return told | {"state": state, "done": done}


def _state(batch: Batch) -> tuple[State, int]:
    """Whether a process holds the journal, and how many pictures have their answer."""
    if batch.ended is not None:
        return "done", batch.count
    try:
        with Path(batch.part).open("rb") as file:
            done = max(
                0, sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b"")) - 1
            )
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return "running", done
            return "cut off", done
    except OSError:
        return "dropped", 0


def _read(ports: Ports) -> Iterator[Batch]:
    for path in _folder(ports).glob("batch-*.json"):
        try:
            yield msgspec.json.decode(path.read_bytes(), type=Batch)
        except FileNotFoundError:  # it has just been put away
            continue


def _folder(ports: Ports) -> Path:
    return ports.inner / "batches"
