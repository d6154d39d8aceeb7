"""What keeps blobs alive: every room says which digests its tables lead to.

A room's `Roots` names the columns of its tables that hold digests. Those of `columns` are followed
by `digests`; those of `noted` are digests that keep nothing alive, each with the reason why. A
column that is in neither is a mistake that a test of the house finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Column, Connection, Text, select, type_coerce

from visloop.errors import Corrupt, VisloopError
from visloop.ids import digest_of
from visloop.store.bytes import BlobNotFound
from visloop.store.references import digests_in
from visloop.store.tables import facts, jobs, seals, tokens

if TYPE_CHECKING:
    from visloop.store.bytes import Blobs


class Link(NamedTuple):
    """A digest that something needs, and what that is, in words (`net@v2: contract`).

    `of` names the data set, model … that it belongs to; empty where the room knows no such thing.
    """

    digest: str
    owner: str
    of: str = ""


class Seen:
    """Tree nodes that were walked already: versions share most of them."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def first(self, digest: str) -> bool:
        """Whether it was not met before; it is from now on."""
        key = bytes.fromhex(digest)
        if key in self._digests:
            return False
        self._digests.add(key)
        return True


Damaged: TypeAlias = Callable[[Link, VisloopError], None]


def refuse(link: Link, problem: VisloopError) -> None:
    """What cannot be read cannot be followed: nobody can tell what it needs.

    Raises:
        StoreDamaged: always.
    """
    raise StoreDamaged(
        f"{link.owner} cannot be read: {problem.what}",
        fix="see what is damaged, and how to mend it: visloop verify",
    ) from problem


class StoreDamaged(Corrupt):
    """Something that is needed cannot be read."""

    code = "store.damaged"


@dataclass(frozen=True)
class Look:
    """One snapshot of the ledger, the store, the nodes walked so far, and who is told of damage."""

    connection: Connection
    blobs: Blobs
    damaged: Damaged = refuse
    seen: Seen = field(default_factory=Seen)

    def read(self, link: Link) -> bytes | None:
        """The bytes of a blob that leads to others; None where that was told as damaged."""
        try:
            raw = self.blobs.get(link.digest)
        except (BlobNotFound, Corrupt) as problem:
            self.damaged(link, problem)
            return None
        if digest_of(raw) == link.digest:
            return raw
        self.damaged(link, Corrupt("the bytes do not match their digest"))
        return None


Digests: TypeAlias = Callable[[Look], Iterator[Link]]


def _nothing(look: Look) -> Iterator[Link]:
    del look
    return iter(())


@dataclass(frozen=True)
class Roots:
    """What one room keeps alive.

    `columns` and the keys of `noted` are `table.column`; in JSON columns the digests stand anywhere.
    `digests` yields every digest needed, with what is below it, repeats allowed.

    Raises:
        BlobNotFound, Corrupt: from `digests`: what lies below cannot be told.
    """

    room: str
    columns: frozenset[str] = frozenset()
    digests: Digests = _nothing
    noted: Mapping[str, str] = field(default_factory=dict[str, str])


def named_in(look: Look, column: Column[Any], owner: str) -> Iterator[Link]:
    """The digests that stand anywhere in a column of text or JSON."""
    query = select(type_coerce(column, Text)).where(column.is_not(None)).distinct()
    for text in look.connection.scalars(query):
        for digest in digests_in(text):
            yield Link(digest, owner)


def _digests(look: Look) -> Iterator[Link]:
    for column in (jobs.c.payload, jobs.c.checkpoint, jobs.c.result):
        yield from named_in(look, column, "a job")


STORE_ROOTS: Final = Roots(
    room="store",
    columns=frozenset({"jobs.payload", "jobs.checkpoint", "jobs.result"}),
    digests=_digests,
    noted={
        f"{facts.name}.payload": "facts tell of what was, also of what is gone",
        f"{seals.name}.digest": "of facts, not of a blob",
        f"{seals.name}.previous": "of facts, not of a blob",
        f"{tokens.name}.digest": "of a token, not of a blob",
    },
)
