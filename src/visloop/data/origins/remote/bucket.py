"""A bucket as an origin: its keys stand as a tree of empty files, filled when one is to be read.

Size and time of such a file are those of its object (the time stands for its ETag), so what `add`
noted last time tells that an object has not changed, and it is not fetched again.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.config import load_plugin
from visloop.data.formats import FORMATS
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.scan import SourceNotFound, scan
from visloop.data.origins.archives.kinds import is_archive_name
from visloop.data.origins.archives.unpack import BadMember, plain_name, safe_name
from visloop.data.origins.records import Fetched, Opened, Seal
from visloop.data.origins.renamed import Renamed
from visloop.data.origins.scratch import scratch
from visloop.data.records import AddOptions, DataPorts, Refusal
from visloop.errors import UsageError, VisloopError
from visloop.ids import digest_of

if TYPE_CHECKING:
    from visloop.data.formats import Item
    from visloop.data.ingest.records import Found
    from visloop.data.intake.memory import KnownFile
    from visloop.store import Bucket, BucketObject

_PLAIN: Final = frozenset(["avif", "bmp", "jfif", "jpe", "jpeg", "jpg", "png", "webp"])
_PAGED: Final = frozenset(["gif", "tif", "tiff"])
_LAZY: Final = frozenset(["auto", "folder", "class-folders", "images", "coco", "voc"])
"""Formats whose reader opens no picture, so that pictures may still be empty while it works."""


class BucketPrefix:
    """What lies below a URL such as `s3://bucket/prefix`."""

    def __init__(self, url: str, options: AddOptions) -> None:
        if options.in_place:
            raise UsageError(
                f"{url} is in a bucket: it cannot be left in place",
                fix="leave --in-place away; its objects are fetched once and kept",
            )
        self._url, self._options = url.rstrip("/"), options
        self.roots: tuple[tuple[str, bytes], ...] = ((self._url, os.fsencode(self._url)),)
        self.seal: Seal | None = None

    @contextmanager
    def open(self, ports: DataPorts, known: Mapping[str, KnownFile]) -> Generator[Opened]:
        """List it, fetch what a scan must read, and scan.

        Raises:
            SourceNotFound: nothing is there, and nothing of it was added before.
            BucketNotFound, BucketForbidden, BucketUnreachable: it cannot be listed.
        """
        bucket = open_bucket(ports, self._url)
        with scratch(ports.scratch) as folder:
            tree = _Tree(ports, self._url, bucket, folder)
            listed = ports.progress.track(bucket.list(), doing="list", unit="object")
            at_once = [each for each in listed if tree.plant(each) and not self._is_lazy(each.key)]
            tree.fetch_all(at_once)
            if tree.empty and not known:
                raise SourceNotFound(
                    f"there is nothing below {self._url}", fix="check the prefix, letter by letter"
                )
            found = scan([str(folder)], self._options)
            named = Renamed(found, str(folder), self._url, tree.refusals)
            yield Opened(named, tree, complete=True)

    def _is_lazy(self, key: str) -> bool:
        """Whether the object need not be there while its folder is scanned."""
        suffix = key.rpartition(".")[2].lower()
        paged = suffix in _PAGED and self._options.pages == "first"
        picture = suffix in _PLAIN or paged
        return is_archive_name(key) or (
            picture and self._options.format in _LAZY & {*FORMATS, "auto"}
        )


def open_bucket(ports: DataPorts, url: str) -> Bucket:
    """The bucket of a URL, through the adapter of its scheme.

    Raises:
        MissingExtra: the library for buckets is not installed.
    """
    plugin = load_plugin("buckets", url.partition("://")[0], extra="buckets")
    bucket: Bucket = plugin(
        url, tries=ports.limits.fetch_tries, timeout_s=ports.limits.fetch_seconds
    )
    return bucket


class _Tree:
    """The objects as files below a folder; fetches them (see `Fetcher`)."""

    def __init__(self, ports: DataPorts, url: str, bucket: Bucket, folder: Path) -> None:
        self._ports, self._url, self._bucket, self._folder = ports, url, bucket, folder
        self._objects: dict[str, BucketObject] = {}
        self.refusals: list[Refusal] = []
        self.empty = True

    def plant(self, each: BucketObject) -> bool:
        """An empty file of the object's size and a time for its mark; whether it can be one."""
        if each.key.endswith("/") or (
            each.size_bytes == 0 and "." not in each.key.rpartition("/")[2]
        ):
            return False  # stands for a folder
        self.empty = False
        try:
            file = self._folder / safe_name(each.key)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file.open("xb") as out:
                out.truncate(each.size_bytes)
            _stamp(file, each)
        except BadMember as problem:
            self._refuse(each, problem.reason_code, problem.reason)
            return False
        except OSError as problem:
            self._refuse(each, "fetch_failed", f"it cannot be a file: {problem.strerror}")
            return False
        self._objects[str(file)] = each
        return True

    def fetch_all(self, objects: list[BucketObject]) -> None:
        """Those that the scan itself reads: label files, films, what has no telling name."""
        track = self._ports.progress.track
        files = [self._folder / safe_name(each.key) for each in objects]
        with ThreadPoolExecutor(self._ports.limits.fetch_at_once, "fetch") as pool:
            done = pool.map(self._fill, objects, files)
            for each, problem in zip(
                objects, track(done, doing="fetch", unit="file", total=len(files)), strict=True
            ):
                if problem is not None:
                    (self._folder / safe_name(each.key)).unlink(missing_ok=True)
                    self._refuse(each, *problem)
                else:
                    del self._objects[str(self._folder / safe_name(each.key))]

    def fetch(self, found: Found, known: KnownFile | None) -> Fetched:
        """Fill the file of a picture that is to be read now."""
        del known
        each = self._objects.get(found.file)
        if each is None:
            return "here"
        problem = self._fill(each, Path(found.file))
        if problem is None:
            return "here"
        code, reason, fix = problem
        return refuse(found.path, found.source, code, reason, fix=fix)

    def drop(self, found: Found) -> None:
        """Give the bytes back to the disk; size and time stay."""
        each = self._objects.get(found.file)
        if each is not None:
            os.truncate(found.file, 0)

    def _fill(self, each: BucketObject, file: Path) -> tuple[str, str, str] | None:
        """Fetch one object; what went wrong: a reason code, the reason, the fix."""
        limit = int(self._ports.limits.fetch_mb * 1e6)
        if each.size_bytes > limit:
            return _too_large(each.size_bytes, limit)
        try:
            self._bucket.fetch(each.key, file, limit)
        except VisloopError as problem:
            return "fetch_failed", problem.what, problem.fix
        _stamp(file, each)
        return None

    def _refuse(self, each: BucketObject, code: str, reason: str, fix: str = "") -> None:
        shown = plain_name(each.key)
        self.refusals.append(refuse(shown, f"{self._url}/{shown}", code, reason, fix=fix or _COPY))


