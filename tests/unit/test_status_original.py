"""`status` knows files again that are stored changed, or whose parts are: touched is not modified."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from tests.films import film
from tests.unit.media_parts import dicom
from tests.unit.test_privacy_place import picture
from visloop import data
from visloop.app import workspace
from visloop.data.tables import sources
from visloop.events import Scope
from visloop.ids import digest_of


def scan(path: Path, shade: int) -> None:
    path.write_bytes(dicom(np.full((8, 8), shade, np.uint16)))


def pages(path: Path, shade: int) -> None:
    first, second = (Image.new("L", (9, 8), each) for each in (shade, 7))
    first.save(path, save_all=True, append_images=[second])


def archive(path: Path, shade: int) -> None:
    held = BytesIO()
    Image.new("L", (9, 8), shade).save(held, "PNG")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.png", held.getvalue())


def photo(path: Path, shade: int) -> None:
    """With a place in it; its last byte is beyond the picture's end."""
    path.write_bytes(picture("jpg") + bytes([shade]))


def clip(path: Path, shade: int) -> None:
    film(path, 2, size=(32, 32))
    path.write_bytes(path.read_bytes() + b"\0\0\0\x09free" + bytes([shade]))


CASES: dict[str, tuple[Callable[[Path, int], None], str, dict[str, object]]] = {
    "scan.dcm": (scan, "", {}),
    "hidden.dcm": (scan, "privacy: {gps: remove}\n", {}),
    "pages.tif": (pages, "", {"pages": "all"}),
    "packed.zip": (archive, "", {}),
    "photo.jpg": (photo, "privacy: {gps: remove}\n", {}),
    "clip.mp4": (clip, "privacy: {gps: remove}\n", {"frames": "all"}),
}


@pytest.mark.parametrize("name", CASES)
def test_touched_is_not_modified_and_modified_is(tmp_path: Path, name: str) -> None:
    make, settings, options = CASES[name]
    workspace.create(tmp_path / "ws")
    (tmp_path / "ws" / "visloop.yaml").write_text(f"format: 1\n{settings}")
    file = tmp_path / "in" / name
    file.parent.mkdir()
    with workspace.opened(tmp_path / "ws") as ports:
        make(file, 40)
        given = file if file.suffix == ".zip" else file.parent
        done = data.add(ports.data, Scope(), "ct", [given], data.AddOptions(**options))
        assert done.added
        assert not done.quarantined

        def changed() -> tuple[int, int, int]:
            (folder,) = data.status(ports.data, Scope(), "ct").folders
            return folder.new, folder.modified, folder.deleted

        assert changed() == (0, 0, 0), "just written"
        os.utime(file, (2e9, 2e9))
        assert changed() == (0, 0, 0), "touched"
        if settings or name.endswith(".dcm"):
            with ports.ledger.read() as connection:
                rows = connection.execute(select(sources)).mappings().all()
            told = "".join(str(value) for row in rows for value in row.values())
            assert digest_of(file.read_bytes()) not in told, "who has the file could tell"
        size = file.stat().st_size
        make(file, 41)
        assert file.stat().st_size == size
        assert changed() == (0, 1, 0), "other bytes"
