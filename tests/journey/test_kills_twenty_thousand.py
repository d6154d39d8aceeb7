"""20,000 files come in although the process is killed fifty times: nothing is lost, nothing is doubled."""

from __future__ import annotations

import io
import shutil
import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.journey import killing
from tests.journey.endings import ending
from tests.journey.killing import Nursery, Tally
from tests.journey.victims import copied
from visloop import app

FILES = 20_000
KILLS = 50


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small picture with a comment of its own in each of 20,000 files; a few are broken."""
    folder = tmp_path_factory.mktemp("many")
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 120, 40)).save(out, "JPEG")
    raw = out.getvalue()
    for number in range(FILES):
        comment = b"\xff\xfe" + struct.pack(">H", 10) + f"{number:08d}".encode()
        file = folder / f"class{number % 5}" / f"{number:05d}.jpg"
        file.parent.mkdir(exist_ok=True)
        whole = raw[:2] + comment + raw[2:]
        file.write_bytes(whole if number % 4000 else whole[:-40])
    return folder


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path, many: Path, nursery: Nursery, tally: Tally) -> None:
    draw = killing.draw_for("twenty thousand")
    app.create(tmp_path / "empty")
    add = ("add", str(many), "--to", "line")
    twin = copied(tmp_path / "empty", tmp_path / "twin")
    span = nursery.measure(twin.root, *add)
    wanted = ending(twin.root)
    landed = finished = 0
    victim = copied(tmp_path / "empty", tmp_path / "ws")
    while landed < KILLS:
        child = nursery.command(victim.root, *add)
        if child.kill_after(span.took_s * draw.uniform(0.05, 0.35)):
            landed += 1
            victim.must_stand()
            continue
        assert ending(victim.root) == wanted
        finished += 1
        shutil.rmtree(victim.root)
        victim = copied(tmp_path / "empty", tmp_path / f"ws{finished}")
    nursery.run(victim.root, *add)
    assert ending(victim.root) == wanted
    again = nursery.run(victim.root, *add)
    assert (again["added"], again["updated"]) == (0, 0)
    assert again["unchanged"] + again["quarantined"] == FILES
    print(f"{landed} kills in {finished + 1} ingests of {FILES} files, {span.took_s:.1f} s each")
    tally.kills["add of 20,000"] += landed
