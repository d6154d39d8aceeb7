"""The hash chain over facts: nothing that was sealed can be changed, moved, or taken away unseen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visloop.events import Scope
from visloop.store import Ledger, SystemClock, metadata

SCOPE = Scope()


def open_ledger(folder: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{folder}/ledger.db", clock=SystemClock())


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    with opened.write(SCOPE) as write:
        metadata.create_all(write.connection)
    yield opened
    opened.close()


def fill(ledger: Ledger, *batches: int) -> None:
    for size in batches:
        with ledger.write(SCOPE) as write:
            for number in range(size):
                write.fact("counted", f"s{number}", number=number)
        ledger.seal()


def test_sealing_chains_everything_once(ledger: Ledger) -> None:
    assert ledger.seal() is None
    fill(ledger, 3, 5)
    first_head = ledger.verify().head
    fill(ledger, 2)
    with ledger.write(SCOPE) as write:
        write.fact("not", "sealed yet")
    found = ledger.verify()
    assert (found.ok, found.facts, found.seals, found.unsealed) == (True, 10, 3, 1)
    seal = ledger.seal()
    assert seal is not None
    assert (seal.number, seal.first_seq, seal.last_seq) == (4, 11, 11)
    assert seal.previous == found.head
    assert ledger.seal() is None
    assert ledger.verify(head=first_head).ok


def test_a_long_backlog_is_sealed_in_batches(ledger: Ledger) -> None:
    fill(ledger, 10_001)
    found = ledger.verify()
    assert (found.ok, found.facts, found.seals) == (True, 10_001, 2)


def test_closing_seals(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.write(SCOPE) as write:
        write.fact("last", "words")
    ledger.close()
    again = open_ledger(tmp_path)
    assert again.verify().unsealed == 0
    assert again.verify().seals == 1
    again.close()


TAMPERING = {
    "edited": ("UPDATE facts SET payload = '{\"number\":9}' WHERE seq = 5", "seal 2, facts 4 to 6"),
    "other actor": ("UPDATE facts SET actor = 'user:eve' WHERE seq = 1", "seal 1, facts 1 to 3"),
    "other time": ("UPDATE facts SET time = '2020-01-01T00:00:00.000000Z' WHERE seq = 9", "seal 3"),
    "made a blob": ("UPDATE facts SET payload = CAST(payload AS BLOB) WHERE seq = 5", "seal 2"),
    "not text": ("UPDATE facts SET payload = CAST(x'ff22' AS TEXT) WHERE seq = 5", "after seal 1"),
    "format": ("UPDATE facts SET format = 2 WHERE seq = 5", "seal 2"),
    "deleted in the middle": ("DELETE FROM facts WHERE seq = 5", "seal 2: fact 5 is missing"),
    "first deleted": ("DELETE FROM facts WHERE seq = 1", "seal 1: fact 1 is missing"),
    "cut off": ("DELETE FROM facts WHERE seq > 7", "seal 3: fact 8 is missing"),
    "all gone": ("DELETE FROM facts", "seal 1: fact 1 is missing"),
    "two swapped": (
        """UPDATE facts SET seq = 100 WHERE seq = 4; UPDATE facts SET seq = 4 WHERE seq = 5;
        UPDATE facts SET seq = 5 WHERE seq = 100""",
        "seal 2, facts 4 to 6",
    ),
    "slipped in before": (
        """INSERT INTO facts SELECT 0, time, project, actor, kind, subject, payload, format
        FROM facts WHERE seq = 1""",
        "seal 1",
    ),
    "seal removed": ("DELETE FROM seals WHERE number = 2", "seal 2 is missing"),
    "first seal removed": ("DELETE FROM seals WHERE number = 1", "seal 1 is missing"),
    "last seal removed": ("DELETE FROM seals WHERE number = 3", "seals were cut off after 2"),
    "all seals removed": ("DELETE FROM seals", "seals were cut off after 0"),
    "tail removed with its seal": (
        "DELETE FROM seals WHERE number = 3; DELETE FROM facts WHERE seq > 6",
        "seals were cut off after 2",
    ),
    "seal edited": (
        "UPDATE seals SET digest = substr(digest, 2) || substr(digest, 1, 1) WHERE number = 2",
        "seal",
    ),
    "seal's time": ("UPDATE seals SET time = 'long ago' WHERE number = 2", "seal 2"),
    "seal's span": ("UPDATE seals SET last_seq = 'many' WHERE number = 2", "seal 2"),
    "chain bent": ("UPDATE seals SET previous = digest WHERE number = 3", "seal 3 does not follow"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_and_its_place_named(ledger: Ledger, tmp_path: Path, how: str) -> None:
    statements, place = TAMPERING[how]
    fill(ledger, 3, 3, 4)
    assert ledger.verify().ok
    ledger.close()
    intruder = sqlite3.connect(tmp_path / "ledger.db")
    intruder.executescript(statements)
    intruder.close()
    found = ledger.verify()
    assert not found.ok
    assert place in found.broken


def test_a_chain_rewritten_as_a_whole_is_found_by_a_head_noted_elsewhere(
    ledger: Ledger, tmp_path: Path
) -> None:
    fill(ledger, 3, 3)
    noted = ledger.verify().head
    fill(ledger, 2)
    assert ledger.verify(noted).ok
    ledger.close()
    intruder = sqlite3.connect(tmp_path / "ledger.db")
    intruder.executescript(
        "DELETE FROM seals; DELETE FROM sqlite_sequence WHERE name = 'seals'; "
        "UPDATE facts SET actor = 'user:eve' WHERE seq = 2"
    )
    intruder.close()
    ledger.seal()
    assert ledger.verify().ok, "alone, the new chain fits"
    assert noted in ledger.verify(noted).broken


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seq=st.integers(1, 6),
    column=st.sampled_from(["time", "project", "actor", "kind", "subject", "payload"]),
    where=st.floats(0, 1),
)
def test_any_single_change_to_a_sealed_fact_is_found(
    ledger: Ledger, tmp_path: Path, seq: int, column: str, where: float
) -> None:
    if ledger.verify().facts == 0:
        fill(ledger, 2, 4)
    intruder = sqlite3.connect(tmp_path / "ledger.db")
    old = intruder.execute(f"SELECT {column} FROM facts WHERE seq = ?", (seq,)).fetchone()[0]
    at = int(where * (len(old) - 1))
    new = old[:at] + ("~" if old[at] != "~" else "!") + old[at + 1 :]
    change = f"UPDATE facts SET {column} = ? WHERE seq = ?"
    with intruder:
        intruder.execute(change, (new, seq))
    assert not ledger.verify().ok
    with intruder:
        intruder.execute(change, (old, seq))
    intruder.close()
    assert ledger.verify().ok
