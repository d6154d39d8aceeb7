"""Verbs that bring pictures in, and deal with what was not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Count, Rows, rows_of
from visloop.ids import check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Add:
    """Bring pictures and video in: folders, label sets, archives, buckets, lists of URLs.

    Everything is kept or quarantined with its reason. Running it again adds only what is new.
    """

    paths: tuple[str, ...] = arg(
        "files, folders, archives, buckets (s3://…), lists of URLs", path=True
    )
    to: str = opt("the data set; made when it does not exist")
    format: str = opt(f"auto, or: {', '.join(data.READ_FORMATS)}", default="auto")
    split: str | None = opt("put all of them in this split", default=None)
    map: dict[str, str] = opt("rename a class on the way in: --map old=new", default={})
    add_classes: bool = opt("let class names in that the data set does not have", default=False)
    frames: str = opt(
        "of videos take: every:0.5s, every:12frames, key, scene[:0.3] or all; none if not given",
        default="",
    )
    in_place: bool = opt(
        "leave the files where they lie: note them instead of copying their bytes", default=False
    )
    pages: Literal["first", "all"] = opt(
        "of a file that holds several pictures (TIFF, GIF, DICOM): first or all", default="first"
    )
    window: str = opt(
        "grey values of DICOM: auto (the file's own), full (every value) or CENTRE,WIDTH",
        default="auto",
    )
    privacy: dict[str, str] = opt(
        "be stricter than privacy in visloop.yaml: gps=remove, faces=blur, text=blur", default={}
    )
    deep: bool = opt(
        "decode every picture whole: damage inside a JPEG is seen only so", default=False
    )
    licence: str = opt("under which terms the pictures may be used: CC-BY-4.0", default="")
    set: dict[str, str] = opt("note metadata on each: --set site=north", default={})
    camera: str = opt("the camera of the registry that took them", default="")
    add_class: tuple[str, ...] = opt("let this new class in; may be repeated", default=())
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class AddAnswer:
    """Counts, the classes learnt, and one note for each file that was not plainly added.

    `quarantined` counts files, `left_out` objects of files that were taken: all wait in quarantine.
    """

    added: int
    updated: int
    unchanged: int
    quarantined: int
    classes_added: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: int = 0
    dry_run: bool = False


@operation("add", permission="data.write")
def add(ports: Ports, scope: Scope, ask: Add) -> AddAnswer:
    """Probe, store, stage."""
    options = data.AddOptions(
        format=ask.format,
        split=ask.split,
        class_map=ask.map,
        add_classes=ask.add_classes,
        frames=ask.frames,
        in_place=ask.in_place,
        pages=ask.pages,
        window=ask.window,
        privacy=ask.privacy,
        deep=ask.deep,
        licence=ask.licence,
        camera=ask.camera,
        metadata=ask.set,
        new_classes=ask.add_class,
        dry_run=ask.dry_run,
    )
    name = handlers.free_for_data(ports, scope, check_name(ask.to, "data set name"))
    done = data.add(ports.data, scope, name, ask.paths, options)
    return AddAnswer(
        added=done.added,
        updated=done.updated,
        unchanged=done.unchanged,
        quarantined=done.quarantined,
        classes_added=done.classes_added,
        notes=done.notes,
        left_out=done.left_out,
        dry_run=ask.dry_run,
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
    return AddAnswer(
        added=done.added,
        updated=done.updated,
        unchanged=done.unchanged,
        quarantined=done.quarantined,
        classes_added=done.classes_added,
        notes=done.notes,
        left_out=done.left_out,
    )


@dataclass(frozen=True)
class QuarantineRemove:
    """Let go of refused files for good, with a reason; recorded."""

    dataset: str = arg("the data set")
    ids: tuple[str, ...] = opt("which", name="id")
    reason: str = opt("why", short="-m")


@operation("quarantine.remove", permission="data.write")
def quarantine_remove(ports: Ports, scope: Scope, ask: QuarantineRemove) -> Count:
    """The files themselves stay where they lie."""
    return Count(data.quarantine_remove(ports.data, scope, ask.dataset, ask.ids, ask.reason))
