"""The spool: bounded, readable by all, never in the way."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.errors import Refused, UsageError
from visloop.store import Spool, SpoolRef

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["hypothesis", "pytest", "visloop.store.blobs", "visloop.store.jobs"])


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.spool"))


def test_what_was_put_is_read_here_at_once_and_elsewhere_after_a_flush(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path, 10_000_000), Spool(tmp_path, 10_000_000)
    ref = spool.append(b"a served picture")
    assert other.read(ref) is None
    assert spool.read(ref) == b"a served picture"
    empty = spool.append(b"")
    spool.flush()
    assert other.read(ref) == b"a served picture"
    assert other.read(empty) == b""
    assert spool.dropped() == 0
    spool.close()
    assert other.read(SpoolRef.parse(str(ref))) == b"a served picture"


@given(
    segment=st.from_regex(r"[0-9]{8}-[0-9a-f]{8}", fullmatch=True),
    offset=st.integers(0, 2**40),
    length=st.integers(0, 2**32),
)
def test_a_reference_travels_as_text(segment: str, offset: int, length: int) -> None:
    ref = SpoolRef(segment, offset, length)
    assert SpoolRef.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "a:b:c", "../etc/passwd:0:1", "a/b:1:2", "x:1", "x:-1:2"])
def test_text_that_is_no_reference(text: str) -> None:
    with pytest.raises(UsageError):
        SpoolRef.parse(text)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 3_000), min_size=1, max_size=120),
    limit_bytes=st.integers(4_000, 40_000),
    reopen_every=st.integers(3, 40),
)
def test_the_limit_holds_and_every_record_is_there_or_counted(
    sizes: list[int], limit_bytes: int, reopen_every: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spool = Spool(folder, limit_bytes)
        refs: list[tuple[SpoolRef, bytes]] = []
        for number, size in enumerate(sizes):
            payload = bytes([number % 256]) * size
            refs.append((spool.append(payload), payload))
            assert on_disk(folder) <= limit_bytes
            if number % reopen_every == 0:
                spool.close()
                spool = Spool(folder, limit_bytes)
        there = [spool.read(ref) for ref, _ in refs]
        kept = [found for found in there if found is not None]
        assert kept == [payload for _, payload in refs[len(refs) - len(kept) :]], "oldest go first"
        assert spool.dropped() == len(refs) - len(kept)
        assert spool.read(refs[-1][0]) == refs[-1][1]
        spool.flush()
        assert spool.size_bytes() == on_disk(folder) <= limit_bytes
        spool.close()


def test_the_limit_holds_for_all_processes_together(tmp_path: Path) -> None:
    several = [Spool(tmp_path, 64_000) for _ in range(4)]
    for number in range(2_000):
        spool = several[number % 7 % 4]
        spool.append(b"x" * (number % 900))
        spool.flush()
        assert on_disk(tmp_path) <= 64_000
    for spool in several:
        spool.close()


def test_a_payload_larger_than_the_spool_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000)
    with pytest.raises(Refused, match="1000 bytes do not fit"):
        spool.append(b"x" * 1_000)
    large = spool.append(b"x" * 900)
    assert spool.read(large) == b"x" * 900


def test_a_segment_in_use_is_not_dropped_under_its_writer(tmp_path: Path) -> None:
    idle, busy = Spool(tmp_path, 100_000), Spool(tmp_path, 100_000)
    kept = idle.append(b"kept as long as its process lives")
    idle.flush()
    for _ in range(400):
        busy.append(b"x" * 1_000)
    assert busy.read(kept) == b"kept as long as its process lives"
    assert busy.dropped() > 200
    idle.close()
    for _ in range(400):
        busy.append(b"x" * 1_000)
    assert busy.read(kept) is None
    busy.close()
    assert on_disk(tmp_path) <= 100_000


def fill_a_small_disk(folder: Path, note: Path) -> None:
    """No file may grow beyond 30,000 bytes: writes fail in the middle, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
    spool = Spool(folder, 1_000_000)
    payloads = [bytes([n]) * 900 for n in range(200)]
    refs = [spool.append(payload) for payload in payloads]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    refs.append(spool.append(b"room again"))
    spool.flush()
    found = [spool.read(ref) for ref in refs]
    assert all(f in (None, p) for f, p in zip(found, [*payloads, b"room again"], strict=True))
    lost = found.count(None)
    assert 0 < lost < 200
    assert spool.dropped() == lost
    spool.close()
    note.write_text("as promised")


