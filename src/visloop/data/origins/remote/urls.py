"""A list of URLs as an origin: each picture fetched when it is read, and asked about by its ETag."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from blake3 import blake3
from sqlalchemy import bindparam, select, text

from visloop.data.formats.records import Item
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import clean
from visloop.data.origins.records import Fetched, Opened, Seal
from visloop.data.origins.remote.lists import Line, lines
from visloop.data.origins.remote.net import Net, NotGot
from visloop.data.origins.scratch import scratch
from visloop.data.records import AddOptions, ClassEntry, DataPorts
from visloop.data.staging import write_many
from visloop.data.tables import fetched
from visloop.data.working import batches
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import digest_of
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from visloop.data.intake.memory import KnownFile

_AT_ONCE: Final = 500
_UPSERT: Final = text(
    "INSERT INTO fetched (url, stamp, etag, modified, format)"
    " VALUES (:url, :stamp, :etag, :modified, 1)"
    " ON CONFLICT (url, stamp) DO UPDATE SET etag = excluded.etag, modified = excluded.modified"
)


class UrlList:
    """A text or CSV file that names pictures by URL."""

    def __init__(self, path: str, options: AddOptions) -> None:
        if options.in_place:
            raise UsageError(
                f"{clean(path)!r} lists URLs: what they lead to cannot be left in place",
                fix="leave --in-place away; each picture is fetched once and kept",
            )
        if Path(path).is_dir():
            raise UsageError(
                f"{clean(path)!r} is a folder, not a list of URLs", fix="name the text or CSV file"
            )
        self._path, self._options = path, options
        name, stat = clean(path), Path(path).stat()
        self.roots: tuple[tuple[str, bytes], ...] = ((name, os.fsencode(path)),)
        # the list being the same does not tell that the pictures are
        self.seal: Seal | None = Seal(name, stat.st_size, stat.st_mtime_ns, "", suffices=False)

    @contextmanager
    def open(self, ports: DataPorts, known: Mapping[str, KnownFile]) -> Generator[Opened]:
        """Read the list; nothing is fetched yet."""
        listed = list(lines(self._path))
        with scratch(ports.scratch) as folder, closing(connect(ports)) as net:
            getter = _Getter(ports, net, listed, known, clean(self._path))
            offered = _Listed(listed, clean(self._path), folder, self._options)
            yield Opened(offered, getter, complete=True)
            getter.remember()


def connect(ports: DataPorts) -> Net:
    """The way to the net, within the limits of the workspace."""
    return Net(ports.limits)


class _Listed:
    """The lines of a list as pictures to be fetched (see `Offered`)."""

    def __init__(self, listed: list[Line], name: str, folder: Path, options: AddOptions) -> None:
        self.classes: tuple[ClassEntry, ...] = ()
        self.total: int | None = len(listed)
        self._listed, self._name, self._folder = listed, name, folder
        self._split = options.split

    def __iter__(self) -> Iterator[Item]:
        for each in self._listed:
            source = f"{self._name}/{each.shown}"
            if each.problem:
                yield refuse(each.path, source, "bad_url", each.problem, fix="mend the list")
                continue
            yield Found(
                path=each.path,
                file=str(self._folder / digest_of(each.shown)[:32]),
                source=source,
                annotations=(ClassLabel(label=each.label),) if each.label else None,
                split=self._split or each.split or None,
            )

    def notes(self) -> tuple[str, ...]:
        """Nothing but pictures is in a list."""
        return ()


class _Getter:
    """Fetches the pictures of a list (see `Fetcher`); a time stands for what came."""

    def __init__(
        self,
        ports: DataPorts,
        net: Net,
        listed: Iterable[Line],
        known: Mapping[str, KnownFile],
        name: str,
    ) -> None:
        self._ports, self._net = ports, net
        self._urls = {f"{name}/{each.shown}": each for each in listed}
        self._marks = _marks(ports, [each.shown for each in self._urls.values()]) if known else {}
        self._new: list[tuple[Any, ...]] = []

    def fetch(self, found: Found, known: KnownFile | None) -> Fetched:
        """Get it, or hear that it is as it was noted (`known`)."""
        line, file = self._urls[found.source], Path(found.file)
        etag, modified = "", ""
        if known is not None and known.state != "quarantined":
            etag, modified = self._marks.get((line.shown, known.mtime_ns), ("", ""))
        problem = got(self._net, found, line.url, file, etag, modified)
        if isinstance(problem, tuple):
            self._new.append((line.shown, *problem))
            return "here"
        return problem

    def drop(self, found: Found) -> None:
        """It was read."""
        Path(found.file).unlink(missing_ok=True)

    def remember(self) -> None:
        """Note the servers' marks for the next time."""
        if self._new:
            with self._ports.ledger.write(Scope()) as write:
                write_many(write, _UPSERT, self._new)


def got(
    net: Net, found: Found, url: str, file: Path, etag: str = "", modified: str = ""
) -> Fetched | tuple[int, str, str]:
    """What became of one URL: (stamp, ETag, time of change) when its bytes came."""
    try:
        done = net.get(url, file, etag, modified)
    except NotGot as problem:
        return refuse(
            found.path, found.source, problem.reason_code, problem.reason, fix=problem.fix
        )
    if done.same:
        return "as it was"
    hasher = blake3()
    if file.stat().st_size:
        hasher.update_mmap(file)
    stamp = int.from_bytes(hasher.digest()[:8]) >> 4
    os.utime(file, ns=(stamp, stamp))
    return stamp, done.etag, done.modified


def _marks(ports: DataPorts, urls: list[str]) -> dict[tuple[str, int], tuple[str, str]]:
    query = select(fetched.c.url, fetched.c.stamp, fetched.c.etag, fetched.c.modified).where(
        fetched.c.url.in_(bindparam("urls", expanding=True))
    )
    with ports.ledger.read() as connection:
        return {
            (url, stamp): (etag, modified)
            for part in batches(urls, _AT_ONCE)
            for url, stamp, etag, modified in connection.execute(query, {"urls": part})
        }


def refetched_urls(ports: DataPorts, listing: Path, founds: Iterable[Found]) -> Iterator[Item]:
    """Pictures of a list that were refused, asked for once more."""
    urls = {each.shown: each.url for each in lines(str(listing)) if not each.problem}
    start = len(clean(str(listing))) + 1
    with scratch(ports.scratch) as folder, closing(connect(ports)) as net:
        for found in founds:
            url = urls.get(found.source[start:])
            if url is None:
                reason = "the list does not name it any more"
                yield refuse(found.path, found.source, "bad_url", reason, fix="add the list again")
                continue
            file = folder / "picture"
            done = got(net, found, url, file)
            if isinstance(done, tuple):
                yield msgspec.structs.replace(found, file=str(file))
            elif not isinstance(done, str):
                yield done
