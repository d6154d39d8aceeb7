"""The hash chain over facts: batches are sealed, and every seal covers the one before it.

digest = BLAKE3(previous digest, number, first and last seq, time, canonical JSON of every fact in
between), each part framed by its length. The JSON is made of the stored text itself, so any edit
shows, whatever reads it. A chain proves that nothing before its head was touched; who can rewrite
the whole file can rewrite the chain too, so `verify` also takes a head that was noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Executable, Row, Text, func, select, text, type_coerce
from sqlalchemy.exc import DatabaseError

from visloop.ids import digest_of
from visloop.store.tables import facts, seals, utc_text

GENESIS: Final = "0" * 64
BATCH: Final = 10_000


@dataclass(frozen=True)
class Seal:
    """One link: facts `first_seq` … `last_seq` under `digest`, chained to `previous`."""

    number: int
    first_seq: int
    last_seq: int
    digest: str
    previous: str
    time: datetime


@dataclass(frozen=True)
class Verified:
    """What a walk along the chain found; `broken` names the first place that does not fit.

    `head` is the newest good seal's digest (empty when nothing is sealed): noted elsewhere and
    given to a later `verify`, it proves that nothing up to here was rewritten since.
    """

    facts: int
    seals: int
    unsealed: int
    head: str
    broken: str = ""

    @property
    def ok(self) -> bool:
        """Nothing is broken."""
        return not self.broken


def latest(connection: Connection) -> Seal | None:
    """The newest seal, if any."""
    row = connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Seal(row.number, row.first_seq, row.last_seq, row.digest, row.previous, row.time)


def propose(connection: Connection, now: datetime) -> Seal | None:
    """The next link over facts not sealed yet (at most `BATCH`), computed but not stored."""
    last = latest(connection)
    lines = list(_lines(connection, last.last_seq if last else None, limit=BATCH))
    if not lines:
        return None
    number, previous = (last.number + 1, last.digest) if last else (1, GENESIS)
    first_seq, last_seq = lines[0][0], lines[-1][0]
    head = (previous, number, first_seq, last_seq, utc_text(now))
    return Seal(number, first_seq, last_seq, _digest(*head, lines), previous, now)


def store(connection: Connection, seal: Seal) -> bool:
    """Append the link, unless another process sealed meanwhile (then False: propose again)."""
    last = latest(connection)
    if (last.digest if last else GENESIS) != seal.previous:
        return False
    connection.execute(
        seals.insert().values(
            number=seal.number,
            first_seq=seal.first_seq,
            last_seq=seal.last_seq,
            digest=seal.digest,
            previous=seal.previous,
            time=seal.time,
        )
    )
    return True


def verify(connection: Connection, head: str | None = None) -> Verified:
    """Recompute the whole chain.

    Args:
        connection: one snapshot of the ledger.
        head: the digest of a seal noted earlier, which must still be in the chain.
    """
    walk = _Walk()
    try:
        for row in connection.execute(_stored_seals()):
            lines = list(_lines(connection, walk.after, until=row.last_seq))
            walk.broken = _what_is_wrong(row, walk.number + 1, walk.previous, lines)
            if walk.broken:
                break
            walk.pass_(row, len(lines))
        open_facts = select(func.count()).select_from(facts).where(facts.c.seq > (walk.after or 0))
        unsealed = connection.execute(open_facts).scalar_one()
        walk.broken = walk.broken or _cut_off(connection)
    except DatabaseError as error:
        unsealed, walk.broken = (
            0,
            f"after seal {walk.number}: stored rows cannot be read: {error.orig}",
        )
    if not walk.broken and head and head not in walk.heads:
        walk.broken = f"the noted head {head} is not in the chain: it was rewritten or cut off"
    newest = walk.previous if walk.number else ""
    return Verified(walk.sealed, walk.number, unsealed, newest, walk.broken)


@dataclass
class _Walk:
    """How far along the chain everything fits."""

    sealed: int = 0
    number: int = 0
    previous: str = GENESIS
    after: int | None = None
    broken: str = ""
    heads: set[str] = field(default_factory=set[str])

    def pass_(self, row: Row[Any], count: int) -> None:
        """One more good seal."""
        self.sealed += count
        self.number, self.previous, self.after = row.number, row.digest, row.last_seq
        self.heads.add(row.digest)


def _stored_seals() -> Executable:
    """The seals' columns as they are stored: what somebody changed must not fail to be read."""
    times = type_coerce(seals.c.time, Text).label("time_text")
    plain = (seals.c.number, seals.c.first_seq, seals.c.last_seq, seals.c.digest, seals.c.previous)
    return select(*plain, times).order_by(seals.c.number)


def _lines(
    connection: Connection, after: int | None, *, until: int | None = None, limit: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """(seq, canonical JSON) of the facts in (after, until], in order."""
    stored = [type_coerce(column, Text) for column in facts.columns if column.name != "seq"]
    query = select(facts.c.seq, *stored).order_by(facts.c.seq).limit(limit)
    if after is not None:
        query = query.where(facts.c.seq > after)
    if until is not None:
        query = query.where(facts.c.seq <= until)
    for row in connection.execute(query):
        yield row.seq, msgspec.json.encode(list(row))


def _digest(
    previous: str,
    number: int,
    first_seq: int,
    last_seq: int,
    time: str,
    lines: list[tuple[int, bytes]],
) -> str:
    head = (previous, str(number), str(first_seq), str(last_seq), time)
    return digest_of(*head, *(line for _, line in lines))


def _what_is_wrong(
    row: Row[Any], number: int, previous: str, lines: list[tuple[int, bytes]]
) -> str:
    """The first thing about this seal that does not fit, or an empty string."""
    if row.number != number:
        return f"seal {number} is missing"
    if row.previous != previous:
        return f"seal {number} does not follow seal {number - 1}: one of them was changed"
    if not (isinstance(row.first_seq, int) and isinstance(row.last_seq, int)):
        return f"seal {number} was changed"
    found = {seq for seq, _ in lines}
    lost = next((n for n in range(row.first_seq, row.last_seq + 1) if n not in found), None)
    head = (previous, row.number, row.first_seq, row.last_seq, str(row.time_text))
    if _digest(*head, lines) == row.digest:
        return ""
    if lost is not None:
        return f"seal {number}: fact {lost} is missing"
    span = f"facts {row.first_seq} to {row.last_seq}"
    return f"seal {number}, {span}: a fact or the seal itself was changed, moved or slipped in"


def _cut_off(connection: Connection) -> str:
    """Rows that were numbered once and are gone from the end (SQLite remembers the numbers)."""
    if connection.dialect.name != "sqlite":
        return ""
    for table, key in ((seals, seals.c.number), (facts, facts.c.seq)):
        numbered = connection.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        ).scalar()
        last = connection.execute(select(func.max(key))).scalar() or 0
        if numbered is not None and numbered > last:
            return f"{table.name} were cut off after {last}: there were {numbered}"
        if numbered is None and last:
            return f"the count of {table.name} was removed"
    return ""
