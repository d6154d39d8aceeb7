"""Picks: samples chosen by hand, kept under the digest of what they are; `pick(ID)` in a question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from visloop.data.tables import picks as t
from visloop.errors import UsageError
from visloop.ids import digest_of

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Ledger

_ID: Final = 16


@dataclass(frozen=True)
class Pick:
    """Samples under a name: equal samples of a data set have the same."""

    id: str
    dataset: str
    count: int

    @property
    def text(self) -> str:
        """The question that finds them."""
        return f"pick({self.id})"


def pick(ledger: Ledger, scope: Scope, dataset: str, samples: Collection[str]) -> Pick:
    """Keep samples, by their ids, under a name; nothing happens where they are kept already.

    They are known by their ids: a move, a new label or split leaves them picked.

    Raises:
        UsageError: no sample, or what is no id of one.
    """
    try:
        raw = sorted({bytes.fromhex(each) for each in samples})
    except ValueError as error:
        raise UsageError(f"that is no id of a sample: {error}", fix="query answers them") from error
    if not raw or any(len(each) != _ID for each in raw):
        raise UsageError("a pick holds at least one sample, by its id", fix="query answers ids")
    joined = b"".join(raw)
    found = Pick(f"s{digest_of(dataset, joined)[:12]}", dataset, len(raw))
    with ledger.write(scope) as write:
        values = {"project": scope.project, "id": found.id, "dataset": dataset, "samples": joined}
        more = {"count": found.count, "created": write.now, "actor": str(scope.actor)}
        write.execute(insert(t).values(**values, **more).on_conflict_do_nothing())
    return found


def picked(ledger: Ledger, project: str, name: str) -> tuple[str, ...] | None:
    """Ids of the samples of a pick; None: there is none of that name."""
    query = select(t.c.samples).where(t.c.project == project, t.c.id == name)
    with ledger.read() as connection:
        raw = connection.scalar(query)
    if raw is None:
        return None
    text = raw.hex()
    return tuple(text[at : at + 2 * _ID] for at in range(0, len(text), 2 * _ID))
