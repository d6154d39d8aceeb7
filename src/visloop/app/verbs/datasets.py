"""Verbs over data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Count, Rows, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Commit:
    """Record a data set as a new, immutable version."""

    dataset: str = arg("the data set")
    message: str = opt("what changed", short="-m")
    base: str | None = opt(
        "the version that the changes were made on: refused when somebody committed since",
        default=None,
    )
    branch: str | None = opt(
        "begin this branch with it (at --base, or at the newest version), to be merged later",
        default=None,
    )


@dataclass(frozen=True)
class Committed:
    """The new version, and the branch that it is on."""

    version: str
    dataset: str
    samples: int
    root: str
    branch: str = "main"


@operation("commit", permission="data.write")
def commit(ports: Ports, scope: Scope, ask: Commit) -> Committed:
    """Staged changes become a version."""
    if not ask.message.strip():
        raise UsageError("a version needs a message", fix="say what changed: -m 'first pictures'")
    made = data.commit(
        ports.data, scope, ask.dataset, ask.message, base=ask.base, branch=ask.branch
    )
    return Committed(made.name, made.dataset, made.count, made.root, made.branch)


@dataclass(frozen=True)
class Log:
    """List the versions of a data set, newest first."""

    dataset: str = arg("the data set")
    branch: str | None = opt("only those of this branch (or tag, or version)", default=None)
    limit: int = opt("only the newest so many (0: all)", default=0)


@operation("log", permission="data.read")
def log(ports: Ports, scope: Scope, ask: Log) -> Rows:
    """One row a version."""
    found = data.log(ports.data, scope, ask.dataset, ask.branch)[: ask.limit or None]
    tags: dict[str, list[str]] = {}
    for each in data.tag_list(ports.data, scope, ask.dataset):
        tags.setdefault(each.version, []).append(each.name)
    return rows_of(
        {
            "version": each.name,
            "time": each.time,
            "actor": each.actor,
            "samples": each.count,
            "message": each.message,
            "branch": each.branch,
            "parents": [f"v{number}" for number in each.parents],
            "tags": tags.get(each.name, []),
        }
        for each in found
    )


@dataclass(frozen=True)
class Status:
    """What is not committed yet, and what changed in the folders that were added."""

    dataset: str | None = arg("one data set; default: all", default=None)


@operation("status", permission="data.read")
def status(ports: Ports, scope: Scope, ask: Status) -> Rows:
    """Staged changes, changed source files, quarantine."""
    names = [ask.dataset] if ask.dataset else data.names(ports.data, scope)
    return rows_of(data.status(ports.data, scope, name) for name in names)


@dataclass(frozen=True)
class Export:
    """Write a version out in another tool's format."""

    ref: str = arg("for example photos@v1")
    directory: str = arg("an empty or new folder", path=True)
    format: str = opt(", ".join(data.WRITTEN_FORMATS), default="coco")
    where: str = opt("only those on which it holds: 'annotations.label = cat'", default="")
    force: bool = opt("write into a folder that is not empty", default=False)


@dataclass(frozen=True)
class Exported:
    """What was written, and what the format cannot hold."""

    images: int
    objects: int
    directory: str
    losses: tuple[str, ...]
    notes: tuple[str, ...]


@operation("export", permission="data.export")
def export(ports: Ports, scope: Scope, ask: Export) -> Exported:
    """Every kept picture and box, and a report of losses."""
    ref, folder = Ref.parse(ask.ref), Path(ask.directory)
    done = data.export(ports.data, scope, ref, folder, ask.format, where=ask.where, force=ask.force)
    return Exported(
        images=done.images,
        objects=done.objects,
        directory=ask.directory,
        losses=done.losses,
        notes=done.notes,
    )


