"""The port `Blobs`: what every implementation promises, and what packs promise when killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from visloop.errors import Corrupt, NotFound
from visloop.ids import digest_of
from visloop.store import BlobNotFound, Blobs, PackBlobs

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hypothesis", "pytest", "visloop.store.blobs", "visloop.store.jobs"])
Opener = Callable[[Path], Blobs]
KINDS: dict[str, Opener] = {"packs": PackBlobs}


@pytest.fixture(params=KINDS, name="opener")
def _opener(request: pytest.FixtureRequest) -> Opener:
    return KINDS[request.param]


@pytest.fixture(name="blobs")
def _blobs(opener: Opener, tmp_path: Path) -> Iterator[Blobs]:
    opened = opener(tmp_path / "blobs")
    yield opened
    opened.close()


def packs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pack"))


def small(folder: Path) -> PackBlobs:
    """Packs so small that adopting and rolling happen all the time."""
    return PackBlobs(folder, adopt_below_bytes=2_000, roll_at_bytes=4_000)


# -- every implementation ---------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(payload=st.binary(max_size=4096))
def test_same_bytes_are_stored_once(blobs: Blobs, payload: bytes) -> None:
    first, second = blobs.put(payload), blobs.put(payload)
    assert first == second == digest_of(payload)
    assert blobs.get(first) == payload
    assert bytes(blobs.view(first)) == payload
    assert blobs.has(first)


def test_a_copy_costs_no_space_whoever_brings_it(opener: Opener, tmp_path: Path) -> None:
    payload = os.urandom(200_000)
    for _ in range(4):
        opened = opener(tmp_path / "blobs")
        opened.put(payload)
        opened.put(memoryview(payload))
        opened.close()
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 300_000


def test_what_was_flushed_is_seen_by_others(opener: Opener, tmp_path: Path) -> None:
    writer, reader = opener(tmp_path), opener(tmp_path)
    digest = writer.put(b"a picture")
    assert not reader.has(digest)
    writer.flush()
    assert reader.has(digest)
    assert reader.get(digest) == b"a picture"
    later = writer.put(b"another")
    writer.flush()
    assert reader.get(later) == b"another", "the same pack, grown since it was read last"
    writer.close()
    reader.close()


@pytest.mark.parametrize("digest", ["0" * 64, "", "abc", "not a digest at all"])
def test_a_digest_that_nothing_has(blobs: Blobs, digest: str) -> None:
    assert not blobs.has(digest)
    with pytest.raises(BlobNotFound) as caught:
        blobs.get(digest)
    assert isinstance(caught.value, NotFound)
    assert caught.value.code == "store.blob_not_found"
    assert caught.value.fix
    with pytest.raises(BlobNotFound):
        blobs.view(digest)


def test_a_view_stays_good_while_more_is_written(blobs: Blobs) -> None:
    kept = blobs.view(blobs.put(b"x" * 1000))
    for number in range(300):
        blobs.get(blobs.put(str(number).encode() * 100))
    blobs.flush()
    assert bytes(kept) == b"x" * 1000
    assert kept.readonly


def test_a_digest_computed_already_is_taken(blobs: Blobs) -> None:
    payload = b"hashed while it was read"
    assert blobs.put(payload, digest_of(payload)) == digest_of(payload)
    assert blobs.get(digest_of(payload)) == payload


def test_many_threads_at_once(blobs: Blobs) -> None:
    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(150):
            payload = chance.randbytes(chance.randrange(2_000))
            digest = blobs.put(payload)
            if chance.random() < 0.05:
                blobs.flush()
            if blobs.get(digest) != payload:
                wrong.append(digest)

    wrong: list[str] = []
    threads = [threading.Thread(target=work, args=(n % 3,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Compared(RuleBasedStateMachine):
    """Two handles on one folder against a dict; packs roll and are adopted all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.handles: list[Blobs] = [small(self.folder), small(self.folder)]
        self.mine: list[dict[str, bytes]] = [{}, {}]
        self.flushed: dict[str, bytes] = {}

    @rule(who=st.integers(0, 1), payload=st.binary(max_size=1500))
    def put(self, who: int, payload: bytes) -> None:
        self.mine[who][self.handles[who].put(payload)] = payload

    @rule(who=st.integers(0, 1))
    def flush(self, who: int) -> None:
        self.handles[who].flush()
        self.flushed |= self.mine[who]

    @rule(who=st.integers(0, 1))
    def reopen(self, who: int) -> None:
        self.handles[who].close()
        self.flushed |= self.mine[who]
        self.mine[who] = {}
        self.handles[who] = small(self.folder)

    @precondition(lambda self: self.flushed)
    @rule(who=st.integers(0, 1))
    def nothing_is_wrong(self, who: int) -> None:
        handle = self.handles[who]
        assert isinstance(handle, PackBlobs)
        assert list(handle.verify()) == []

    @invariant()
    def everybody_reads_what_they_must(self) -> None:
        for handle, mine in zip(self.handles, self.mine, strict=True):
            for digest, payload in (self.flushed | mine).items():
                assert handle.has(digest)
                assert handle.get(digest) == payload

    def teardown(self) -> None:
        for handle in self.handles:
            handle.close()
        shutil.rmtree(self.folder)


