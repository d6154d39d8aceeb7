"""The port of everything that keeps bytes by their digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from visloop.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.store.housekeeping.scrub import BlobProblem
    from visloop.store.housekeeping.upkeep import Upkeep


class BlobNotFound(NotFound):
    """No bytes are stored under that digest."""

    code = "store.blob_not_found"


class Blobs(Protocol):
    """Bytes keyed by their BLAKE3 digest (64 hex digits); the same bytes are stored once."""

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Store the bytes and return their digest (give it when it is already computed)."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes.

        Raises:
            BlobNotFound: nothing is stored under that digest.
            Corrupt: they should be there and are not.
        """
        ...

    def view(self, digest: str) -> memoryview:
        """The bytes without a copy, read-only; errors as `get`."""
        ...

    def has(self, digest: str) -> bool:
        """Whether the bytes are stored: put here, or flushed by anybody."""
        ...

    def verify(self) -> Iterator[BlobProblem]:
        """Read everything and name what is not as it was put."""
        ...

    @property
    def upkeep(self) -> Upkeep:
        """What is done to the whole store: collecting garbage, compacting, mending."""
        ...

    def flush(self) -> None:
        """Return when everything put so far is on the disk and visible to other processes."""
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...
