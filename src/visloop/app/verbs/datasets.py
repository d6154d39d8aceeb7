"""Verbs over data sets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Add:
    """Bring pictures into a data set: folders of classes, COCO, VOC, single files.

    Everything is kept or quarantined with its reason. Running it again adds only what is new.
    """

    paths: tuple[str, ...] = arg("files and folders", path=True)
    to: str = opt("the data set; made when it does not exist")
    format: str = opt("auto, folder, coco or voc", default="auto")
    split: str | None = opt("put all of them in this split", default=None)
    map: dict[str, str] = opt("rename a class on the way in: --map old=new", default={})
    add_classes: bool = opt("let class names in that the data set does not have", default=False)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class AddAnswer:
    """Counts, the classes learnt, and one note for each file that was not plainly added."""

    added: int
    updated: int
    unchanged: int
    quarantined: int
    classes_added: tuple[str, ...]
    notes: tuple[str, ...]


@operation("add", permission="data.write")
def add(ports: Ports, scope: Scope, ask: Add) -> AddAnswer:
    """Probe, store, stage."""
    options = data.AddOptions(
        format=ask.format,
        split=ask.split,
        class_map=ask.map,
        add_classes=ask.add_classes,
        dry_run=ask.dry_run,
    )
    name = handlers.free_for_data(ports, scope, check_name(ask.to, "data set name"))
    done = data.add(ports.data, scope, name, [Path(each) for each in ask.paths], options)
    return AddAnswer(
        added=done.added,
        updated=done.updated,
        unchanged=done.unchanged,
        quarantined=done.quarantined,
        classes_added=done.classes_added,
        notes=done.notes,
    )


@dataclass(frozen=True)
class Commit:
    """Record a data set as a new, immutable version."""

    dataset: str = arg("the data set")
    message: str = opt("what changed", short="-m")


@dataclass(frozen=True)
class Committed:
    """The new version."""

    version: str
    dataset: str
    samples: int
    root: str


@operation("commit", permission="data.write")
def commit(ports: Ports, scope: Scope, ask: Commit) -> Committed:
    """Staged changes become a version."""
    made = data.commit(ports.data, scope, ask.dataset, ask.message)
    return Committed(version=made.name, dataset=made.dataset, samples=made.count, root=made.root)


@dataclass(frozen=True)
class Log:
    """List the versions of a data set, newest first."""

    dataset: str = arg("the data set")


@operation("log", permission="data.read")
def log(ports: Ports, scope: Scope, ask: Log) -> Rows:
    """One row a version."""
    return rows_of(
        {
            "version": each.name,
            "time": each.time,
            "actor": each.actor,
            "samples": each.count,
            "message": each.message,
        }
        for each in data.log(ports.data, scope, ask.dataset)
    )


@dataclass(frozen=True)
class Diff:
    """Compare two versions down to one box: photos@v1 photos@v2 (photos@work: not yet committed)."""

    a: str = arg("the older")
    b: str = arg("the newer")


@dataclass(frozen=True)
class DiffAnswer:
    """Counts of what differs, and the first changes in detail."""

    samples: dict[str, int]
    objects: dict[str, int]
    classes: tuple[dict[str, Any], ...]
    details: tuple[dict[str, Any], ...]
    truncated: bool


@operation("diff", permission="data.read")
def diff(ports: Ports, scope: Scope, ask: Diff) -> DiffAnswer:
    """Walk both trees where they differ."""
    found = data.diff(ports.data, scope, Ref.parse(ask.a), Ref.parse(ask.b))
    return DiffAnswer(
        samples=asdict(found.samples),
        objects=asdict(found.objects),
        classes=tuple(asdict(each) for each in found.classes),
        details=tuple(asdict(each) for each in found.details),
        truncated=found.truncated,
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
    format: str = opt("coco", default="coco")
    force: bool = opt("write into a folder that is not empty", default=False)


@dataclass(frozen=True)
class Exported:
    """What was written, and what the format cannot hold."""

    images: int
    objects: int
    directory: str
    losses: tuple[str, ...]


@operation("export", permission="data.export")
def export(ports: Ports, scope: Scope, ask: Export) -> Exported:
    """Every kept picture and box, and a report of losses."""
    done = data.export(
        ports.data, scope, Ref.parse(ask.ref), Path(ask.directory), ask.format, force=ask.force
    )
    return Exported(
        images=done.images, objects=done.objects, directory=ask.directory, losses=done.losses
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
    """Samples in order of their paths; `total` counts all of the reference."""

    count: int
    total: int
    classes: tuple[str, ...]
    splits: dict[str, int]
    rows: tuple[dict[str, Any], ...]


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
        rows=tuple(msgspec.to_builtins(each) for each in rows),
    )


@dataclass(frozen=True)
class QuarantineList:
    """List what was not taken, why, and how to mend it."""

    dataset: str | None = opt("only of this data set", default=None)


@operation("quarantine.list", permission="data.read")
def quarantine_list(ports: Ports, scope: Scope, ask: QuarantineList) -> Rows:
    """Refusals that wait for a person."""
    return rows_of(data.quarantine_list(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class QuarantineRetry:
    """Try the refused files again, after they were repaired where they lie."""

    dataset: str = arg("the data set")
    ids: tuple[str, ...] = opt("only these", default=(), name="id")


@operation("quarantine.retry", permission="data.write")
def quarantine_retry(ports: Ports, scope: Scope, ask: QuarantineRetry) -> AddAnswer:
    """What is good now is added; the rest stays."""
    done = data.quarantine_retry(ports.data, scope, ask.dataset, ask.ids)
    return AddAnswer(**{name: getattr(done, name) for name in AddAnswer.__dataclass_fields__})


@dataclass(frozen=True)
class QuarantineRemove:
    """Let go of refused files for good, with a reason; recorded."""

    dataset: str = arg("the data set")
    ids: tuple[str, ...] = opt("which", name="id")
    reason: str = opt("why", short="-m")


@dataclass(frozen=True)
class Count:
    """How many."""

    count: int


@operation("quarantine.remove", permission="data.write")
def quarantine_remove(ports: Ports, scope: Scope, ask: QuarantineRemove) -> Count:
    """The files themselves stay where they lie."""
    return Count(data.quarantine_remove(ports.data, scope, ask.dataset, ask.ids, ask.reason))


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
class ClassesList:
    """List the classes of a data set."""

    dataset: str = arg("the data set")


@operation("classes.list", permission="data.read")
def classes_list(ports: Ports, scope: Scope, ask: ClassesList) -> Rows:
    """The dictionary, committed or not."""
    known = data.classes(ports.data, scope, ask.dataset)
    return rows_of(known.entries)


@dataclass(frozen=True)
class ClassesAdd:
    """Add classes to a data set's dictionary."""

    dataset: str = arg("the data set")
    names: tuple[str, ...] = arg("their names")


@operation("classes.add", permission="data.write")
def classes_add(ports: Ports, scope: Scope, ask: ClassesAdd) -> Rows:
    """Staged; commit makes it last."""
    known = data.add_classes(ports.data, scope, ask.dataset, ask.names)
    return rows_of(known.entries)


@dataclass(frozen=True)
class Datasets:
    """List the data sets with their newest version."""


@operation("datasets", permission="data.read")
def datasets(ports: Ports, scope: Scope, ask: Datasets) -> Rows:
    """Names, versions, sizes."""
    del ask
    return rows_of(data.datasets(ports.data, scope))
