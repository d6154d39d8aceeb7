"""Digests that are stored, roughly: a bit for every prefix of three bytes, two megabytes in all.

A blob that is certainly new, as nearly all are in an import, needs no look into the index. With a
million digests one new blob in sixteen looks known, and the index is asked about it.
Source: a Bloom filter (Bloom 1970) with one hash, which a digest's own first bytes are.
"""

from __future__ import annotations

from collections.abc import Iterable


class Known:
    """A set of digests that may hold more than was put in, never less."""

    def __init__(self, digests: Iterable[bytes]) -> None:
        self._bits = bytearray(1 << 21)
        self.add(digests)

    def add(self, digests: Iterable[bytes]) -> None:
        """Put in more of them."""
        bits = self._bits
        for digest in digests:
            prefix = int.from_bytes(digest[:3], "big")
            bits[prefix >> 3] |= 1 << (prefix & 7)

    def may_hold(self, digest: bytes) -> bool:
        """False: it was certainly not put in."""
        prefix = int.from_bytes(digest[:3], "big")
        return bool(self._bits[prefix >> 3] >> (prefix & 7) & 1)