Compared.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestCompared = Compared.TestCase


# -- several processes, and death -------------------------------------------------------------


def write_shares(folder: Path, acknowledged: Path, seed: int, count: int) -> None:
    """Put random blobs, flush now and then, and note what a flush has acknowledged."""
    chance = random.Random(seed)
    blobs = PackBlobs(folder, roll_at_bytes=2_000_000)
    note = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(count):
        sizes = [chance.choice([0, 10, 3_000, 60_000]) for _ in range(chance.randrange(1, 12))]
        digests = [blobs.put(chance.randbytes(size)) for size in sizes]
        blobs.flush()
        os.write(note, "".join(f"{d}\n" for d in digests).encode())
    blobs.close()


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    notes = [tmp_path / f"note-{n}" for n in range(3)]
    seeds = [1, 2, 1]  # the third brings the same bytes as the first
    workers = [
        FORKS.Process(target=write_shares, args=(tmp_path / "blobs", note, seed, 40))
        for note, seed in zip(notes, seeds, strict=True)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    blobs = PackBlobs(tmp_path / "blobs")
    digests = {d for note in notes for d in note.read_text().split()}
    assert len(digests) > 200
    assert all(digest_of(blobs.get(d)) == d for d in digests)
    assert list(blobs.verify()) == []
    blobs.close()


def test_killed_at_random_moments_keeps_what_a_flush_acknowledged(tmp_path: Path) -> None:
    folder, note = tmp_path / "blobs", tmp_path / "note"
    note.touch()
    chance = random.Random(7)
    kills = 25
    for seed in range(kills):
        victim = FORKS.Process(target=write_shares, args=(folder, note, seed, 100_000))
        before = note.stat().st_size
        victim.start()
        while victim.is_alive() and note.stat().st_size == before:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.1)
        victim.kill()
        victim.join()
        assert victim.exitcode == -9
        blobs = PackBlobs(folder)
        with note.open() as lines:
            lines.seek(before)
            digests = lines.read().split()
        assert digests
        assert all(digest_of(blobs.get(d)) == d for d in digests)
        assert list(blobs.verify()) == []
        blobs.close()
    blobs = PackBlobs(folder)
    assert all(digest_of(blobs.get(d)) == d for d in note.read_text().split())
    total = sum(p.stat().st_size for p in packs(folder))
    assert len(packs(folder)) <= 3 + total // 2_000_000, "packs of the dead are gone on with"
    blobs.close()


