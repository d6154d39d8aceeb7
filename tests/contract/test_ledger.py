"""The ledger: facts and state together or not at all, the chain, several processes, death."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from visloop.errors import ConfigError, LeaseLost
from visloop.events import Actor, Scope
from visloop.store import (
    FakeClock,
    Jobs,
    Ledger,
    LedgerBusy,
    LedgerNotFound,
    SystemClock,
    metadata,
)

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hypothesis", "pytest", "visloop.store.blobs", "visloop.store.jobs"])
SCOPE = Scope()

own = MetaData()  # not the product's schema
shelves = Table(
    "test_shelves",
    own,
    Column("name", String, primary_key=True),
    Column("items", Integer, nullable=False),
)
readings = Table("test_readings", own, Column("value", Integer, nullable=False))


def open_ledger(folder: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{folder}/ledger.db", clock=SystemClock())


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    with opened.write(SCOPE) as write:
        metadata.create_all(write.connection)
        own.create_all(write.connection)
    yield opened
    opened.close()


def count(ledger: Ledger, table: Table) -> int:
    with ledger.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


# -- transactions -----------------------------------------------------------------------------


def test_state_and_fact_are_committed_together(ledger: Ledger) -> None:
    scope = Scope(Actor("part", "loop"), "dock")
    with ledger.write(scope) as write:
        write.execute(insert(shelves), {"name": "a", "items": 3})
        seq = write.fact("shelf.filled", "a", items=3, tags=["x", "é"])
    (fact,) = ledger.facts()
    assert (fact.seq, fact.kind, fact.subject) == (seq, "shelf.filled", "a")
    assert (fact.actor, fact.project) == ("part:loop", "dock")
    assert fact.payload == {"items": 3, "tags": ["x", "é"]}
    assert fact.time.tzinfo is UTC
    assert count(ledger, shelves) == 1


def test_an_exception_takes_back_state_and_fact(ledger: Ledger) -> None:
    def fill_and_stumble() -> None:
        with ledger.write(SCOPE) as write:
            write.execute(insert(shelves), {"name": "a", "items": 3})
            write.fact("shelf.filled", "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill_and_stumble()
    assert count(ledger, shelves) == 0
    assert ledger.facts() == []
    with ledger.write(SCOPE) as write:
        assert write.fact("shelf.filled", "b") == 1, "numbers are not used up by what was undone"


def test_a_broken_rule_takes_back_what_came_before(ledger: Ledger) -> None:
    def name_twice() -> None:
        with ledger.write(SCOPE) as write:
            write.fact("shelf.filled", "a")
            write.execute(insert(shelves), [{"name": "a", "items": 1}, {"name": "a", "items": 2}])

    with pytest.raises(IntegrityError):
        name_twice()
    assert ledger.facts() == []


def test_a_reader_sees_one_snapshot_and_never_waits(ledger: Ledger) -> None:
    with ledger.read() as connection:
        query = select(func.count()).select_from(shelves)
        assert connection.execute(query).scalar_one() == 0
        with ledger.write(SCOPE) as write:
            write.execute(insert(shelves), {"name": "a", "items": 1})
        assert connection.execute(query).scalar_one() == 0
    assert count(ledger, shelves) == 1


def test_a_reader_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(OperationalError, match="readonly"), ledger.read() as connection:
        connection.execute(insert(shelves), {"name": "a", "items": 1})
    with ledger.write(SCOPE) as write:  # the same pooled connection may write again
        write.execute(insert(shelves), {"name": "a", "items": 1})


def test_a_write_inside_a_write_is_an_error_at_once(ledger: Ledger) -> None:
    with ledger.write(SCOPE), pytest.raises(RuntimeError, match="inside a write"):
        ledger.append(readings, [{"value": 1}])
    ledger.append(readings, [{"value": 2}])
    assert count(ledger, readings) == 1


def test_a_writer_that_hangs_is_named_not_waited_for_for_ever(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visloop.store.engine.BUSY_S", 0.1)
    other = open_ledger(tmp_path)
    with ledger.write(SCOPE), pytest.raises(LedgerBusy) as caught, other.write(SCOPE):
        pass
    assert caught.value.http_status == 503
    with other.write(SCOPE) as write:
        write.fact("all", "well")
    other.close()


def test_the_time_comes_from_the_clock(tmp_path: Path) -> None:
    clock = FakeClock(datetime(2031, 5, 1, tzinfo=UTC))
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
        write.fact("first", "x")
    clock.advance(-3600)  # set back: the order stays that of the numbers
    with ledger.write(SCOPE) as write:
        write.fact("second", "x")
    first, second = ledger.facts()
    assert (first.kind, second.kind) == ("first", "second")
    assert first.time == datetime(2031, 5, 1, tzinfo=UTC)
    assert second.time < first.time
    ledger.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://host/name"])
def test_only_files_are_ledgers(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///PATH"):
        Ledger.open(url, clock=SystemClock())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotFound, match="nowhere"):
        Ledger.open(f"sqlite:///{tmp_path}/nowhere/ledger.db", clock=SystemClock())


def test_the_file_stays_the_same_when_the_process_moves_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger.open("sqlite:///ledger.db", clock=SystemClock())
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
    ledger.close()
    assert (tmp_path / "ledger.db").exists()
    assert not list((tmp_path / "sub").iterdir())


# -- facts and telemetry ----------------------------------------------------------------------


def test_facts_are_found_by_what_one_asks(ledger: Ledger) -> None:
    for project in ("one", "two"):
        with ledger.write(Scope(project=project)) as write:
            for kind in ("a", "b", "c"):
                write.fact(kind, f"subject-{kind}")
    assert [f.seq for f in ledger.facts()] == [1, 2, 3, 4, 5, 6]
    assert [f.seq for f in ledger.facts(after=4)] == [5, 6]
    assert [f.seq for f in ledger.facts(kinds=("a", "c"))] == [1, 3, 4, 6]
    assert [f.seq for f in ledger.facts(project="two")] == [4, 5, 6]
    assert [f.seq for f in ledger.facts(subject="subject-b")] == [2, 5]
    assert [f.seq for f in ledger.facts(limit=2)] == [1, 2]
    assert [f.seq for f in ledger.facts(limit=2, newest_first=True)] == [6, 5]
    assert [f.seq for f in ledger.facts(kinds={"a"}, project="two", after=1)] == [4]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc\u00e9\u2028", max_size=3), inner)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=JSON)
def test_a_payload_comes_back_as_it_was_and_is_sealed(ledger: Ledger, value: object) -> None:
    with ledger.write(SCOPE) as write:
        seq = write.fact("kind", "subject", value=value)
    assert ledger.facts(after=seq - 1)[0].payload == {"value": value}
    ledger.seal()
    assert ledger.verify().ok


def test_telemetry_is_stored_without_a_fact(ledger: Ledger) -> None:
    ledger.append(readings, [{"value": n} for n in range(2_000)])
    ledger.append(readings, [])
    assert count(ledger, readings) == 2_000
    assert ledger.facts() == []


def test_changes_tells_whether_anybody_committed(ledger: Ledger, tmp_path: Path) -> None:
    before = ledger.changes()
    assert ledger.changes() == before
    ledger.facts()
    assert ledger.changes() == before
    with ledger.write(SCOPE) as write:
        write.fact("own", "x")
    after_own = ledger.changes()
    other = open_ledger(tmp_path)
    other.append(readings, [{"value": 1}])
    after_other = ledger.changes()
    ledger.close()
    assert len({before, after_own, after_other, ledger.changes()}) == 4, "when in doubt, yes"
    other.close()


def test_what_was_decided_is_told_from_what_was_only_measured(
    ledger: Ledger, tmp_path: Path
) -> None:
    before = ledger.changes(telemetry=False)
    ledger.append(readings, [{"value": 1}])
    assert ledger.changes(telemetry=False) == before
    with ledger.write(SCOPE) as write:
        write.fact("own", "x")
    own = ledger.changes(telemetry=False)
    with closing(open_ledger(tmp_path)) as other, other.write(SCOPE) as write:
        write.fact("other", "x")
    ledger.close()
    assert len({before, own, ledger.changes(telemetry=False)}) == 3


# -- several processes, and death -------------------------------------------------------------


def write_facts(folder: Path, note: Path, name: str, rounds: int) -> None:
    """Fill a shelf and say so, in one transaction; seal now and then; note what was acknowledged."""
    ledger = open_ledger(folder)
    chance = random.Random(name)
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(rounds):
        with ledger.write(SCOPE) as write:
            write.execute(insert(shelves), {"name": f"{name}-{number}", "items": number})
            seq = write.fact("shelf.filled", f"{name}-{number}")
        os.write(file, f"{seq} {name}-{number}\n".encode())
        if chance.random() < 0.2:
            ledger.seal()
    ledger.close()


def acknowledged(note: Path) -> dict[int, str]:
    pairs = (line.split() for line in note.read_text().splitlines())
    return {int(seq): name for seq, name in pairs}


def test_processes_at_once_lose_nothing_and_the_chain_stays_one_line(
    ledger: Ledger, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    workers = [
        FORKS.Process(target=write_facts, args=(tmp_path, note, f"w{n}", 60)) for n in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert [f.seq for f in ledger.facts()] == list(range(1, 181))
    assert {f.seq: f.subject for f in ledger.facts()} == acknowledged(note)
    found = ledger.verify()
    assert (found.ok, found.facts, found.unsealed) == (True, 180, 0)


def test_killed_at_random_moments_keeps_every_acknowledged_fact(
    ledger: Ledger, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    note.touch()
    chance = random.Random(3)
    for turn in range(25):
        victim = FORKS.Process(target=write_facts, args=(tmp_path, note, f"v{turn}", 10**6))
        before = note.stat().st_size
        victim.start()
        while victim.is_alive() and note.stat().st_size == before:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        victim.kill()
        victim.join()
        assert victim.exitcode == -9
        with ledger.read() as connection:
            filled = set(connection.execute(select(shelves.c.name)).scalars())
        facts = {f.seq: f.subject for f in ledger.facts()}
        assert acknowledged(note).items() <= facts.items()
        assert set(facts.values()) == filled, "state without its fact, or a fact without its state"
        assert ledger.verify().ok
        if turn % 3 == 0:  # what the dead left unsealed is sealed by whoever comes next
            ledger.seal()
            assert ledger.verify().unsealed == 0


def test_many_threads_at_once(ledger: Ledger) -> None:
    def work(name: str) -> None:
        for number in range(20):
            with ledger.write(SCOPE) as write:
                write.execute(insert(shelves), {"name": f"{name}-{number}", "items": 1})
                write.fact("shelf.filled", f"{name}-{number}")
            ledger.facts(limit=1, newest_first=True)
            ledger.seal()

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(ledger, shelves) == 120
    found = ledger.verify()
    assert (found.ok, found.facts, found.unsealed) == (True, 120, 0)


def test_a_tail_never_misses_a_fact(ledger: Ledger, tmp_path: Path) -> None:
    note = tmp_path / "note"
    workers = [
        FORKS.Process(target=write_facts, args=(tmp_path, note, f"w{n}", 40)) for n in range(2)
    ]
    for worker in workers:
        worker.start()
    seen: list[int] = []
    deadline = time.monotonic() + 30
    while len(seen) < 80 and time.monotonic() < deadline:
        seen += [f.seq for f in ledger.facts(after=seen[-1] if seen else 0)]
    for worker in workers:
        worker.join()
    assert seen == list(range(1, 81))


def test_a_forked_child_may_use_the_ledger_too(ledger: Ledger) -> None:
    with ledger.write(SCOPE) as write:
        write.fact("before", "fork")
    ledger.changes()
    child = os.fork()
    if child == 0:
        with ledger.write(SCOPE) as write:
            write.fact("in", "child")
        ledger.close()
        os._exit(0)
    with ledger.write(SCOPE) as write:
        write.fact("in", "parent")
    assert os.waitpid(child, 0)[1] == 0
    assert {f.subject for f in ledger.facts()} == {"fork", "child", "parent"}
    assert ledger.verify().ok


def test_a_fork_in_the_middle_of_a_transaction_is_refused_in_the_child(ledger: Ledger) -> None:
    with ledger.write(SCOPE) as write:
        write.fact("in", "parent")
        child = os.fork()
        if child == 0:
            try:
                ledger.facts()
            except RuntimeError as error:
                os._exit(0 if "forked in the middle" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        write.fact("in", "parent, later")
    assert [f.subject for f in ledger.facts()] == ["parent", "parent, later"]


def test_a_forked_child_loses_nothing_when_its_parent_lets_go_first(ledger: Ledger) -> None:
    """Locks do not survive a fork: a parent's last close must not take the child's log away."""
    with ledger.write(SCOPE) as write:
        write.fact("before", "fork")
    ledger.changes()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with ledger.write(SCOPE) as write:
            write.fact("in", "child")
        os.read(told, 1)
        with ledger.write(SCOPE) as write:
            write.fact("in", "child, later")
        os._exit(0)
    while len(ledger.facts()) < 2:
        time.sleep(0.01)
    ledger.close()
    os.write(tell, b"x")
    assert os.waitpid(child, 0)[1] == 0
    assert [f.subject for f in ledger.facts()] == ["fork", "child", "child, later"]
    os.close(told)
    os.close(tell)


def test_threads_go_on_while_the_process_forks(ledger: Ledger) -> None:
    """The child may find a transaction of the other thread open; the parent never loses one."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with ledger.write(SCOPE) as write:
                write.fact("in", "thread")
            ledger.changes()

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    stop.set()
    thread.join()
    facts = ledger.facts()
    assert [f.seq for f in facts] == list(range(1, len(facts) + 1))
    assert facts


