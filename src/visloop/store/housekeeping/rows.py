"""Rows of the index as upkeep sees and changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from visloop.store.index import Index, add_rows

if TYPE_CHECKING:
    from visloop.store.packs import Record

_LIVING: Final = (
    "SELECT name, count(*), sum(length) FROM blobs JOIN packs ON packs.number = pack GROUP BY name"
)
_MOVE: Final = (
    "UPDATE blobs SET pack = (SELECT number FROM packs WHERE name = ?), offset = ?"
    " WHERE digest = ? AND pack = (SELECT number FROM packs WHERE name = ?)"
)


def living(index: Index) -> dict[str, tuple[int, int]]:
    """Pack file name → how many blobs are read from it, and their bytes."""
    return {name: (count, size_bytes) for name, count, size_bytes in index.rows(_LIVING)}


def lengths(index: Index) -> Iterator[tuple[bytes, int]]:
    """Key and length in bytes of every blob, one snapshot of them."""
    return index.rows("SELECT digest, length FROM blobs")


def replace(index: Index, pack: str, record: Record, end: int) -> None:
    """Index a record of a blob that is indexed already, and whose old bytes are damaged."""
    with index.changing() as writer:
        writer.execute("DELETE FROM blobs WHERE digest = ?", (record.digest,))
        add_rows(writer, pack, [record], end)


def move(index: Index, old: str, records: Sequence[Record], new: str, end: int) -> None:
    """Let blobs of the pack `old` be read from `new`; `old` is forgotten. On the disk afterwards."""
    with index.changing() as writer:
        if new:
            nothing: Iterable[Record] = ()
            add_rows(writer, new, nothing, end)
        places = [(new, each.offset, each.digest, old) for each in records]
        writer.executemany(_MOVE, places)
        writer.execute("DELETE FROM packs WHERE name = ?", (old,))
