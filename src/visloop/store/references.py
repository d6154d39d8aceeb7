"""Blobs that lead to bytes kept elsewhere: a frame of a video, a file left where it lies.

A reference is a small blob of its own, `MAGIC` and a JSON object with a `kind`; its digest is that of
the reference, so versions, diffs and verification need not know about it. `Following` puts it in
front of the store: who asks for a picture gets the picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from visloop.errors import Corrupt
from visloop.store.bytes import BlobNotFound

if TYPE_CHECKING:
    from visloop.store.bytes import Blobs
    from visloop.store.housekeeping.scrub import BlobProblem
    from visloop.store.housekeeping.upkeep import Upkeep

_HEX: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
MAGIC: Final = b"visloop-reference 1\n"
Follow: TypeAlias = "Callable[[dict[str, Any], Blobs], bytes]"
"""What a reference says, and the store below → the bytes that it leads to."""
Elsewhere: TypeAlias = Callable[[str], bytes | None]
"""A digest that the store does not hold → its bytes, if they are kept somewhere else."""


def digests_in(value: object) -> list[str]:
    """Every digest that stands anywhere in JSON or text."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _HEX.findall(text)


def reference(kind: str, **says: Any) -> bytes:
    """The blob of a reference; equal words give equal bytes."""
    return MAGIC + msgspec.json.encode({"kind": kind, **says}, order="sorted")


def parsed(data: bytes | memoryview) -> dict[str, Any] | None:
    """What a blob says if it is a reference, else None.

    Raises:
        Corrupt: it begins like a reference and is none.
    """
    if data[: len(MAGIC)] != MAGIC:
        return None
    try:
        return msgspec.json.decode(data[len(MAGIC) :], type=dict[str, Any])
    except msgspec.MsgspecError as broken:
        raise Corrupt(f"a reference cannot be read: {broken}") from broken


class Following:
    """`Blobs` that follows references, and that looks elsewhere for what it does not hold.

    Args:
        inner: the store itself.
        follow: kind of reference → how it is followed.
        elsewhere: asked for digests that `inner` does not hold.
        let_go: called when it is closed.
    """

    def __init__(
        self,
        inner: Blobs,
        follow: Mapping[str, Follow],
        elsewhere: Elsewhere = lambda digest: None,  # noqa: ARG005
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        self.inner = inner
        self._follow, self._elsewhere, self._let_go = follow, elsewhere, let_go

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """As the store below."""
        return self.inner.put(data, digest)

    def get(self, digest: str) -> bytes:
        """The bytes, or those that the reference leads to; errors as the store's and the way's."""
        try:
            data = self.inner.get(digest)
        except BlobNotFound:
            found = self._elsewhere(digest)
            if found is None:
                raise
            return found
        says = parsed(data)
        return data if says is None else self._followed(digest, says)

    def view(self, digest: str) -> memoryview:
        """As `get`; without a copy where the store itself holds the bytes."""
        try:
            data = self.inner.view(digest)
        except BlobNotFound:
            return memoryview(self.get(digest))
        says = parsed(data)
        return data if says is None else memoryview(self._followed(digest, says))

    def has(self, digest: str) -> bool:
        """Whether the store holds the bytes, or a reference to them."""
        return self.inner.has(digest)

    def verify(self) -> Iterator[BlobProblem]:
        """As the store below: references are verified as the bytes that they are."""
        return self.inner.verify()

    @property
    def upkeep(self) -> Upkeep:
        """Of the store below."""
        return self.inner.upkeep

    def flush(self) -> None:
        """As the store below."""
        self.inner.flush()

    def close(self) -> None:
        """As the store below."""
        self._let_go()
        self.inner.close()

    def _followed(self, digest: str, says: dict[str, Any]) -> bytes:
        kind = says.get("kind")
        if not isinstance(kind, str) or kind not in self._follow:
            raise Corrupt(f"{digest[:12]} is a reference of the unknown kind {kind!r}")
        return self._follow[kind](says, self.inner)
