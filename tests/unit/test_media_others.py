"""HEIC, pages of TIFF, frames of animations."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.unit.media_parts import added, pixels_of, samples
from visloop import data
from visloop.app import workspace
from visloop.config import discovery
from visloop.data.media import converted
from visloop.events import Scope
from visloop.ids import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

MEDIA = Path(__file__).resolve().parent.parent / "media"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as opened:
        yield opened


def test_heic_comes_in_as_png_with_its_exif_and_is_turned_once(ports: Ports) -> None:
    told = added(ports, MEDIA)
    assert told.quarantined == 0, told.notes
    assert any("HEIC" in note for note in told.notes)
    held = samples(ports)
    turned = held["turned.heic"]  # irot and EXIF's 6 both say: a quarter turn
    assert (turned.media, turned.width, turned.height, turned.orientation) == (
        "image/png",
        32,
        48,
        1,
    )
    assert turned.metadata["exif.model"] == "Test phone"
    assert turned.metadata["gps.latitude_deg"] == pytest.approx(47.366667, abs=1e-5)
    seen = pixels_of(ports, turned)
    red = seen[..., 0].astype(int) - seen[..., 1]
    columns = np.nonzero(red > 150)[1]
    assert columns.min() > 15, "red was top left: a quarter turn right puts it top right"
    stored = Image.open(BytesIO(ports.blobs.get(turned.image)))
    assert stored.getexif().get(0x112, 1) == 1


def test_ten_bits_of_heic_stay(ports: Ports) -> None:
    added(ports, MEDIA)
    sample = samples(ports)["ten_bits.heic"]
    assert sample.metadata["image.depth_bits"] == 16
    assert sample.bytes > 1000


def test_heic_of_two_pictures(ports: Ports) -> None:
    assert any("--pages all" in note for note in added(ports, MEDIA).notes)
    added(ports, MEDIA, pages="all")
    assert {"two.heic/page=0001", "two.heic/page=0002"} <= samples(ports).keys()


def test_without_the_library_it_waits_and_retry_takes_it(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.heic").write_bytes((MEDIA / "upright.heic").read_bytes())
    missing = EntryPoint("heif", "no_such_library", "visloop.media")
    converted.converter.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(discovery, "plugins", lambda _: {"heif": missing})
        assert added(ports, folder).quarantined == 1
    (waiting,) = data.quarantine_list(ports.data, Scope())
    assert waiting.fix == "pip install 'visloop[heif]'"
    assert data.quarantine_retry(ports.data, Scope(), "ct").added == 1
    assert samples(ports).keys() == {"a.heic"}


@pytest.mark.parametrize("cut", [30, 200, 600])
def test_broken_heic_waits(ports: Ports, tmp_path: Path, cut: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.heic").write_bytes((MEDIA / "upright.heic").read_bytes()[:cut])
    assert added(ports, folder).quarantined == 1


def pages(folder: Path, name: str, **how: object) -> Path:
    folder.mkdir(exist_ok=True)
    frames = [Image.new("RGB", (20, 10), (level, 0, 200)) for level in (0, 120, 250)]
    frames[0].save(folder / name, save_all=True, append_images=frames[1:], **how)
    return folder


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.tif", {}),
        ("a.gif", {"duration": 250}),
        ("a.png", {"duration": 250}),
        ("a.webp", {"duration": 250, "lossless": True}),
    ],
)
def test_pages(ports: Ports, tmp_path: Path, name: str, how: dict[str, object]) -> None:
    folder = pages(tmp_path / "in", name, **how)
    assert any("--pages all" in note for note in added(ports, folder).notes)
    assert added(ports, folder, pages="all").added == 3
    held = samples(ports)
    for number, level in enumerate((0, 120, 250), start=1):
        sample = held[f"{name}/page={number:04d}"]
        assert (sample.width, sample.height) == (20, 10)
        assert sample.metadata["page.count"] == 3
        if how:
            assert sample.metadata["page.duration_s"] == 0.25
        stored = Image.open(BytesIO(ports.blobs.get(sample.image))).convert("RGB")
        assert abs(stored.getpixel((3, 3))[0] - level) <= 2
    assert added(ports, folder, pages="all").unchanged == 3


def test_pages_of_pixels_that_png_cannot_hold(ports: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    frames = [Image.fromarray(np.full((4, 6), value, np.float32)) for value in (0.25, 1e6)]
    frames[0].save(folder / "a.tif", save_all=True, append_images=frames[1:])
    added(ports, folder, pages="all")
    second = samples(ports)["a.tif/page=0002"]
    assert second.media == "image/tiff"
    assert pixels_of(ports, second)[0, 0] == 1e6


def test_what_is_drawn_goes_with_the_first_page_what_is_said_with_all(
    ports: Ports, tmp_path: Path
) -> None:
    pages(tmp_path / "in", "x.txt", format="TIFF")
    folder = tmp_path / "classes"
    (folder / "cat").mkdir(parents=True)
    (folder / "dog").mkdir()
    (folder / "cat" / "a.tif").write_bytes((tmp_path / "in" / "x.txt").read_bytes())
    data.add(ports.data, Scope(), "ct", [folder], data.AddOptions(pages="all"))
    assert [[each.label for each in s.annotations] for s in samples(ports).values()] == [
        ["cat"]
    ] * 3


def test_exported_parts_have_names_that_tools_open(ports: Ports, tmp_path: Path) -> None:
    added(ports, MEDIA, pages="all")
    data.commit(ports.data, Scope(), "ct", "one")
    data.export(ports.data, Scope(), Ref.parse("ct@v1"), tmp_path / "out", "coco")
    names = {each.name for each in (tmp_path / "out").rglob("*.png")}
    assert {"turned.heic.png", "page=0001.png"} <= names
