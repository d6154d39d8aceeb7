"""Collecting garbage: what nothing leads to goes, what anything leads to stays, whoever writes beside."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String

from tests.data_world import SCOPE, close, collect, folder_of, make_ports, picture, view
from visloop import data, store
from visloop.app import handlers
from visloop.errors import Conflict
from visloop.store import PackBlobs, Roots

FORKS = multiprocessing.get_context("forkserver")


@pytest.fixture
def photos(ports, tmp_path: Path) -> Path:
    folder = folder_of(tmp_path / "photos", cat=3)
    data.add(ports, SCOPE, "pets", [folder])
    data.commit(ports, SCOPE, "pets", "first")
    return folder


def rubbish(ports, *, size: int = 100_000, count: int = 3) -> list[str]:
    made = [ports.blobs.put(os.urandom(size)) for _ in range(count)]
    ports.blobs.flush()
    return made


def reopened(ports, tmp_path: Path):
    """As a command of its own would find the workspace: nobody writes."""
    close(ports)
    return make_ports(tmp_path / "ws")


def disk(tmp_path: Path) -> int:
    return sum(each.stat().st_size for each in (tmp_path / "ws" / "blobs").glob("*.pack"))


# -- what goes, what stays ---------------------------------------------------------------------


@pytest.mark.usefixtures("photos")
def test_what_nothing_leads_to_goes_and_its_space_comes_back(ports, tmp_path: Path) -> None:
    lost = rubbish(ports)
    before, held = disk(tmp_path), view(ports, "pets")
    ports = reopened(ports, tmp_path)
    looked = collect(ports, dry_run=True)
    assert (looked.swept.removed, looked.compacted) == (3, None)
    assert disk(tmp_path) == before
    done = collect(ports)
    assert (done.swept.removed, done.swept.removed_bytes) == (3, 300_000)
    assert done.compacted is not None
    assert done.compacted.freed_bytes >= 300_000
    assert disk(tmp_path) < before - 299_900
    for digest in lost:
        assert not ports.blobs.has(digest)
        with pytest.raises(store.BlobNotFound):
            ports.blobs.get(digest)
    assert view(ports, "pets") == held
    assert list(ports.blobs.verify()) == []
    assert collect(ports).swept.removed == 0
    close(ports)


def test_staged_quarantined_and_embedded_bytes_stay(ports, photos, tmp_path: Path) -> None:
    picture(photos / "cat" / "late.jpg", 77)
    (photos / "cat" / "bad.jpg").write_bytes(b"\xff\xd8\xff no picture")
    data.add(ports, SCOPE, "pets", [photos])
    images = [each.image for each in view(ports, "pets@work").values()]
    refused = [each.image for each in data.quarantine_list(ports, SCOPE, "pets")]
    ports = reopened(ports, tmp_path)
    assert collect(ports).swept.removed == 0
    assert all(ports.blobs.has(each) for each in images)
    assert len(refused) == 1
    data.unstage(ports, SCOPE, "pets")
    ports = reopened(ports, tmp_path)
    assert collect(ports).swept.removed == 1  # the picture that was staged, and is no more
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1  # it is read again
    assert all(ports.blobs.has(each) for each in images)
    close(ports)


@pytest.mark.usefixtures("photos")
def test_a_damaged_tree_stops_the_collection(ports, tmp_path: Path) -> None:
    lost = rubbish(ports, count=1)
    root = data.log(ports, SCOPE, "pets")[0].root
    ports = reopened(ports, tmp_path)
    pack = next((tmp_path / "ws" / "blobs").glob("*.pack"))
    raw = bytearray(pack.read_bytes())
    at = raw.index(bytes.fromhex(root)) + 40
    raw[at] ^= 1
    pack.write_bytes(raw)
    with pytest.raises(store.StoreDamaged, match="pets@v1") as told:
        collect(ports)
    assert "visloop verify" in told.value.fix
    assert ports.blobs.has(lost[0])
    close(ports)


# -- beside others -----------------------------------------------------------------------------


@pytest.mark.usefixtures("photos")
def test_beside_a_writer_bytes_wait_for_their_grace(ports, tmp_path: Path) -> None:
    """`ports` has put something and is open still: it may mean to name it."""
    lost = rubbish(ports)
    other = make_ports(tmp_path / "ws")
    first = collect(other, grace_s=3600)
    assert (first.swept.removed, first.swept.waiting, first.swept.waiting_bytes) == (0, 3, 300_000)
    assert 0 < first.swept.wait_s <= 3600
    assert ports.blobs.get(lost[0])
    assert ports.blobs.put(ports.blobs.get(lost[0])) == lost[0]  # put again: wanted again
    again = collect(other, grace_s=3600)
    assert again.swept.removed == 0
    assert collect(other, grace_s=0).swept.removed == 3
    assert not other.blobs.has(lost[1])
    close(other)


@pytest.mark.usefixtures("photos")
def test_who_asks_for_a_condemned_blob_keeps_it(ports, tmp_path: Path) -> None:
    lost = rubbish(ports)
    other = make_ports(tmp_path / "ws")
    collect(other, grace_s=3600)
    index = PackBlobs(tmp_path / "ws" / "blobs")
    assert index.has(lost[0])
    with index.upkeep.alone(), pytest.raises(Conflict, match="another process"):
        collect(other)
    index.close()
    waiting = collect(other, grace_s=3600).swept
    assert waiting.waiting == 3  # condemned anew: its grace begins again
    close(other)


@pytest.mark.usefixtures("photos")
def test_who_lives_long_holds_up_no_collection_between_its_work(ports, tmp_path: Path) -> None:
    close(ports)
    long_lived = make_ports(tmp_path / "ws")
    other = make_ports(tmp_path / "ws")
    with long_lived.blobs.upkeep.at_work():
        lost = rubbish(long_lived)
        with long_lived.blobs.upkeep.at_work():  # a verb that runs another
            assert long_lived.blobs.has(lost[0])
        inside = collect(other).swept
        assert (inside.removed, inside.waiting) == (0, 3)
    assert collect(other).swept.removed == 3
    assert collect(other).compacted is not None  # the pack that it wrote to is free as well
    with long_lived.blobs.upkeep.at_work():
        again = long_lived.blobs.put(b"and on it goes")
        long_lived.blobs.flush()
    assert long_lived.blobs.get(again) == b"and on it goes"
    close(long_lived)
    close(other)


@pytest.mark.usefixtures("photos")
def test_one_thread_at_rest_does_not_speak_for_another(ports, tmp_path: Path) -> None:
    close(ports)
    shared = make_ports(tmp_path / "ws")
    other = make_ports(tmp_path / "ws")
    begun, ended = threading.Event(), threading.Event()

    def at_work() -> None:
        with shared.blobs.upkeep.at_work():
            rubbish(shared)
            begun.set()
            assert ended.wait(60)

    thread = threading.Thread(target=at_work)
    thread.start()
    assert begun.wait(60)
    with shared.blobs.upkeep.at_work():
        assert not shared.blobs.has("0" * 64)
    assert collect(other).swept.removed == 0  # the thread is in the middle of its work
    ended.set()
    thread.join()
    assert collect(other).swept.removed == 3
    rubbish(shared)  # outside of any piece of work: it may be named at any time
    with shared.blobs.upkeep.at_work():
        assert not shared.blobs.has("0" * 64)
    assert collect(other).swept.removed == 0
    close(shared)
    close(other)


def test_a_moment_in_which_nobody_writes_is_waited_for(ports, photos, tmp_path: Path) -> None:
    """Two that write by turns: there is a moment between any two."""
    del photos
    rubbish(ports)
    ports = reopened(ports, tmp_path)
    writer = make_ports(tmp_path / "ws")
    held, stop = threading.Event(), threading.Event()

    def writes() -> None:
        while not stop.is_set():
            with writer.blobs.upkeep.at_work():
                writer.blobs.has("0" * 64)
                held.set()
                time.sleep(0.02)
            time.sleep(0.01)

    thread = threading.Thread(target=writes)
    thread.start()
    assert held.wait(60)
    assert collect(ports, patience_s=60).swept.removed == 3
    stop.set()
    thread.join()
    close(writer)
    close(ports)


def _commits(folder: str, name: str, count: int) -> None:
    """A process that adds and commits pictures, taking back some, as people do."""
    ports = make_ports(Path(folder) / "ws")
    for number in range(count):
        picture(Path(folder) / name / f"{name}{number}.jpg", 1000 * ord(name) + number)
        data.add(ports, SCOPE, name, [Path(folder) / name])
        if number % 3 == 2:
            data.unstage(ports, SCOPE, name)
            data.add(ports, SCOPE, name, [Path(folder) / name])
        data.commit(ports, SCOPE, name, f"{number}")
        if number % 4 == 3:
            close(ports)
            ports = make_ports(Path(folder) / "ws")
    close(ports)


def _collects(folder: str, ended: str) -> None:
    ports = make_ports(Path(folder) / "ws")
    while not Path(ended).exists():
        collect(ports, grace_s=3600)
        time.sleep(0.05)
    close(ports)


def test_add_and_commit_beside_gc_lose_nothing(ports, tmp_path: Path) -> None:
    ended, count = tmp_path / "ended", 5
    collector = FORKS.Process(target=_collects, args=(str(tmp_path), str(ended)))
    writers = [FORKS.Process(target=_commits, args=(str(tmp_path), name, count)) for name in "ab"]
    for each in (collector, *writers):
        each.start()
    for each in writers:
        each.join(120)
        assert each.exitcode == 0
    ended.touch()
    collector.join(60)
    assert collector.exitcode == 0
    for name in "ab":
        assert len(data.log(ports, SCOPE, name)) == count
        for version in data.log(ports, SCOPE, name):
            assert len(view(ports, version.ref)) == version.count
            assert all(ports.blobs.get(each.image) for each in view(ports, version.ref).values())
    assert list(ports.blobs.verify()) == []


# -- no digest is forgotten ----------------------------------------------------------------------


for _tables in sorted(Path(data.__file__).parent.parent.glob("*/tables.py")):
    importlib.import_module(f"visloop.{_tables.parent.name}.tables")


def _claimed() -> set[str]:
    return {name for each in handlers.ROOTS for name in (*each.columns, *each.noted)}


def test_every_column_made_for_a_digest_is_claimed_by_a_room() -> None:
    """A new table with a digest in it: name it in the `Roots` of its room, or gc may take its blob."""
    meant = {"image", "package", "profile", "body", "digest", "blob", "chunk", "artifact"}
    found = {
        f"{table.name}.{column.name}"
        for table in store.metadata.tables.values()
        for column in table.columns
        if (isinstance(column.type, String) and column.type.length == 64)
        or (column.name in meant and isinstance(column.type, String | LargeBinary))
    }
    assert found - _claimed() == set()
    there = {
        f"{table.name}.{column.name}"
        for table in store.metadata.tables.values()
        for column in table.columns
    }
    assert _claimed() - there == set()


def test_rooms_name_no_column_twice() -> None:
    named = [name for each in handlers.ROOTS for name in (*each.columns, *each.noted)]
    assert len(named) == len(set(named))
    assert all(isinstance(each, Roots) for each in handlers.ROOTS)