_COPY: Final = "copy the object to another key, and add again"


def _too_large(size_bytes: int, limit_bytes: int) -> tuple[str, str, str]:
    reason = f"it has {size_bytes / 1e6:.1f} MB, more than {limit_bytes / 1e6:g}"
    return "too_large", reason, "raise ingest.fetch_mb in visloop.yaml"


def _stamp(file: Path, each: BucketObject) -> None:
    time_ns = int(digest_of(each.mark)[:15], 16)
    os.utime(file, ns=(time_ns, time_ns))


def refetched(ports: DataPorts, founds: Iterable[Found]) -> Iterator[Item]:
    """Objects that were refused, fetched once more; each lies there while it is the current one."""
    limit = int(ports.limits.fetch_mb * 1e6)
    with scratch(ports.scratch) as folder:
        file = folder / "object"
        for found in founds:
            url, _, key = found.source.rpartition("/")
            try:
                size = open_bucket(ports, url).fetch(key, file, limit)
            except VisloopError as problem:
                yield refuse(
                    found.path, found.source, "fetch_failed", problem.what, fix=problem.fix
                )
            else:
                code, reason, fix = _too_large(size, limit)
                if size > limit:
                    yield refuse(found.path, found.source, code, reason, fix=fix)
                else:
                    yield msgspec.structs.replace(found, file=str(file))
