"""Refused pictures made readable once more: unpacked again, or fetched again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import clean
from visloop.data.intake.memory import holder
from visloop.data.origins import remote
from visloop.data.origins.archives.kinds import Kind, kind_of
from visloop.data.origins.archives.origin import unpacked
from visloop.data.origins.archives.unpack import ArchiveRefused
from visloop.data.origins.remote.lists import is_bucket
from visloop.data.origins.scratch import scratch
from visloop.data.records import DataPorts

if TYPE_CHECKING:
    from visloop.data.formats import Item
    from visloop.data.ingest.records import Found


_URL = "://"


def again(
    ports: DataPorts, founds: Iterable[Found], kept: Mapping[str, str | None]
) -> Iterator[Item]:
    """Each of them, with its file in place while it is the current one; or why it is not.

    `kept`: digests of the bytes that are kept of files that lie nowhere, by source.
    """
    packed: dict[tuple[Path, Kind], list[Found]] = {}
    listed: dict[Path, list[Found]] = {}
    stored: list[Found] = []
    for found in founds:
        if (image := kept.get(found.source)) is not None:
            yield from _written_again(ports, found, image)
            continue
        if is_bucket(found.source):
            stored.append(found)
            continue
        archive = None if Path(found.file).exists() else holder(found.source)
        kind = None if archive is None else kind_of(str(archive))
        if archive is not None and _URL in found.source[len(clean(str(archive))) :]:
            listed.setdefault(archive, []).append(found)
        elif archive is None or kind is None:
            yield found
        else:
            packed.setdefault((archive, kind), []).append(found)
    for (archive, kind), wanted in packed.items():
        yield from _unpacked_again(ports, archive, kind, wanted)
    for listing, wanted in listed.items():
        yield from remote.refetched_urls(ports, listing, wanted)
    if stored:
        yield from remote.refetched(ports, stored)


def _written_again(ports: DataPorts, found: Found, image: str) -> Iterator[Item]:
    with scratch(ports.scratch) as folder:
        file = folder / "kept"
        file.write_bytes(ports.blobs.get(image))
        yield msgspec.structs.replace(found, file=str(file))


def _unpacked_again(
    ports: DataPorts, archive: Path, kind: Kind, wanted: list[Found]
) -> Iterator[Item]:
    with scratch(ports.scratch) as folder:
        try:
            done = unpacked(ports, archive, kind, folder)
        except ArchiveRefused as problem:
            for found in wanted:
                yield refuse(
                    found.path, found.source, "archive_damaged", problem.what, fix=problem.fix
                )
            return
        left = {each.source: each for each in done.refusals}
        start = len(clean(str(archive))) + 1
        for found in wanted:
            if found.source in left:
                yield left[found.source]
            else:
                file = os.path.join(folder, found.source[start:])  # noqa: PTH118 - as text
                yield msgspec.structs.replace(found, file=file)
