"""What `predict` is given: pictures, folders, patterns, films, buckets, versions of data sets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from glob import has_magic, iglob
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop import data
from visloop.errors import NotFound, UsageError, VisloopError
from visloop.ids import Ref
from visloop.infer import Item, Unread

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.store import Bucket

_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_FILMS: Final = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".ts"})
_KNOWN: Final = _PICTURES | _FILMS


class Picture(NamedTuple):
    """One picture to answer: its name, what brings it; `time_s` of a film's frame."""

    name: str
    load: Callable[[], Item]
    time_s: float | None = None


@dataclass(frozen=True)
class Source:
    """One source: its pictures in an order that is always the same; how many, where that is cheap."""

    pictures: Callable[[], Iterator[Picture]]
    count: Callable[[], int | None]
    film: Path | None = None


def sources_of(
    ports: Ports, scope: Scope, places: Sequence[str], every_s: float, scratch: Path
) -> list[Source]:
    """What the places name; nothing is read yet.

    Args:
        ports: where data sets live.
        scope: who asks, in which project.
        places: paths, patterns, URLs of buckets; where there is none of that name, `coco@v1:test`.
        every_s: seconds between two frames of a film, 0 for every frame.
        scratch: a folder for what is fetched.

    Raises:
        NotFound: a source does not exist.
        UsageError: `every_s` is below 0.
    """
    if every_s < 0:
        raise UsageError(f"{every_s} seconds between frames", fix="--every 1; every frame: 0")
    return [_source(ports, scope, place, every_s, scratch) for place in places]


def _source(ports: Ports, scope: Scope, place: str, every_s: float, scratch: Path) -> Source:
    if "://" in place:
        url, bucket = place.rstrip("/"), data.open_bucket(ports.data, place)
        most = int(ports.data.limits.fetch_mb * 1e6)
        listed = partial(_objects, bucket, url, scratch, most, every_s)
        return Source(listed, lambda: None)
    path = Path(place)
    if path.is_dir():
        return _of_files(partial(_walked, path), every_s)
    if path.exists():
        return _of_file(path, every_s)
    if has_magic(place):
        matched = partial(_matched, place)
        if next(matched(), None) is None:
            raise NotFound(f"nothing matches {place}", fix="** stands for folders within folders")
        return _of_files(matched, every_s)
    if "@" not in path.name:
        raise NotFound(
            f"{place} does not exist", fix="name a picture, a folder, a film or NAME@VERSION"
        )
    snapshot = data.open(ports.data, Ref.parse(path.name), scope.project)

    def samples() -> Iterator[Picture]:
        for sample in snapshot.samples():
            yield Picture(sample.path, partial(_read, partial(ports.blobs.get, sample.image)))

    return Source(samples, lambda: sum(1 for _ in snapshot.samples()))


def _of_file(path: Path, every_s: float) -> Source:
    if _is_film(path.name):
        return Source(
            partial(_frames, path, every_s), lambda: _frame_count(path, every_s), film=path
        )
    return _of_files(lambda: iter([path]), every_s)


def _of_files(files: Callable[[], Iterator[Path]], every_s: float) -> Source:
    def pictures() -> Iterator[Picture]:
        for file in files():
            if _is_film(file.name):
                yield from _frames(file, every_s)
            else:
                yield Picture(str(file), partial(_read, file.read_bytes))

    def count() -> int:
        return sum(_frames_or_1(file, every_s) if _is_film(file.name) else 1 for file in files())

    return Source(pictures, count)


def _is_film(name: str) -> bool:
    return Path(name).suffix.lower() in _FILMS


def _walked(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in _KNOWN:
                yield Path(where) / name


def _matched(pattern: str) -> Iterator[Path]:
    for name in sorted(iglob(pattern, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute ones
        if Path(name).suffix.lower() in _KNOWN and Path(name).is_file():
            yield Path(name)


def _objects(
    bucket: Bucket, url: str, scratch: Path, most_bytes: int, every_s: float
) -> Iterator[Picture]:
    for each in bucket.list():
        name, fetch = f"{url}/{each.key}", partial(_fetch, bucket, each.key, most_bytes)
        if _is_film(each.key):
            with tempfile.NamedTemporaryFile(dir=scratch) as file:
                yield from _frames(Path(file.name), every_s, name, fetch)
        elif Path(each.key).suffix.lower() in _PICTURES:
            yield Picture(name, partial(_read, partial(_fetched, fetch, scratch)))


def _fetched(fetch: Callable[[Path], None], scratch: Path) -> bytes:
    with tempfile.NamedTemporaryFile(dir=scratch) as file:
        fetch(Path(file.name))
        return Path(file.name).read_bytes()


def _fetch(bucket: Bucket, key: str, most_bytes: int, to: Path) -> None:
    if bucket.fetch(key, to, most_bytes) > most_bytes:
        raise UsageError(f"it has more than {most_bytes / 1e6:g} MB", fix="raise ingest.fetch_mb")


def _read(bring: Callable[[], bytes]) -> Item:
    """The bytes, or why they are not there: one lost picture does not end the work."""
    try:
        return bring()
    except (VisloopError, OSError) as error:
        return _unread(error)


def _unread(error: VisloopError | OSError) -> Unread:
    if isinstance(error, VisloopError):
        return Unread(error.to_dict()["error"])
    told = error.strerror or str(error)
    return Unread({"code": "predict.unreadable", "what": told, "fix": "look at the file"})


def _frames(
    film: Path, every_s: float, name: str = "", fetch: Callable[[Path], None] | None = None
) -> Iterator[Picture]:
    """Decoded here, one after the other; what is damaged says so in its place.

    `name` where it is not the file's; `fetch` brings the file first.
    """
    name = name or str(film)
    try:
        if fetch is not None:
            fetch(film)
        with film.open("rb") as stream, closing(data.open_video(stream)) as reader:
            base = reader.info.time_base
            for pts in data.frames_due(reader.marks().times, base, every_s):
                at_s = round(float(pts * base), 3)
                try:
                    item: Item = reader.still(pts).rgb
                except data.BrokenFile as broken:
                    item = _broken(broken)
                yield Picture(name, partial(_as_it_is, item), at_s)
    except data.BrokenFile as broken:
        yield Picture(name, partial(_as_it_is, _broken(broken)))
    except (VisloopError, OSError) as error:
        yield Picture(name, partial(_as_it_is, _unread(error)))


def _frames_or_1(film: Path, every_s: float) -> int:
    """A film that is not read has one row, which says so."""
    try:
        return _frame_count(film, every_s)
    except (VisloopError, OSError):
        return 1


def _frame_count(film: Path, every_s: float) -> int:
    try:
        with film.open("rb") as stream, closing(data.open_video(stream)) as reader:
            return sum(
                1 for _ in data.frames_due(reader.marks().times, reader.info.time_base, every_s)
            )
    except data.BrokenFile:
        return 1


def _as_it_is(item: Item) -> Item:
    return item


def _broken(broken: data.BrokenFile) -> Unread:
    what = str(broken)
    return Unread(
        {"code": f"data.{broken.reason_code}", "what": what, "fix": "copy the film again"}
    )
