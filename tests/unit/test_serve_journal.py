"""The prediction log and its counters: nothing waits, nothing is lost unseen."""

import errno
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import func, select

from tests.journey.serve_world import CLASSES, World, network, until
from visloop import serve
from visloop.serve import processes, tables
from visloop.serve.journal import log as log_module
from visloop.serve.journal.clerk import Allowance
from visloop.serve.journal.counter import Counter, Counts, abandoned, holds
from visloop.serve.journal.entry import Entry
from visloop.serve.journal.log import PredictionLog
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.store import Spool, SpoolRef
from visloop.vision import Contract, Resize

CONTRACT = Contract(resize=Resize(mode="squash", size_px=32, crop_px=None), classes=CLASSES)
MODEL = Model.load(network(), CONTRACT, 10**6)
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DESK = serve.Deployment(
    project="default",
    name="desk",
    model="m@v1",
    package="p",
    previous=None,
    previous_package=None,
    state="live",
    generation=1,
    created=NOW,
    changed=NOW,
)


@pytest.fixture
def world(tmp_path):
    one = World.create(tmp_path)
    yield one
    one.close()


def entry(number: int, image: bytes = b"picture", server: str = "server-1") -> Entry:
    return Entry(
        id=processes.prediction_id(server, number),
        number=number,
        server=server,
        slot=Slot(DESK, MODEL),
        model=MODEL,
        time=NOW,
        latency_ms=1.5,
        image=image,
        statistics=b"",
        probabilities=np.array([0.123456789, 0.8, 0.05], np.float32),
        embedding=None,
    )


def make_log(world, counter, *, max_rows=1000, max_bytes=1 << 20, spool_bytes=1 << 20):
    spool = Spool(world.ports.spool, spool_bytes)
    return PredictionLog(world.ledger, spool, counter, max_rows=max_rows, max_bytes=max_bytes)


def count(world) -> int:
    with world.ledger.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.predictions)).scalar_one()


def test_entries_reach_the_ledger_in_order_within_a_moment(world):
    log = make_log(world, Counter(None))
    log.start()
    for number in range(1, 51):
        log.add(entry(number))
    started = time.monotonic()
    until(lambda: count(world) == 50)
    assert time.monotonic() - started < 3
    assert [row.number for row in world.logged()] == list(range(1, 51))
    assert world.logged()[0].confidence == 0.8
    assert log.written == 50
    log.close(5)


def test_closing_drains_what_is_queued(world):
    log = make_log(world, Counter(None), max_rows=5000)
    log.start()
    for number in range(1, 2501):
        log.add(entry(number))
    log.close(20)
    assert count(world) == 2500


@pytest.mark.parametrize("limits", [{"max_rows": 10}, {"max_bytes": 10 * len(b"picture")}])
def test_a_full_queue_drops_rows_and_counts_them(world, limits):
    counter = Counter(None)
    log = make_log(world, counter, **limits)  # nobody writes yet: the queue only fills
    for number in range(1, 16):
        log.add(entry(number))
    assert counter.dropped == 5
    log.start()
    log.close(10)
    assert [row.number for row in world.logged()] == list(range(1, 11))


