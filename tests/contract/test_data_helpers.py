"""Helper processes look at many files: what comes in is what `add` alone would bring in."""

from __future__ import annotations

import io
import os
import signal
import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.journey.endings import ending
from visloop import app
from visloop.data.ingest.records import Found
from visloop.data.intake.helpers import BEFORE, Helpers
from visloop.data.intake.looking import SLOT_BYTES
from visloop.data.origins.remote.ahead import Wanted
from visloop.faces import sdk
from visloop.ids import digest_of

FILES = BEFORE + 700


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Helpers start, whatever this machine has."""
    _have(monkeypatch, 2)


def _have(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    def affinity(process: int) -> set[int]:
        return set(range(cores + process))

    monkeypatch.setattr(os, "sched_getaffinity", affinity, raising=False)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with bytes of their own; among the later ones a GIF, a broken, an empty, a huge one."""
    folder = tmp_path_factory.mktemp("many")
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 120, 40)).save(out, "JPEG")
    raw = out.getvalue()
    for number in range(FILES):
        comment = b"\xff\xfe" + struct.pack(">H", 10) + f"{number:08d}".encode()
        (folder / f"{number:05d}.jpg").write_bytes(raw[:2] + comment + raw[2:])
    Image.new("P", (9, 7)).save(folder / "01500.jpg", "GIF")
    (folder / "01501.jpg").write_bytes(raw[:-40])
    (folder / "01502.jpg").write_bytes(b"")
    (folder / "01503.jpg").write_bytes(raw + bytes(SLOT_BYTES))
    os.utime(folder / "01500.jpg", (1, 1))
    return folder


def _found(file: Path) -> Found:
    return Found(path=file.name, file=str(file), source=str(file))


def _children() -> list[int]:
    return [int(each) for each in Path("/proc/thread-self/children").read_text().split()]


@pytest.mark.parametrize("in_place", [False, True])
def test_with_helpers_comes_in_what_comes_in_without(
    tmp_path: Path, many: Path, monkeypatch: pytest.MonkeyPatch, *, in_place: bool
) -> None:
    endings: list[object] = []
    for cores in (2, 1):
        _have(monkeypatch, cores)
        root = tmp_path / f"{cores}"
        app.create(root)
        with sdk.local(root) as here:
            ask = app.Add(paths=(str(many),), to="line", in_place=in_place)
            added = here.call(app.add, ask)
            assert (added.added, added.quarantined) == (FILES - 2, 2)
            again = here.call(app.add, ask)
            assert (again.added, again.updated, again.quarantined) == (0, 0, 2)
        endings.append(ending(root, but={"noted"}))
    assert endings[0] == endings[1]


@pytest.mark.parametrize("keep", [True, False])
def test_what_helpers_saw_is_what_is_there(many: Path, *, keep: bool) -> None:
    files = sorted(many.iterdir())
    wanted = [Wanted(_found(file), "") for file in files]
    looked = 0
    with Helpers() as helpers:
        for each, look in helpers.ahead(wanted, keep=keep):
            assert isinstance(each, Wanted)
            if look is None:
                continue
            looked += 1
            raw = Path(each.found.file).read_bytes()
            assert (look.seen.size_bytes, look.seen.image) == (len(raw), digest_of(raw))
            assert (look.seen.probe.width, look.seen.probe.height) == (64, 48)
            assert bytes(look.data) == (raw if keep else b"")
    odd = 4 if keep else 3
    assert looked == FILES - BEFORE - odd


def test_helpers_that_die_cost_nothing_but_speed(many: Path) -> None:
    wanted = [Wanted(_found(file), "") for file in sorted(many.iterdir())]
    met: list[object] = []
    others = set(_children())
    with Helpers() as helpers:
        for number, (each, _) in enumerate(helpers.ahead(wanted, keep=True)):
            met.append(each)
            if number == BEFORE + 10:
                for child in set(_children()) - others:
                    os.kill(child, signal.SIGKILL)
    assert met == wanted
    assert not set(_children()) - others
