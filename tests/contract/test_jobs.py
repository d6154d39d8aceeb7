"""Jobs: leases, heartbeats, fencing tokens, checkpoints, retries; and duties that one holds at a time."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from visloop.errors import Conflict, LeaseLost
from visloop.events import Scope
from visloop.store import (
    Claim,
    FakeClock,
    JobNotFound,
    Jobs,
    Ledger,
    SystemClock,
    metadata,
    worker_name,
)

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hypothesis", "pytest", "visloop.store.blobs", "visloop.store.jobs"])
SCOPE = Scope()


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
    yield ledger
    ledger.close()


@pytest.fixture(name="jobs")
def _jobs(ledger: Ledger, clock: FakeClock) -> Jobs:
    return Jobs(ledger, clock)


def claim(jobs: Jobs, worker: str = "w", kind: str = "train", lease_s: float = 10) -> Claim:
    taken = jobs.claim(worker, [kind], lease_s)
    assert taken is not None
    return taken


def test_work_is_queued_once_however_often_it_is_asked_for(jobs: Jobs) -> None:
    first = jobs.enqueue(SCOPE, "train", "v3", {"data": "cards@v3"})
    again = jobs.enqueue(SCOPE, "train", "v3", {"data": "something else"})
    assert again == first
    assert first.state == "queued"
    assert first.actor == "user:owner"
    jobs.complete(claim(jobs), {"model": "net@v1"})
    assert jobs.enqueue(SCOPE, "train", "v3", {}).state == "done"
    other = jobs.enqueue(Scope(project="dock"), "train", "v3", {})
    assert other.id != first.id
    assert [job.id for job in jobs.find()] == [first.id, other.id]
    assert [job.id for job in jobs.find(project="dock")] == [other.id]
    assert [job.id for job in jobs.find(states=["done"], kinds=["train"])] == [first.id]


def test_work_is_queued_with_the_state_that_asks_for_it(jobs: Jobs, ledger: Ledger) -> None:
    def enqueue_and_stumble() -> None:
        with ledger.write(SCOPE) as write:
            write.fact("labels.enough", "cards")
            jobs.enqueue(write, "train", "v3", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enqueue_and_stumble()
    assert jobs.find() == []
    with ledger.write(SCOPE) as write:
        write.fact("labels.enough", "cards")
        jobs.enqueue(write, "train", "v3", {})
    assert len(jobs.find()) == len(ledger.facts()) == 1


def test_oldest_first_and_only_the_kinds_that_a_worker_can_do(jobs: Jobs) -> None:
    for kind, key in (("embed", "a"), ("train", "b"), ("train", "c")):
        jobs.enqueue(SCOPE, kind, key, {})
    assert claim(jobs).key == "b"
    assert claim(jobs).key == "c"
    assert jobs.claim("w", ["train"], 10) is None
    assert jobs.claim("w", [], 10) is None
    assert claim(jobs, kind="embed").key == "a"


def test_a_dead_workers_job_goes_on_from_its_checkpoint(jobs: Jobs, clock: FakeClock) -> None:
    jobs.enqueue(SCOPE, "train", "v3", {"epochs": 9})
    dead = claim(jobs, "dead")
    assert dead.checkpoint is None
    jobs.checkpoint(dead, {"epoch": 4})
    clock.advance(9.9)
    assert jobs.claim("heir", ["train"], 10) is None, "the checkpoint renewed the lease"
    clock.advance(0.2)
    heir = claim(jobs, "heir")
    assert (heir.job, heir.checkpoint, heir.payload) == (dead.job, {"epoch": 4}, {"epochs": 9})
    assert heir.token > dead.token
    assert heir.attempts == 2


def test_a_heartbeat_keeps_the_lease(jobs: Jobs, clock: FakeClock) -> None:
    jobs.enqueue(SCOPE, "train", "v3", {})
    mine = claim(jobs)
    for _ in range(5):
        clock.advance(6)
        assert jobs.claim("thief", ["train"], 10) is None
        jobs.heartbeat(mine)
    jobs.complete(mine, {"ok": True})
    done = jobs.get(mine.job)
    assert (done.state, done.result, done.attempts) == ("done", {"ok": True}, 1)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("what", ["heartbeat", "checkpoint", "complete", "fail", "retry", "write"])
def test_a_late_holder_is_refused(
    jobs: Jobs, ledger: Ledger, clock: FakeClock, what: str, taken: bool
) -> None:
    jobs.enqueue(SCOPE, "train", "v3", {})
    late = claim(jobs, "late")
    clock.advance(10)
    if taken:
        claim(jobs, "heir")
    before = jobs.get(late.job)

    def act() -> None:
        if what == "heartbeat":
            jobs.heartbeat(late)
        elif what == "checkpoint":
            jobs.checkpoint(late, {"stale": True})
        elif what == "complete":
            jobs.complete(late, {"stale": True})
        elif what == "write":
            with ledger.write(SCOPE, fence=late) as write:
                write.fact("stale", "fact")
        else:
            jobs.fail(late, "stale", retry_in_s=0 if what == "retry" else None)

    with pytest.raises(LeaseLost) as caught:
        act()
    assert caught.value.code == "job.lease_lost"
    assert caught.value.fix
    assert jobs.get(late.job) == before
    assert ledger.facts() == []


def test_done_is_done(jobs: Jobs) -> None:
    jobs.enqueue(SCOPE, "train", "v3", {})
    mine = claim(jobs)
    jobs.complete(mine)
    with pytest.raises(LeaseLost):
        jobs.complete(mine)
    with pytest.raises(LeaseLost):
        jobs.heartbeat(mine)
    assert jobs.claim("w", ["train"], 10) is None


def test_failure_is_retried_when_it_asks_for_it(jobs: Jobs, clock: FakeClock) -> None:
    jobs.enqueue(SCOPE, "train", "v3", {})
    jobs.fail(claim(jobs), "disk full", retry_in_s=60)
    assert jobs.claim("w", ["train"], 10) is None
    clock.advance(60)
    second = claim(jobs)
    assert second.attempts == 2
    jobs.fail(second, "still full")
    failed = jobs.get(second.job)
    assert (failed.state, failed.error) == ("failed", "still full")
    clock.advance(10**6)
    assert jobs.claim("w", ["train"], 10) is None
    assert jobs.retry(SCOPE, failed.id).state == "queued"
    jobs.complete(claim(jobs))
    assert jobs.get(failed.id).error is None
    with pytest.raises(Conflict):
        jobs.retry(SCOPE, failed.id)


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(JobNotFound, match="job-nope"):
        jobs.get("job-nope")
    with pytest.raises(JobNotFound):
        jobs.retry(SCOPE, "job-nope")


def test_a_duty_is_held_by_one_at_a_time(jobs: Jobs, ledger: Ledger, clock: FakeClock) -> None:
    first = jobs.hold("a", "scheduler", "main", 10)
    assert first is not None
    assert jobs.hold("b", "scheduler", "main", 10) is None
    assert jobs.hold("b", "scheduler", "other", 10) is not None
    assert jobs.hold("b", "scheduler", "main", 10, project="dock") is not None
    clock.advance(9)
    renewed = jobs.hold("a", "scheduler", "main", 10)
    assert renewed is not None
    assert renewed.token == first.token
    clock.advance(9)
    jobs.checkpoint(first, {"after": 41})
    clock.advance(10)
    heir = jobs.hold("b", "scheduler", "main", 10)
    assert heir is not None
    assert heir.token > first.token
    assert heir.checkpoint == {"after": 41}
    with pytest.raises(LeaseLost), ledger.write(SCOPE, fence=first):
        pytest.fail("the block must not even start")
    jobs.complete(heir)
    back = jobs.hold("a", "scheduler", "main", 10)
    assert back is not None, "letting go lets the next one in at once"
    assert back.token > heir.token
    assert jobs.claim("w", ["scheduler"], 10) is None, "a duty is no job"


def test_a_duty_that_failed_may_rest(jobs: Jobs, clock: FakeClock) -> None:
    held = jobs.hold("a", "monitor", "main", 10)
    assert held is not None
    jobs.fail(held, "camera away", retry_in_s=30)
    assert jobs.hold("b", "monitor", "main", 10) is None
    clock.advance(30)
    assert jobs.claim("w", ["monitor"], 10) is None, "a duty never becomes a job"
    again = jobs.hold("b", "monitor", "main", 10)
    assert again is not None
    jobs.heartbeat(again)
    jobs.complete(again)
    assert [job.state for job in jobs.find()] == ["duty"]


class Fenced(RuleBasedStateMachine):
    """Workers that claim, dawdle and come late, in any order: never two that may write."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.ledger = Ledger.open(f"sqlite:///{self.folder.name}/l.db", clock=self.clock)
        with self.ledger.write(SCOPE) as write:
            metadata.create_all(write.connection)
        self.jobs = Jobs(self.ledger, self.clock)
        self.claims: list[Claim] = []
        self.completed: set[str] = set()
        self.queued = 0

    @rule()
    def enqueue(self) -> None:
        self.queued += 1
        self.jobs.enqueue(SCOPE, "k", str(self.queued), {})

    @rule(worker=st.sampled_from("abc"), lease_s=st.sampled_from([1, 5, 20]))
    def take(self, worker: str, lease_s: float) -> None:
        taken = self.jobs.claim(worker, ["k"], lease_s)
        if taken is None:
            return
        assert taken.job not in self.completed
        assert all(c.token < taken.token for c in self.claims if c.job == taken.job)
        self.claims.append(taken)

    @rule(seconds=st.sampled_from([0.5, 1, 6, 30]))
    def dawdle(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(pick=st.integers(0, 30), what=st.sampled_from(["beat", "done", "fail", "again"]))
    def act(self, pick: int, what: str) -> None:
        if not self.claims:
            return
        one = self.claims[pick % len(self.claims)]
        newest = max((c for c in self.claims if c.job == one.job), key=lambda c: c.token)
        try:
            if what == "beat":
                self.jobs.heartbeat(one)
            elif what == "done":
                self.jobs.complete(one)
            else:
                self.jobs.fail(one, "x", retry_in_s=1 if what == "again" else None)
        except LeaseLost:
            return
        assert one is newest, "an older claim was let through"
        assert one.job not in self.completed
        if what == "done":
            self.completed.add(one.job)

    @invariant()
    def at_most_one_may_write(self) -> None:
        able: list[str] = []
        for one in self.claims:
            try:
                with self.ledger.write(SCOPE, fence=one):
                    able.append(one.job)
            except LeaseLost:
                continue
        assert len(able) == len(set(able))

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()


Fenced.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestFenced = Fenced.TestCase


# -- several processes, and death -------------------------------------------------------------


def open_jobs(folder: Path) -> tuple[Ledger, Jobs]:
    clock = SystemClock()
    ledger = Ledger.open(f"sqlite:///{folder}/ledger.db", clock=clock)
    return ledger, Jobs(ledger, clock)


def work(folder: Path, note: Path, lease_s: float, pause_s: float) -> None:
    """Do every job step by step, checkpoint each, and finish it together with its fact."""
    ledger, jobs = open_jobs(folder)
    me = worker_name()
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while any(job.state != "done" for job in jobs.find()):
        mine = jobs.claim(me, ["count"], lease_s)
        if mine is None:
            time.sleep(0.01)
            continue
        os.write(file, f"{mine.key} {mine.token}\n".encode())
        try:
            for step in range(mine.checkpoint or 0, 5):
                time.sleep(pause_s)
                jobs.checkpoint(mine, step + 1)
            with ledger.write(Scope(project=mine.project), fence=mine) as write:
                write.fact("counted", mine.key, token=mine.token)
                jobs.complete(mine, mine.token, write=write)
        except LeaseLost:
            continue
    ledger.close()


def test_workers_never_hold_the_same_job(tmp_path: Path) -> None:
    ledger, jobs = open_jobs(tmp_path)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
        for number in range(60):
            jobs.enqueue(write, "count", str(number), {})
    note = tmp_path / "note"
    args = (tmp_path, note, 60.0, 0.0)
    workers = [FORKS.Process(target=work, args=args) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert sorted(note.read_text().split("\n")[:-1]) == sorted(f"{n} 1" for n in range(60))
    assert {job.state for job in jobs.find()} == {"done"}
    assert len(ledger.facts()) == 60
    ledger.close()


def test_killed_workers_lose_no_job_and_finish_none_twice(tmp_path: Path) -> None:
    ledger, jobs = open_jobs(tmp_path)
    with ledger.write(SCOPE) as write:
        metadata.create_all(write.connection)
        for number in range(30):
            jobs.enqueue(write, "count", str(number), {})
    note = tmp_path / "note"
    args = (tmp_path, note, 0.5, 0.01)
    for _ in range(20):
        victim = FORKS.Process(target=work, args=args)
        size = note.stat().st_size if note.exists() else 0
        victim.start()
        while victim.is_alive() and (not note.exists() or note.stat().st_size == size):
            time.sleep(0.002)
        time.sleep(0.03)
        victim.kill()
        victim.join()
    last = FORKS.Process(target=work, args=args)
    last.start()
    last.join()
    assert last.exitcode == 0
    done = jobs.find()
    assert {job.state for job in done} == {"done"}
    assert {job.checkpoint for job in done} == {5}
    assert max(job.attempts for job in done) > 1
    counted = [fact.subject for fact in ledger.facts(kinds=["counted"])]
    assert sorted(counted) == sorted(str(n) for n in range(30)), "once each"
    assert ledger.verify().ok
    ledger.close()
