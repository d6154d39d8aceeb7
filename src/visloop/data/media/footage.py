"""The frames of one film, in the order in which they are shown, as the working state has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, select

from visloop.data import catalog
from visloop.data.records import DataPorts, Sample
from visloop.data.tables import working
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working, decode, decode_value
from visloop.errors import NotFound

SOURCE: Final = "image.source_video"
TIME_STAMP: Final = "video.pts"
_AFTER_SLASH: Final = "0"  # the character after "/"


class FilmNotFound(NotFound):
    """The data set has no frames of such a film."""

    code = "data.film_not_found"


@dataclass(frozen=True)
class Footage:
    """A film as the data set has it: the frames that were taken from it, in order.

    `name` is the film's logical path; of pictures that are frames of no film that is known, their
    folder. `places` say when each is shown, ascending: time stamps where all have one, else 0, 1, 2 ….
    """

    name: str
    frames: tuple[Sample, ...]
    places: tuple[int, ...]

    def at(self, path: str) -> int | None:
        """Which frame it is, the first is 0; None: none of this film."""
        found = (k for k, each in enumerate(self.frames) if each.path == path)
        return next(found, None)


def footage(
    ports: DataPorts, connection: Connection, project: str, dataset: str, path: str
) -> Footage:
    """The film that a frame is of, or that is called so; other pictures: those of their folder.

    Raises:
        DatasetNotFound: there is no such data set.
        FilmNotFound: it has neither such a picture nor frames of such a film.
    """
    over = Working.load(connection, Nodes(ports.blobs), catalog.state(connection, project, dataset))
    frame = over.get_many([path]).get(path)
    if frame is None:
        return _called(over, path)
    folder = path.rpartition("/")[0]
    source = frame.metadata.get(SOURCE)
    held = [each for each in _directly_in(over, folder) if each.metadata.get(SOURCE) == source]
    return _in_order(str(source or folder), held)


def _called(over: Working, name: str) -> Footage:
    """The frames that lie where a film of that name puts them, or in a folder of that name."""
    for folder in (name, name.rpartition(".")[0]):
        held = _directly_in(over, folder.rstrip("/")) if folder else []
        of_it = [each for each in held if each.metadata.get(SOURCE) == name] or held
        if of_it:
            return _in_order(name, of_it)
    dataset = over.state.name
    raise FilmNotFound(
        f"data set {dataset!r} has no frames of a film {name!r}",
        fix=f"take some: visloop add {name} --to {dataset} --frames every:1s",
    )


def _in_order(name: str, frames: Sequence[Sample]) -> Footage:
    stamps = [each.metadata.get(TIME_STAMP) for each in frames]
    timed = [(at, each) for at, each in zip(stamps, frames, strict=True) if isinstance(at, int)]
    timed.sort(key=lambda pair: pair[0])
    if len(timed) == len(frames) and all(a[0] < b[0] for a, b in pairwise(timed)):
        return Footage(name, tuple(each for _, each in timed), tuple(at for at, _ in timed))
    return Footage(name, tuple(frames), tuple(range(len(frames))))


def _directly_in(over: Working, folder: str) -> list[Sample]:
    """The samples of a folder without those of folders in it, by path."""
    start = f"{folder}/" if folder else ""
    mine = (working.c.project == over.state.project) & (working.c.dataset == over.state.name)
    if folder:
        mine &= working.c.path.between(start, folder + _AFTER_SLASH)
    rows = over.connection.execute(select(working.c.path, working.c.sample).where(mine))
    staged: dict[str, bytes | None] = {path: raw for path, raw in rows if path.startswith(start)}
    held: dict[str, Sample] = {}
    for entry in over.tree.entries(after=start or None):
        if not entry.key.startswith(start):
            break
        if entry.key not in staged and "/" not in entry.key[len(start) :]:
            held[entry.key] = decode(entry)
    for path, raw in staged.items():
        if raw is not None and "/" not in path[len(start) :]:
            held[path] = decode_value(raw)
    return [held[path] for path in sorted(held)]
