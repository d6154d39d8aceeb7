"""Where the bytes of added files go: into the store, or noted where they lie (`--in-place`)."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, delete, select, text

from visloop.data.ingest.walk import clean
from visloop.data.staging import write_many
from visloop.data.tables import located
from visloop.data.working import batches
from visloop.ids import digest_of
from visloop.store import utc_text

if TYPE_CHECKING:
    from visloop.data.ingest.records import Found
    from visloop.data.privacy.guard import Guard
    from visloop.data.records import DataPorts
    from visloop.store import Blobs, Write

_AT_ONCE: Final = 500

_UPSERT = text(
    "INSERT INTO located (image, file, raw, size, mtime_ns, noted, format)"
    " VALUES (:image, :file, :raw, :size, :mtime_ns, :noted, 1)"
    " ON CONFLICT (image, file) DO UPDATE SET size = excluded.size,"
    " mtime_ns = excluded.mtime_ns, noted = excluded.noted"
)
_STORED = delete(located).where(located.c.image.in_(bindparam("images", expanding=True)))
_ANY = text("SELECT 1 FROM located LIMIT 1")
_ONE = text("SELECT 1 FROM located WHERE image = :image LIMIT 1")
_BELOW = text(
    "SELECT DISTINCT file FROM located WHERE file = :root OR (file > :low AND file < :high)"
)


class Keeper:
    """Takes the bytes of files that are added; `note` says in a transaction where they are.

    A file whose bytes the store holds already is not noted: there is nothing to leave in place.
    """

    def __init__(self, blobs: Blobs, guard: Guard) -> None:
        self._blobs, self.guard = blobs, guard
        self._left: list[tuple[str, str, bytes, int, int]] = []
        self._stored: list[str] = []

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Store the bytes; their digest."""
        return self._blobs.put(data, digest)

    def original(
        self, found: Found, data: bytes | memoryview, mtime_ns: int, digest: str | None = None
    ) -> str:
        """Store the bytes of the file `found.file`, or note them where they lie; their digest."""
        if not found.in_place:
            digest = self._blobs.put(data, digest)
            self._stored.append(digest)
            return digest
        digest = digest or digest_of(data)
        self.left(found, digest, len(data), mtime_ns)
        return digest

    def left(self, found: Found, digest: str, size_bytes: int, mtime_ns: int) -> None:
        """Note that the file `found.file` is left in place, unless its bytes are stored already."""
        if not self._blobs.has(digest):
            file = found.file
            name = file if file.isascii() else clean(file)
            self._left.append((digest, name, os.fsencode(file), size_bytes, mtime_ns))

    def note(self, write: Write) -> None:
        """Note what was left in place since the last call; what was stored is so no more."""
        noted = utc_text(write.now)
        rows: list[tuple[Any, ...]] = [(*each, noted) for each in self._left]
        write_many(write, _UPSERT, rows)
        if self._stored and write.connection.scalar(_ANY) is not None:
            for part in batches(self._stored, _AT_ONCE):
                write.execute(_STORED, {"images": part})
        self._left, self._stored = [], []


class Nowhere:
    """Takes bytes and keeps none: a dry run."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Their digest, no more."""
        return digest or digest_of(data)

    def original(
        self, found: Found, data: bytes | memoryview, mtime_ns: int, digest: str | None = None
    ) -> str:
        """Their digest, no more."""
        del found, mtime_ns
        return digest or digest_of(data)

    def left(self, found: Found, digest: str, size_bytes: int, mtime_ns: int) -> None:
        """Nothing is noted."""

    def note(self, write: Write) -> None:
        """Nothing was kept."""


def files_in_place(connection: Connection, root: str) -> set[str]:
    """The files at or below `root` (clean text) that were left in place."""
    low = root.rstrip("/") + "/"
    bound = {"root": root, "low": low, "high": low[:-1] + chr(ord("/") + 1)}
    return set(connection.scalars(_BELOW, bound))


def located_image(connection: Connection, image: str) -> bool:
    """Whether the bytes of a picture are noted where a file lies."""
    return connection.scalar(_ONE, {"image": image}) is not None


def in_place(ports: DataPorts, images: Collection[str]) -> dict[str, str]:
    """Image → file of those whose bytes the store does not hold because they were left in place."""
    query = (
        select(located.c.image, located.c.file)
        .where(located.c.image.in_(bindparam("images", expanding=True)))
        .order_by(located.c.noted, located.c.file)
    )
    with ports.ledger.read() as connection:
        if connection.scalar(_ANY) is None:
            return {}
        return {
            image: file
            for part in batches(images, _AT_ONCE)
            for image, file in connection.execute(query, {"images": part})
        }