@dataclass(frozen=True)
class Split:
    """Share a data set out into splits, stratified by class; samples that have one keep it."""

    dataset: str = arg("the data set")
    shares: dict[str, float] = opt(
        "share of each: --set train=0.8 --set test=0.2", default={}, name="set"
    )
    seed: int = opt("another seed, another draw", default=0)
    group_by: str | None = opt("keep samples with the same metadata value together", default=None)
    redo: bool = opt("draw again those that have a split", default=False)
    unfreeze: bool = opt("let committed test samples move, too", default=False)


@dataclass(frozen=True)
class SplitAnswer:
    """Samples in each split now."""

    splits: dict[str, int]
    changed: int


@operation("split", permission="data.write")
def split(ports: Ports, scope: Scope, ask: Split) -> SplitAnswer:
    """Staged; commit makes it last."""
    shares = ask.shares or {"train": 0.8, "test": 0.2}
    done = data.split(
        ports.data,
        scope,
        ask.dataset,
        shares=shares,
        seed=ask.seed,
        group_by=ask.group_by,
        redo=ask.redo,
        unfreeze=ask.unfreeze,
    )
    return SplitAnswer(splits=dict(done.splits), changed=done.changed)


@dataclass(frozen=True)
class Samples:
    """List the samples of a version (default: everything, committed or not), a page at a time."""

    ref: str = arg("for example photos@v1:test or photos@work")
    offset: int = opt("skip so many", default=0)
    limit: int = opt("at most so many", default=50)


@dataclass(frozen=True)
class SamplePage:
    """Samples in order of their paths; `total` counts all of the reference.

    A row whose bytes were left where they lie says the file: `in_place`. `state` is another word as
    soon as a sample is another.
    """

    count: int
    total: int
    classes: tuple[str, ...]
    splits: dict[str, int]
    rows: tuple[dict[str, Any], ...]
    state: str = ""


@operation("samples", permission="data.read")
def samples(ports: Ports, scope: Scope, ask: Samples) -> SamplePage:
    """One page."""
    ref = Ref.parse(ask.ref)
    snapshot = data.open(ports.data, ref, scope.project)
    rows = snapshot.page(ask.offset, min(ask.limit, 1000), ref.split)
    total = snapshot.splits.get(ref.split, 0) if ref.split else snapshot.count
    return SamplePage(
        count=len(rows),
        total=total,
        classes=snapshot.classes.names,
        splits=dict(snapshot.splits),
        rows=_with_places(ports, tuple(msgspec.to_builtins(each) for each in rows)),
        state=snapshot.state,
    )


def _with_places(ports: Ports, rows: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    files = data.in_place(ports.data, [row["image"] for row in rows])
    for row in rows:
        if row["image"] in files:
            row["in_place"] = files[row["image"]]
    return rows


@dataclass(frozen=True)
class Remove:
    """Take samples out of a data set; older versions keep them."""

    dataset: str = arg("the data set")
    paths: tuple[str, ...] = arg("logical paths, as `samples` shows them")


@operation("remove", permission="data.write")
def remove(ports: Ports, scope: Scope, ask: Remove) -> Count:
    """Staged; commit makes it last."""
    return Count(data.remove(ports.data, scope, ask.dataset, ask.paths))


@dataclass(frozen=True)
class Unstage:
    """Undo what is not committed yet: of some paths, or all of it."""

    dataset: str = arg("the data set")
    paths: tuple[str, ...] = arg("logical paths; default: everything", default=())


@operation("unstage", permission="data.write")
def unstage(ports: Ports, scope: Scope, ask: Unstage) -> Count:
    """The data set is again as its newest version says."""
    return Count(data.unstage(ports.data, scope, ask.dataset, ask.paths))


@dataclass(frozen=True)
class Datasets:
    """List the data sets with their newest version."""


@operation("datasets", permission="data.read")
def datasets(ports: Ports, scope: Scope, ask: Datasets) -> Rows:
    """Names, versions, sizes."""
    del ask
    return rows_of(data.datasets(ports.data, scope))
