"""What `predict` is given: pictures, folders, films, and versions of data sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop import data
from visloop.errors import NotFound, UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_FILMS: Final = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".ts"})


class Picture(NamedTuple):
    """One picture to answer; `time_s` of a film's frame."""

    name: str
    read: Callable[[], bytes]
    time_s: float | None = None


def pictures(
    ports: Ports, scope: Scope, sources: Sequence[str], every_s: float
) -> list[Picture] | Iterator[Picture]:
    """Every picture of the sources, in order; a film's frames as they come.

    Args:
        ports: where data sets live.
        scope: who asks, in which project.
        sources: paths; where there is none of that name, `coco@v1` or `coco@v1:test`.
        every_s: seconds between two frames of a film.

    Raises:
        NotFound: a source does not exist.
        UsageError: `every_s` is not above 0.
    """
    if every_s <= 0:
        raise UsageError(f"{every_s} seconds between frames", fix="--every 1")
    known = [each for source in sources for each in _listed(ports, scope, source)]
    if not any(each.name in _films(sources) for each in known):
        return known
    return _with_frames(known, _films(sources), every_s)


def _films(sources: Sequence[str]) -> frozenset[str]:
    return frozenset(str(Path(s)) for s in sources if Path(s).suffix.lower() in _FILMS)


def _listed(ports: Ports, scope: Scope, source: str) -> Iterator[Picture]:
    path = Path(source)
    if not path.exists():
        if "@" not in path.name:
            raise NotFound(
                f"{source} does not exist", fix="name a picture, a folder, a film or NAME@VERSION"
            )
        snapshot = data.open(ports.data, Ref.parse(path.name), scope.project)
        for sample in snapshot.samples():
            yield Picture(sample.path, partial(ports.blobs.get, sample.image))
        return
    if path.is_file():
        yield Picture(str(path), path.read_bytes)
        return
    for folder, _, names in sorted(os.walk(path)):
        for name in sorted(names):
            if Path(name).suffix.lower() in _PICTURES:
                file = Path(folder) / name
                yield Picture(str(file), file.read_bytes)


def _with_frames(
    known: Sequence[Picture], films: frozenset[str], every_s: float
) -> Iterator[Picture]:
    for each in known:
        if each.name in films:
            yield from _frames(each.name, every_s)
        else:
            yield each


def _frames(film: str, every_s: float) -> Iterator[Picture]:
    """The first frame, and each that is `every_s` or more after the last one taken."""
    with Path(film).open("rb") as stream, closing(data.open_video(stream)) as reader:
        base, due = reader.info.time_base, float("-inf")
        for pts in reader.marks().times:
            at = float(pts * base)
            if at >= due:
                due = at + every_s
                yield Picture(film, reader.still(pts).png, round(at, 3))
