"""Files of a run: any bytes under a path of their own, kept once by digest."""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select

from visloop.errors import NotFound, UsageError, did_you_mean
from visloop.events import Scope
from visloop.store import Ledger, Write
from visloop.train import tables as t
from visloop.train.records import TrainPorts

PATH_CHARACTERS: Final = 500
PER_RUN: Final = 100_000
PREDICTIONS: Final = "predictions"
"""Folder of a run: pictures of what a model in the making says, `truth.jpg` and `epoch-00001.jpg` …"""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class ArtifactNotFound(NotFound):
    """The run keeps no file of that path."""

    code = "train.artifact_not_found"


@dataclass(frozen=True)
class Artifact:
    """One file of a run; `digest` is that of its bytes."""

    run: str
    path: str
    size: int
    digest: str
    time: datetime


def check_artifact_path(path: str) -> str:
    """A relative path with forward slashes, as it may be kept; the root is the empty path.

    Raises:
        UsageError: it leads outside, or cannot be a path.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    wrong = ".." in parts or path.startswith("/") or "\\" in path or _CONTROL.search(path)
    if wrong or len(path) > PATH_CHARACTERS:
        raise UsageError(
            f"{path[:80]!r} cannot be the path of an artifact",
            fix="a relative path with / between folders, for example plots/loss.png",
        )
    return "/".join(parts)


def save_artifact(
    ports: TrainPorts, scope: Scope, run: str, path: str, data: bytes | memoryview
) -> Artifact:
    """Keep a file of a run (or of a logged model); the same path again replaces it.

    Durable when it returns.

    Raises:
        UsageError: the path cannot be one.
    """
    check_artifact_path(path)
    digest = ports.blobs.put(data)
    ports.blobs.flush()
    with ports.ledger.write(scope) as write:
        return enter(write, run, path, digest, len(data))


def save_artifact_file(
    ports: TrainPorts, scope: Scope, run: str, path: str, file: Path
) -> Artifact:
    """`save` for a file on disk, which is not read into memory.

    Raises:
        UsageError: the path cannot be one.
        OSError: the file cannot be read.
    """
    with file.open("rb") as opened:
        if file.stat().st_size == 0:
            return save_artifact(ports, scope, run, path, b"")
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                return save_artifact(ports, scope, run, path, view)
            finally:
                view.release()


def enter(write: Write, run: str, path: str, digest: str, size: int) -> Artifact:
    """`save` for bytes that are stored, in the caller's transaction.

    Raises:
        UsageError: the path cannot be one, or the run has too many files.
    """
    name = check_artifact_path(path)
    if not name:
        raise UsageError("an artifact needs a path", fix="for example plots/loss.png")
    c = t.run_artifacts.c
    write.execute(delete(t.run_artifacts).where(c.run == run, c.path == name))
    values: dict[str, Any] = {"run": run, "path": name, "size": size, "digest": digest}
    values["time"] = write.now
    write.execute(insert(t.run_artifacts), {**values, "project": write.scope.project})
    return Artifact(**values)


def artifacts_of(ledger: Ledger, scope: Scope, run: str, under: str = "") -> list[Artifact]:
    """The files of a run by path; of one folder of it, where given."""
    c = t.run_artifacts.c
    query = select(c.run, c.path, c.size, c.digest, c.time).order_by(c.path)
    query = query.where(c.project == scope.project, c.run == run)
    folder = check_artifact_path(under)
    if folder:
        query = query.where(c.path.startswith(f"{folder}/", autoescape=True))
    with ledger.read() as connection:
        return [Artifact(*row) for row in connection.execute(query)]


def artifact_of(ledger: Ledger, scope: Scope, run: str, path: str) -> Artifact:
    """One file of a run.

    Raises:
        ArtifactNotFound: the run has no such file.
    """
    c = t.run_artifacts.c
    query = select(c.run, c.path, c.size, c.digest, c.time)
    mine = (c.project == scope.project, c.run == run)
    with ledger.read() as connection:
        row = connection.execute(
            query.where(*mine, c.path == check_artifact_path(path))
        ).one_or_none()
    if row is None:
        known = [each.path for each in artifacts_of(ledger, scope, run)]
        raise ArtifactNotFound(
            f"{run} keeps no {path!r}",
            fix=did_you_mean(path, known, otherwise=f"list them: visloop runs artifacts {run}"),
        )
    return Artifact(*row)


def drop_artifacts(write: Write, run: str, path: str) -> int:
    """Forget a file, or all files of a folder; how many."""
    c = t.run_artifacts.c
    name = check_artifact_path(path)
    inside = c.path.startswith(f"{name}/", autoescape=True) | (c.path == name)
    mine = (c.project == write.scope.project, c.run == run)
    return write.execute(delete(t.run_artifacts).where(*mine, inside)).rowcount


def artifacts_in(files: Sequence[Artifact], under: str) -> list[tuple[str, Artifact | None]]:
    """What lies directly in a folder: files, and folders (None), by path."""
    start = f"{under}/" if under else ""
    seen: dict[str, Artifact | None] = {}
    for each in files:
        head, slash, _ = each.path.removeprefix(start).partition("/")
        seen[start + head] = None if slash else each
    return sorted(seen.items())