def test_a_ledger_that_is_busy_delays_the_log_and_loses_nothing(world):
    counter = Counter(None)
    log = make_log(world, counter)
    with closing(sqlite3.connect(world.root / "ledger.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        log.start()
        for number in range(1, 21):
            log.add(entry(number))
        time.sleep(0.7)
        assert count(world) == 0
        assert log.waiting == 20
        other.rollback()
    until(lambda: count(world) == 20)
    log.close(5)
    assert counter.dropped == 0


class _Failing(Spool):
    """Of a disk that fails twice: when a batch is handed on, and on a picture of the next."""

    ill = ("flush", "append")

    def append(self, payload: bytes | memoryview) -> SpoolRef:
        self._fail("append")
        return super().append(payload)

    def flush(self) -> None:
        self._fail("flush")
        super().flush()

    def _fail(self, now: str) -> None:
        if self.ill[:1] == (now,):
            self.ill = self.ill[1:]
            raise OSError(errno.EIO, "the disk failed")


def test_a_disk_that_fails_while_a_batch_is_kept_costs_no_row(world, monkeypatch):
    monkeypatch.setattr(log_module, "RETRY_S", 0.01)
    counter = Counter(None)
    spool = _Failing(world.ports.spool, 1 << 20)
    log = PredictionLog(world.ledger, spool, counter, max_rows=100, max_bytes=1 << 20)
    for number in range(1, 4):
        log.add(entry(number))
    log.start()
    until(lambda: len(spool.ill) == 1)
    for number in range(4, 9):
        log.add(entry(number))
    until(lambda: count(world) == 8)
    log.close(5)
    assert (counter.dropped, log.waiting, spool.ill) == (0, 0, ())
    assert [row.number for row in world.logged()] == list(range(1, 9))


def test_a_picture_larger_than_the_spool_costs_the_picture_not_the_row(world):
    log = make_log(world, Counter(None), spool_bytes=1000)
    log.start()
    log.add(entry(1, bytes(5000)))
    log.add(entry(2, b"small"))
    log.close(5)
    big, small = world.logged()
    assert big.spool is None
    spool = Spool(world.ports.spool, 1000)
    assert serve.captured(spool, big) is None
    kept = serve.captured(spool, small)
    assert kept is not None
    assert kept.image == b"small"


def test_a_prediction_is_found_by_its_id_and_an_unknown_one_says_so(world):
    log = make_log(world, Counter(None))
    log.start()
    log.add(entry(7))
    log.close(5)
    assert serve.prediction(world.ports, world.scope, "pred-1-7").number == 7
    with pytest.raises(serve.PredictionNotFound, match="pred-1-8"):
        serve.prediction(world.ports, world.scope, "pred-1-8")


def test_the_log_is_followed_by_sequence_number(world):
    log = make_log(world, Counter(None))
    log.start()
    for number in range(1, 31):
        log.add(entry(number))
    log.close(5)
    seen: list[int] = []
    after = 0
    while page := serve.predictions(
        world.ports, world.scope, "desk", after=after, limit=7, newest_first=False
    ):
        seen += [row.number for row in page]
        after = page[-1].seq
    assert seen == list(range(1, 31))
    newest = serve.predictions(world.ports, world.scope, "desk", limit=2)
    assert [row.number for row in newest] == [30, 29]
    assert serve.predictions(world.ports, world.scope, "other") == []


def test_numbers_are_unique_across_threads(tmp_path):
    counter = Counter.create(tmp_path, "server-1")
    seen: list[int] = []

    def take():
        mine = [counter.next() for _ in range(2000)]
        seen.extend(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 8001))
    counter.close()


COUNTING = """
import os, signal, sys
from pathlib import Path
from visloop.serve.journal.clerk import Allowance
from visloop.serve.journal.counter import Counter
counter = Counter.create(Path(sys.argv[1]), "server-killed")
for _ in range(123): counter.next()
counter.drop(3)
print("ready", flush=True)
signal.pause()
"""


def test_a_killed_process_leaves_its_figures_a_living_one_holds_them(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTING, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    assert holds(tmp_path, "server-killed")
    assert list(abandoned(tmp_path)) == []
    process.kill()
    process.communicate()
    assert not holds(tmp_path, "server-killed")
    assert list(abandoned(tmp_path)) == [("server-killed", Counts(answered=123, dropped=3))]
    assert not holds(tmp_path, "server-never")


def test_the_balance_says_what_the_killed_answered_dropped_and_lost(world):
    for number, (server, rows) in enumerate({"server-a": 4, "server-ab": 2}.items()):
        counter = Counter.create(world.ports.counters, server)
        processes.register(world.ports, world.scope, server, "http://127.0.0.1:1")
        log = make_log(world, counter)
        log.start()
        for _ in range(rows):
            log.add(entry(counter.next(), server=server))
        log.close(5)
        for _ in range(number + 3):
            counter.next()  # answered, and killed before the row was written
        counter.drop()
        counter.close()  # the lock goes, the file stays: as after kill -9
    told = serve.lost(world.ports, world.scope)
    assert (told.answered, told.logged, told.dropped, told.lost) == (13, 6, 2, 5)
    assert told.killed == ("server-a", "server-ab")
    assert sorted(processes.settle(world.ports, world.scope)) == ["server-a", "server-ab"]
    assert serve.lost(world.ports, world.scope) == told
    assert list(world.ports.counters.iterdir()) == []
    assert processes.settle(world.ports, world.scope) == []


def test_an_allowance_gives_a_burst_and_then_so_many_a_second():
    allowance = Allowance(per_s=100, burst=20)
    started = time.monotonic()
    taken = sum(allowance.take() for _ in range(50))
    spent = time.monotonic() - started
    assert 20 <= taken <= 21 + 100 * spent
    time.sleep(0.1)
    assert 9 <= sum(allowance.take() for _ in range(50)) <= 50
