"""Several processes at once, and processes killed at any moment, lose nothing."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, close, folder_of, make_ports, view
from visloop import data
from visloop.ids import Ref


def _add_in_process(workspace: Path, folder: Path) -> None:
    ports = make_ports(workspace)
    data.add(ports, SCOPE, "pets", [folder], data.AddOptions(add_classes=True))
    close(ports)


def _stage_and_commit(workspace: Path, number: int) -> None:
    ports = make_ports(workspace)
    sample = data.Sample(
        id=str(number), path=f"{number}", image="0" * 64, bytes=1, width=1, height=1
    )
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [sample])
    with suppress(data.NothingToCommit):  # another process took this change along
        data.commit(ports, SCOPE, "pets", f"by {number}")
    close(ports)


def _in_processes(target, argument_lists) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=target, args=arguments) for arguments in argument_lists]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0


def test_two_processes_adding_at_once_lose_nothing(tmp_path) -> None:
    workspace = tmp_path / "ws"
    close(make_ports(workspace))
    one = folder_of(tmp_path / "one", cat=30, dog=30)
    two = folder_of(tmp_path / "two", bird=30, cow=30)
    shared = folder_of(tmp_path / "shared", fox=20, hen=20)
    _in_processes(
        _add_in_process,
        [(workspace, one), (workspace, two), (workspace, shared), (workspace, shared)],
    )
    ports = make_ports(workspace)
    samples = view(ports, "pets@work")
    assert len(samples) == 160
    assert set(data.classes(ports, SCOPE, "pets").names) == {
        "bird",
        "cat",
        "cow",
        "dog",
        "fox",
        "hen",
    }
    ids = [entry.id for entry in data.classes(ports, SCOPE, "pets").entries]
    assert len(set(ids)) == 6
    assert all(ports.blobs.has(sample.image) for sample in samples.values())
    assert data.commit(ports, SCOPE, "pets", "all of it").count == 160
    close(ports)


def test_commits_of_several_processes_form_one_line_and_lose_nothing(tmp_path) -> None:
    workspace = tmp_path / "ws"
    close(make_ports(workspace))
    _in_processes(_stage_and_commit, [(workspace, number) for number in range(4)])
    ports = make_ports(workspace)
    log = data.log(ports, SCOPE, "pets")
    assert [version.number for version in log] == list(range(len(log), 0, -1))
    assert [version.parent for version in log] == [*range(len(log) - 1, 0, -1), None]
    assert sorted(view(ports, "pets")) == ["0", "1", "2", "3"]
    close(ports)


_KILLED = """
import sys
from pathlib import Path
from tests.data_world import SCOPE, make_ports
from visloop import data
from visloop.data.intake import add
add.BATCH = 20
ports = make_ports(Path(sys.argv[1]))
print("ready", flush=True)
data.add(ports, SCOPE, "pets", [Path(sys.argv[2])])
data.commit(ports, SCOPE, "pets", "first")
print("done", flush=True)
"""


def _run_killed(workspace: Path, folder: Path, after_s: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(workspace), str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()


@pytest.mark.slow
def test_killed_at_any_moment_add_and_commit_end_where_they_would_have(tmp_path) -> None:
    folder = folder_of(tmp_path / "photos", cat=150, dog=150)
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    calm = make_ports(tmp_path / "calm")
    data.add(calm, SCOPE, "pets", [folder])
    data.commit(calm, SCOPE, "pets", "first")
    wanted = _without_time(view(calm, "pets"))
    draw = random.Random(3)
    for kill in range(10):
        workspace = tmp_path / f"ws{kill}"
        close(make_ports(workspace))
        for _ in range(2):
            _run_killed(workspace, folder, draw.uniform(0.0, 0.25))
            ports = make_ports(workspace)
            if data.names(ports, SCOPE):
                for version in data.log(ports, SCOPE, "pets"):  # never half a version
                    assert version.count == sum(1 for _ in view(ports, version.ref))
            close(ports)
        ports = make_ports(workspace)
        data.add(ports, SCOPE, "pets", [folder])
        with suppress(data.NothingToCommit):
            data.commit(ports, SCOPE, "pets", "first")
        assert _without_time(view(ports, "pets")) == wanted
        assert data.open(ports, Ref("pets")).classes == data.open(calm, Ref("pets")).classes
        assert len(data.quarantine_list(ports, SCOPE, "pets")) == 1
        assert not ports.ledger.verify().broken
        assert data.status(ports, SCOPE, "pets").clean
        close(ports)
    close(calm)


def _without_time(samples: dict[str, data.Sample]) -> dict[str, data.Sample]:
    return {path: msgspec.structs.replace(sample, added="") for path, sample in samples.items()}