def test_a_forked_child_neither_loses_nor_disturbs(tmp_path: Path) -> None:
    blobs = PackBlobs(tmp_path)
    early = blobs.put(b"before the fork")
    child = os.fork()
    if child == 0:
        late = blobs.put(b"in the child")
        blobs.close()
        os._exit(0 if late == digest_of(b"in the child") else 1)
    after = blobs.put(b"in the parent, meanwhile")
    assert os.waitpid(child, 0)[1] == 0
    blobs.close()
    again = PackBlobs(tmp_path)
    assert again.get(early) == b"before the fork"
    assert again.get(after) == b"in the parent, meanwhile"
    assert again.get(digest_of(b"in the child")) == b"in the child"
    assert list(again.verify()) == []
    again.close()


def test_a_forked_child_keeps_its_blobs_when_its_parent_lets_go_first(tmp_path: Path) -> None:
    blobs = PackBlobs(tmp_path)
    blobs.put(b"before the fork")
    blobs.flush()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        early = blobs.put(b"in the child")
        blobs.flush()
        os.read(told, 1)
        late = blobs.put(b"in the child, later")
        blobs.flush()
        os._exit(0 if blobs.has(early) and blobs.has(late) else 1)
    while not blobs.has(digest_of(b"in the child")):
        time.sleep(0.01)
    blobs.close()
    os.write(tell, b"x")
    assert os.waitpid(child, 0)[1] == 0
    with sqlite3.connect(tmp_path / "index.db") as index:
        assert index.execute("SELECT count(*) FROM blobs").fetchone() == (3,)
    index.close()
    os.close(told)
    os.close(tell)


# -- torn tails and damage --------------------------------------------------------------------


