"""The columns of one chunk as they are kept."""

from __future__ import annotations

from typing import Final

import msgspec

BLOCKS: Final = 1
"""Number of this layout: blocks of another one are made anew."""


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One column of a chunk: packed values, packed presence (whole numbers only), and the words."""

    values: bytes
    present: bytes = b""
    words: bytes = b""


class Block(msgspec.Struct, frozen=True):
    """One chunk: how many rows, how many parts each has (int32), `key:storage` → column."""

    rows: int
    parts: int
    owned: bytes
    columns: dict[str, Stored]
    layout: int = BLOCKS

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        inner = sum(len(c.values) + len(c.present) + len(c.words) for c in self.columns.values())
        return len(self.owned) + inner + 120 * len(self.columns)
