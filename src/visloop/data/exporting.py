"""A version written out as files of another tool's format, with an account of what did not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from visloop.data.fields.records import OwnFields
from visloop.data.formats import FORMATS, Loss
from visloop.data.querying.answering import named
from visloop.data.records import DataPorts
from visloop.data.snapshot import open_ref
from visloop.errors import UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref


@dataclass(frozen=True)
class Exported:
    """What was written where: pictures, objects, and in words what the format cannot hold."""

    format: str
    directory: str
    images: int
    objects: int
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def export(
    ports: DataPorts,
    scope: Scope,
    ref: Ref,
    directory: Path | str,
    format: str = "coco",  # noqa: A002 - the word of the command line
    *,
    where: str = "",
    force: bool = False,
) -> Exported:
    """Write every sample of a version, or those a question finds, into a folder that is new or empty.

    Raises:
        QueryWrong: the question cannot be understood; it says where.
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
        UsageError: no format of that name can be written, or the question finds nothing.
        Conflict: something lies in the folder and `force` is not given.
    """
    writable = {name: each.write for name, each in FORMATS.items() if each.write is not None}
    write = writable.get(format)
    if write is None:
        raise UsageError(
            f"no format {format!r} can be written",
            fix=did_you_mean(format, writable, otherwise=f"one of: {', '.join(sorted(writable))}"),
        )
    snapshot = open_ref(ports, ref, scope.project)
    found, count = snapshot.samples(), snapshot.count
    if where:
        paths = sorted(named(ports, scope, ref, where).paths)
        found, count = (each for path in paths if (each := snapshot.get(path))), len(paths)
        if not paths:
            raise UsageError(f"nothing fits: {where}", fix=f"visloop query '{where}' --at {ref}")
    samples = ports.progress.track(found, doing="export", unit="picture", total=count)
    done = write(samples, snapshot.classes, ports.blobs.get, directory, force=force)
    return Exported(
        format=done.format,
        directory=done.folder,
        images=done.images,
        objects=done.objects,
        losses=(*map(_told, done.losses), *_declarations(snapshot.own_fields)),
        notes=(
            *done.notes,
            *(f"{path}: turned upright" for path in done.baked),
            *(f"{path}: written as {name}" for path, name in done.renamed.items()),
        ),
    )


def _declarations(own: OwnFields) -> Iterator[str]:
    """What is lost of the data set's own fields: no format holds what they are, only their values."""
    declared = [each for each in own.entries if not each.learnt]
    if declared:
        what = (
            "declarations of own metadata fields (types, units, choices, descriptions) do not"
            " travel: declare them again where the files come in"
        )
        yield _told(Loss("field_declarations", len(declared), what, (declared[0].name,)))


def _told(loss: Loss) -> str:
    shown = f" (first: {loss.examples[0]})" if loss.examples else ""
    return f"{loss.count} × {loss.kind}: {loss.what}{shown}"
