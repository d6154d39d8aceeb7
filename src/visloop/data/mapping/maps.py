"""The map of a version: made once for its pictures, kept in a file, the same whoever asks.

A map knows pictures by their bytes. Labels, splits and paths may change without it; other pictures,
another encoder, way or seed make another map. The folder may be deleted at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors
from visloop.data.finding.ranking import pictures_of, placed
from visloop.data.mapping.faithful import Faithful, faithful
from visloop.data.mapping.projecting import chosen, project
from visloop.data.querying.source import Columns
from visloop.data.records import DataPorts
from visloop.data.snapshot import open_ref
from visloop.errors import VisloopError
from visloop.events import Scope
from visloop.ids import Ref, digest_of

if TYPE_CHECKING:
    from visloop.data.finding.finder import Finder

MADE: Final = "1"
"""Number of the way in which maps are made: those of another one are made anew."""
_BLOCK: Final = 4096


class Kept(msgspec.Struct, frozen=True):
    """A map in its file: points float32 (pictures, 2), in the order of the pictures' digests."""

    points: bytes
    faithful: Faithful
    seconds: float


@dataclass(frozen=True)
class PictureMap:
    """The map of a version.

    `points` are float32 (samples, 2) within [-1, 1], in the order of paths; NaN for pictures that
    cannot be read, of which `problems` tells, by digest. `pictures` of different bytes were placed;
    `seconds` is what that took when it was made.
    """

    ref: str
    by: str
    seed: int
    id: str
    pictures: int
    points: Vectors
    faithful: Faithful
    seconds: float
    source: Columns
    problems: Mapping[str, VisloopError]


def picture_map(
    ports: DataPorts, scope: Scope, ref: Ref, *, by: str = "", seed: int = 0
) -> PictureMap:
    """The map of a version; made where it was not made before.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        ref: the version; of a split: the map of all, of which only those are shown.
        by: `tsne` or `pca`; empty: the better one that is installed.
        seed: another one, another map.

    Raises:
        UsageError: there is no such way.
        MissingExtra: the library that it needs is not installed.
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
    """
    way = chosen(by)
    finder = ports.finder
    assert finder is not None, "these ports were opened without a finder"
    snapshot = open_ref(ports, ref, scope.project)
    source = Columns(ports, snapshot, of_parts=False)
    found, problems = placed(ports, finder, source)
    pictures = pictures_of(source)
    row_of = np.full(len(pictures.words), -1, np.int64)
    row_of[pictures.codes] = found.rows
    readable = np.flatnonzero(row_of >= 0).tolist()
    order = np.array(sorted(readable, key=pictures.words.__getitem__), np.int64)
    names = "".join(str(pictures.words[at]) for at in order.tolist())
    key = digest_of(finder.encoder.pictures.digest, way, str(seed), MADE, names)
    rows, file = row_of[order], finder.folder / "maps" / f"{key[:32]}.map"
    kept = _kept(ports, finder, file, rows, way, seed)
    plane = np.full((len(pictures.words), 2), np.nan, np.float32)
    plane[order] = np.frombuffer(kept.points, "<f4").reshape(-1, 2)
    points = plane[pictures.codes]
    points[~_in_split(source)] = np.nan
    return PictureMap(
        ref=snapshot.version.ref + (f":{snapshot.split}" if snapshot.split else ""),
        by=way,
        seed=seed,
        id=key[:16],
        pictures=len(rows),
        points=points,
        faithful=kept.faithful,
        seconds=kept.seconds,
        source=source,
        problems=problems,
    )


def _in_split(source: Columns) -> NDArray[np.bool_]:
    """(samples): whether it is in the split that was named; without one all are."""
    split = source.snapshot.split
    if split is None:
        return np.ones(source.size(parts=False), np.bool_)
    column = source.column(source.schema.rows.named("sample.split")[0])
    return np.asarray(column.where(lambda word: word == split))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownLambdaType, reportUnknownMemberType]


def _kept(
    ports: DataPorts, finder: Finder, file: Path, rows: NDArray[np.int64], by: str, seed: int
) -> Kept:
    """What lies in the file, or is made now; a torn file is made anew."""
    try:
        found = msgspec.msgpack.decode(file.read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        found = None
    if found is not None and len(found.points) == 8 * len(rows):
        return found
    units = finder.gallery.units

    def blocks() -> Iterator[Vectors]:
        for start in range(0, len(rows), _BLOCK):
            yield units(rows[start : start + _BLOCK])

    began = time.monotonic()
    points = project(by, len(rows), blocks, seed=seed, progress=ports.progress)
    ports.progress.note("judge the map")
    judged = faithful(points, lambda places: units(rows[places]), blocks, seed=seed)
    made = Kept(points.astype("<f4").tobytes(), judged, time.monotonic() - began)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    temporary.write_bytes(msgspec.msgpack.encode(made))
    temporary.replace(file)
    return made