def test_a_full_disk_costs_records_not_answers(tmp_path: Path) -> None:
    child = FORKS.Process(target=fill_a_small_disk, args=(tmp_path / "spool", tmp_path / "note"))
    child.start()
    child.join()
    assert (tmp_path / "note").read_text() == "as promised"


def test_a_folder_that_is_gone_costs_records_not_answers(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder, 1_000_000)
    first = spool.append(b"fits")
    spool.close()
    folder.rename(tmp_path / "away")
    folder.write_bytes(b"")
    lost = [spool.append(b"lost") for _ in range(3)]
    assert [spool.read(ref) for ref in lost] == [None] * 3
    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert spool.dropped() == 3
    again = spool.append(b"fits again")
    assert (spool.read(first), spool.read(again)) == (b"fits", b"fits again")
    assert spool.dropped() == 3
    spool.close()


def test_a_torn_state_is_started_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    old = spool.append(b"old")
    spool.close()
    (tmp_path / "state.json").write_bytes(b"")
    spool = Spool(tmp_path, 10_000)
    new = spool.append(b"new")
    assert new.segment > old.segment
    assert (spool.read(old), spool.read(new)) == (b"old", b"new")
    spool.close()


def test_a_process_killed_while_it_drops_is_finished_for(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000)
    refs = [spool.append(b"x" * 5_000) for _ in range(3)]
    spool.close()
    state = msgspec.json.decode((tmp_path / "state.json").read_bytes())
    state |= {"dropping": [f"{refs[0].segment}.spool"], "dropped": 1}
    (tmp_path / "state.json").write_bytes(msgspec.json.encode(state))
    spool.append(b"the next segment")
    assert [spool.read(ref) is None for ref in refs] == [True, False, False]
    assert spool.dropped() == 1, "counted before, and once"
    spool.close()


def test_many_threads_at_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 50_000_000)
    found: list[bool] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(200):
            payload = chance.randbytes(chance.randrange(2_000))
            found.append(spool.read(spool.append(payload)) == payload)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 800
    spool.close()


def test_a_forked_child_has_a_segment_of_its_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000)
    early = spool.append(b"not yet written when the fork comes")
    child = os.fork()
    if child == 0:
        spool.append(b"in the child")
        spool.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    late = spool.append(b"in the parent")
    assert spool.read(early) == b"not yet written when the fork comes"
    assert spool.read(late) == b"in the parent"
    assert late.segment == early.segment
    spool.close()
    assert len(list(tmp_path.glob("*.spool"))) == 2


def serve(folder: Path, note: Path) -> None:
    spool = Spool(folder, 2_000_000)
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(10**6):
        payload = f"{number} ".encode() * (number % 2_000)
        ref = spool.append(payload)
        spool.flush()
        os.write(file, f"{ref} {number}\n".encode())


def test_killed_servers_leave_a_spool_that_works(tmp_path: Path) -> None:
    folder, note = tmp_path / "spool", tmp_path / "note"
    note.touch()
    for _ in range(10):
        victim = FORKS.Process(target=serve, args=(folder, note))
        before = note.stat().st_size
        victim.start()
        while victim.is_alive() and note.stat().st_size < before + 2_000:
            time.sleep(0.001)
        victim.kill()
        victim.join()
    spool = Spool(folder, 2_000_000)
    lines = [line.split() for line in note.read_text().splitlines()]
    missing = 0
    for ref, number in lines:
        payload = spool.read(SpoolRef.parse(ref))
        missing += payload is None
        assert payload in (None, f"{number} ".encode() * (int(number) % 2_000))
    assert -10 <= spool.dropped() - missing <= 20, (
        "dropped ones are counted (each of ten kills may hide its last, on either side)"
    )
    assert on_disk(folder) <= 2_000_000
    spool.close()
