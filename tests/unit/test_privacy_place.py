"""GPS leaves the bytes, and the pixels stay as they were, byte for byte."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tests.unit.media_parts import added, samples
from visloop import data
from visloop.app import workspace
from visloop.data.ingest.exif import read_exif
from visloop.data.privacy.place.cleaning import cleaned
from visloop.data.privacy.place.tiff import clean_tiff
from visloop.errors import UsageError
from visloop.events import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description'
    b' tiff:Orientation="6" exif:GPSLatitude="47,22.1234N"/></rdf:RDF></x:xmpmeta>'
)
MEDIA = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tif": "image/tiff",
    "avif": "image/avif",
}
GREEN = Image.fromarray(np.random.default_rng(3).integers(0, 255, (24, 40, 3), dtype=np.uint8))


def exif() -> bytes:
    small = BytesIO()
    Image.new("RGB", (8, 8), "red").save(small, "JPEG")
    return piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: b"Maker", piexif.ImageIFD.Orientation: 6},
            "Exif": {
                piexif.ExifIFD.MakerNote: b"SECRETNOTE" * 9,
                piexif.ExifIFD.ISOSpeedRatings: 200,
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((47, 1), (22, 1), (123457, 1000)),
                piexif.GPSIFD.GPSLongitudeRef: b"E",
                piexif.GPSIFD.GPSLongitude: ((8, 1), (33, 1), (765431, 1000)),
                piexif.GPSIFD.GPSProcessingMethod: b"SECRETMETHOD",
            },
            "1st": {piexif.ImageIFD.Make: b"Thumb"},
            "thumbnail": small.getvalue(),
        }
    )


def picture(kind: str) -> bytes:
    out = BytesIO()
    block = exif()
    match kind:
        case "jpg":
            GREEN.save(out, "JPEG", exif=block, xmp=XMP)
            return out.getvalue() + b"ftypmp42 a film after the end SECRETTAIL"
        case "png":
            texts = PngImagePlugin.PngInfo()
            texts.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=True)
            texts.add_text("Location", "SECRETPLACE")
            texts.add_text("Title", "a title stays")
            GREEN.save(out, "PNG", exif=block, pnginfo=texts)
        case "webp":
            GREEN.save(out, "WEBP", exif=block, xmp=XMP, lossless=True)
        case "tif":
            tags = Image.Exif()
            tags.load(block)
            tags[0x2BC] = XMP
            GREEN.save(out, "TIFF", exif=tags)
        case _:
            GREEN.save(out, "AVIF", exif=block, xmp=XMP)
    return out.getvalue()


SECRETS = (b"SECRET", b"GPSLatitude", b"47,22", (123457).to_bytes(4, "big"), (765431).to_bytes(4, "big"),
           (123457).to_bytes(4, "little"), (765431).to_bytes(4, "little"))  # fmt: skip


@pytest.mark.parametrize("kind", MEDIA)
def test_no_byte_of_the_place_is_left_and_no_pixel_changes(kind: str) -> None:
    before = picture(kind)
    seen = data.probe(before, f"a.{kind}")
    assert isinstance(seen, data.Probe)
    assert seen.metadata["gps.latitude_deg"] == pytest.approx(47.4, abs=0.1)
    after = cleaned(before, MEDIA[kind], seen.orientation, place=True)
    for secret in SECRETS:
        assert secret not in after, secret
    told = data.probe(after, f"a.{kind}")
    assert isinstance(told, data.Probe)
    assert not [key for key in told.metadata if "gps" in key]
    assert (told.width, told.height, told.orientation) == (
        seen.width,
        seen.height,
        seen.orientation,
    )
    assert told.metadata["exif.make"] == "Maker"
    same = [np.asarray(Image.open(BytesIO(each))) for each in (before, after)]
    assert (same[0] == same[1]).all()
    assert cleaned(after, MEDIA[kind], seen.orientation, place=True) == after


def test_an_orientation_that_only_xmp_told_stays() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    out = BytesIO()
    GREEN.save(out, "PNG", pnginfo=texts)
    before = data.probe(out.getvalue(), "a.png")
    after = data.probe(cleaned(out.getvalue(), "image/png", 6, place=True), "a.png")
    assert isinstance(before, data.Probe)
    assert isinstance(after, data.Probe)
    assert before.orientation == after.orientation == 6


@given(st.binary(max_size=400), st.integers(0, 600), st.booleans())
def test_damaged_blocks_never_raise_and_never_grow(noise: bytes, at: int, place: bool) -> None:
    block = exif()[6:]
    broken = block[:at] + noise + block[at + len(noise) :]
    out = clean_tiff(broken, place=place)
    assert len(out) in {0, len(broken)}
    if place and out:
        assert not [key for key in read_exif(out).metadata if key.startswith("gps.")]


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    workspace.create(tmp_path / "ws")
    (tmp_path / "ws" / "visloop.yaml").write_text("privacy: {gps: remove}\n")
    with workspace.opened(tmp_path / "ws") as opened:
        yield opened


def folder_of(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for kind in MEDIA:
        (folder / f"a.{kind}").write_bytes(picture(kind))
    return folder


def stored(ports: Ports) -> bytes:
    return b"".join(each.read_bytes() for each in ports.inner.rglob("*") if each.is_file())


def test_the_policy_of_the_workspace_is_kept_for_every_file(ports: Ports, tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "cut.jpg").write_bytes(picture("jpg")[:1500])
    told = added(ports, folder)
    assert (told.added, told.quarantined) == (5, 1), told.notes
    for sample in samples(ports).values():
        assert sample.metadata["privacy.gps"] == "removed"
        assert not [key for key in sample.metadata if key.startswith("gps.")]
        raw = ports.blobs.get(sample.image)
        assert not any(secret in raw for secret in SECRETS)
    assert b"SECRETNOTE" not in stored(ports), "not even what was refused"
    again = added(ports, folder)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 5)


def test_a_stricter_wish_for_one_call_and_never_a_weaker_one(tmp_path: Path) -> None:
    workspace.create(tmp_path / "ws")
    folder = folder_of(tmp_path)
    with workspace.opened(tmp_path / "ws") as ports:
        added(ports, folder)
        assert all("gps.latitude_deg" in each.metadata for each in samples(ports).values())
        again = added(ports, folder, privacy={"gps": "remove"})
        assert again.updated == 5
        assert not any("gps.latitude_deg" in each.metadata for each in samples(ports).values())


@pytest.mark.parametrize("wish", [{"gps": "keep"}, {"gps": "blur"}, {"plates": "blur"}])
def test_wishes_that_cannot_be(ports: Ports, tmp_path: Path, wish: dict[str, str]) -> None:
    with pytest.raises(UsageError) as refused:
        added(ports, folder_of(tmp_path), privacy=wish)
    assert refused.value.fix


def test_files_left_in_place_cannot_be_cleaned(ports: Ports, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="left in place"):
        added(ports, folder_of(tmp_path), in_place=True)


def test_deep_sees_what_the_outer_form_hides(tmp_path: Path) -> None:
    out = BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)).save(
        out, "JPEG"
    )
    raw = bytearray(out.getvalue())
    raw[len(raw) // 2 : len(raw) // 2 + 40] = b"\xff\x00" * 20
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(raw)
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as ports:
        plain: Any = added(ports, folder)
        assert plain.added == 1
        assert added(ports, folder, deep=True).quarantined == 1
        (waiting,) = data.quarantine_list(ports.data, Scope())
        assert waiting.reason_code == "damaged"