def torn_pack(folder: Path, cut: float, garbage: bytes) -> tuple[list[bytes], list[bytes], int]:
    """A pack whose last record is cut at a fraction: (flushed, whole but not flushed, packs)."""
    writer = PackBlobs(folder)
    flushed = [b"flushed %d " % n * n for n in range(5)]
    whole = [b"whole %d " % n * n for n in range(3)]
    for payload in flushed:
        writer.put(payload)
    writer.flush()
    for payload in whole:
        writer.put(payload)
    start = packs(folder)[0].stat().st_size
    last = os.urandom(500)
    writer.put(last)
    end = packs(folder)[0].stat().st_size
    died = folder.with_name("died")
    shutil.copytree(folder, died)  # what a power cut leaves: the files as they are, nobody alive
    with packs(died)[0].open("r+b") as file:
        file.truncate(start + int((end - 1 - start) * cut))
        file.seek(0, 2)
        file.write(garbage)
    writer.close()
    return flushed, whole, start


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 1), garbage=st.binary(max_size=80) | st.just(b"VLB1" + b"\0" * 60))
def test_a_torn_tail_is_mended(cut: float, garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        flushed, whole, good_end = torn_pack(Path(name) / "blobs", cut, garbage)
        folder = Path(name) / "died"
        mended = PackBlobs(folder)
        for payload in flushed + whole:
            assert mended.get(digest_of(payload)) == payload
        assert packs(folder)[0].stat().st_size == good_end
        assert mended.get(mended.put(b"and on it goes")) == b"and on it goes"
        mended.flush()
        assert len(packs(folder)) == 1
        assert list(mended.verify()) == []
        mended.close()


def test_a_lost_index_is_made_again(tmp_path: Path) -> None:
    writer = small(tmp_path)
    digests = [writer.put(os.urandom(700)) for _ in range(30)]
    writer.close()
    assert len(packs(tmp_path)) > 3
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    reader = PackBlobs(tmp_path)
    assert all(digest_of(reader.get(d)) == d for d in digests)
    assert list(reader.verify()) == []
    reader.close()


def test_a_power_cut_may_take_the_index_rows_but_no_flushed_blob(tmp_path: Path) -> None:
    writer = PackBlobs(tmp_path / "blobs")
    digests = [writer.put(os.urandom(700)) for _ in range(30)]
    writer.flush()
    died = tmp_path / "died"
    died.mkdir()
    for path in [*packs(tmp_path / "blobs"), tmp_path / "blobs" / "index.db"]:
        shutil.copy(path, died)  # without the index's write-ahead log: it was not synced
    writer.close()
    reader = PackBlobs(died)
    assert all(digest_of(reader.get(d)) == d for d in digests)
    reader.close()


def test_a_damaged_index_says_how_to_mend_it(tmp_path: Path) -> None:
    PackBlobs(tmp_path).close()
    (tmp_path / "index.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(Corrupt, match="made again"):
        PackBlobs(tmp_path)


def test_a_flipped_bit_is_found_and_named(tmp_path: Path) -> None:
    writer = PackBlobs(tmp_path)
    good, bad = writer.put(b"good" * 100), writer.put(b"soon bad" * 100)
    writer.close()
    pack = packs(tmp_path)[0]
    raw = bytearray(pack.read_bytes())
    raw[raw.index(b"soon bad") + 5] ^= 1
    pack.write_bytes(raw)
    reader = PackBlobs(tmp_path)
    found = list(reader.verify())
    assert [(p.digest, p.pack) for p in found] == [(bad, pack.name)]
    assert reader.get(good) == b"good" * 100
    reader.close()


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_pack_that_lost_bytes_is_reported_and_never_written_again(
    tmp_path: Path, damage: str
) -> None:
    writer = PackBlobs(tmp_path)
    digest = writer.put(b"x" * 5_000)
    writer.close()
    pack = packs(tmp_path)[0]
    if damage == "removed":
        pack.unlink()
    else:
        os.truncate(pack, 100)
    reader = PackBlobs(tmp_path)
    with pytest.raises(Corrupt) as caught:
        reader.get(digest)
    assert pack.name in caught.value.what
    assert [p.digest for p in reader.verify()] == [digest]
    fresh = reader.put(b"life goes on")
    reader.flush()
    assert reader.get(fresh) == b"life goes on"
    if damage == "cut":
        assert pack.stat().st_size == 100
    reader.close()


def fill_a_small_disk(folder: Path, note: Path) -> None:
    """No file may grow beyond 100,000 bytes: a put fails in the middle, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    blobs = PackBlobs(folder)
    kept = [blobs.put(os.urandom(1_000)) for _ in range(60)]
    for size in (80_000, 200_000):
        with pytest.raises(OSError, match="too large"):
            blobs.put(b"x" * size)
    kept += [blobs.put(b"y" * n) for n in (10, 20_000)]
    blobs.flush()
    assert all(digest_of(blobs.get(d)) == d for d in kept)
    assert not blobs.has(digest_of(b"x" * 80_000))
    note.write_text("\n".join(kept))  # and then the process dies, without a close
    os._exit(0)


def test_a_full_disk_loses_only_what_did_not_fit(tmp_path: Path) -> None:
    args = (tmp_path / "blobs", tmp_path / "note")
    child = FORKS.Process(target=fill_a_small_disk, args=args)
    child.start()
    child.join()
    blobs = PackBlobs(tmp_path / "blobs")
    kept = (tmp_path / "note").read_text().split()
    assert len(kept) == 62
    assert all(digest_of(blobs.get(d)) == d for d in kept)
    assert blobs.get(blobs.put(b"x" * 80_000)) == b"x" * 80_000
    blobs.flush()
    assert list(blobs.verify()) == []
    blobs.close()


def test_a_pack_is_not_shared_by_two_writers(tmp_path: Path) -> None:
    first, second = PackBlobs(tmp_path), PackBlobs(tmp_path)
    first.put(b"one")
    second.put(b"two")
    assert len(packs(tmp_path)) == 2
    first.close()
    second.close()
    third = PackBlobs(tmp_path)
    third.put(b"three")
    third.close()
    assert len(packs(tmp_path)) == 2, "a pack that nobody holds is gone on with"