def test_two_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    workers = [FORKS.Process(target=make_tables, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    ledger = open_ledger(tmp_path)
    assert len(ledger.facts()) == 4
    ledger.close()


def make_tables(folder: Path) -> None:
    ledger = open_ledger(folder)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
        write.fact("made", "tables")
    ledger.close()


# -- fencing ----------------------------------------------------------------------------------


def test_a_late_worker_cannot_write_what_its_successor_writes(tmp_path: Path) -> None:
    clock = FakeClock()
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
    jobs = Jobs(ledger, clock)
    jobs.enqueue(SCOPE, "train", "k", {})
    early = jobs.claim("early", ["train"], lease_s=10)
    assert early is not None
    with ledger.write(SCOPE, fence=early) as write:
        write.fact("in", "time")
    clock.advance(11)
    with pytest.raises(LeaseLost, match="has ended"), ledger.write(SCOPE, fence=early):
        pytest.fail("the block must not even start")
    late = jobs.claim("late", ["train"], lease_s=10)
    assert late is not None
    with pytest.raises(LeaseLost, match="to late"), ledger.write(SCOPE, fence=early):
        pytest.fail("the block must not even start")
    with ledger.write(SCOPE, fence=late) as write:
        write.fact("in", "time again")
    assert [f.subject for f in ledger.facts()] == ["time", "time again"]
    ledger.close()
