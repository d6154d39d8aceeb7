"""What a picture is said to be, and which files are refused, by real and by made files."""

from __future__ import annotations

import io
import struct
import sys
import time
import tracemalloc
import zlib
from pathlib import Path

import piexif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from visloop import infer
from visloop.data.ingest.exif import read_exif
from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe
from visloop.data.records import Refusal
from visloop.vision import Contract

MODES = {
    "grey.jpg": ("L", "JPEG"),
    "cmyk.jpg": ("CMYK", "JPEG"),
    "grey.png": ("L", "PNG"),
    "sixteen.png": ("I;16", "PNG"),
    "alpha.png": ("RGBA", "PNG"),
    "grey_alpha.png": ("LA", "PNG"),
    "palette.png": ("P", "PNG"),
    "one_bit.png": ("1", "PNG"),
    "palette.gif": ("P", "GIF"),
    "colour.bmp": ("RGB", "BMP"),
    "alpha.webp": ("RGBA", "WEBP"),
    "float.tif": ("F", "TIFF"),
    "sixteen.tif": ("I;16", "TIFF"),
    "colour.avif": ("RGB", "AVIF"),
}


def encoded(
    mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (40, 30), **how
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **how)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def huge_png(side: int) -> bytes:
    """A valid one-bit picture of side × side pixels, compressed as it is made."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join(squeeze.compress(row * 100) for _ in range(side // 100)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def good(data: bytes, name: str = "a.jpg") -> Probe:
    found = probe(data, name)
    assert isinstance(found, Probe), found
    return found


def refused(data: bytes, name: str = "a.jpg") -> Refusal:
    found = probe(data, name)
    assert isinstance(found, Refusal), found
    assert found.path == name
    assert found.reason
    assert found.fix
    return found


@pytest.mark.parametrize("name", MODES)
def test_every_mode_is_kept_as_it_is(name: str) -> None:
    mode, kind = MODES[name]
    found = good(encoded(mode, kind), name)
    assert (found.mode, found.width, found.height, found.orientation) == (mode, 40, 30, 1)
    assert found.metadata.get("image.depth_bits") == {"I;16": 16, "F": 32}.get(mode)


def test_the_name_does_not_decide() -> None:
    assert good(encoded(kind="PNG"), "a.jpg").media == "image/png"
    assert good(encoded(kind="JPEG"), "no-suffix").media == "image/jpeg"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_sizes_are_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    data = encoded(kind=kind, exif=exif)
    found = good(data)
    assert found.orientation == orientation
    assert found.stored_size == (40, 30)
    assert (found.width, found.height) == ((30, 40) if orientation > 4 else (40, 30))


def test_a_png_turned_by_its_xmp_is_as_decoders_turn_it() -> None:
    texts = PngImagePlugin.PngInfo()
    xmp = '<x tiff:Orientation="6"/>'
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    found = good(encoded(kind="PNG", pnginfo=texts))
    assert (found.orientation, found.width, found.height) == (6, 30, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", sorted(MODES.keys() - {"float.tif"}))
def test_what_is_taken_is_decoded_to_the_same_upright_size(name: str, orientation: int) -> None:
    mode, kind = MODES[name]
    exif = Image.Exif()
    exif[0x112] = orientation
    data = encoded(mode, kind, **({} if kind in {"GIF", "BMP"} else {"exif": exif}))
    found = good(data, name)
    height, width, _ = infer.decode(data, Contract()).shape
    assert (found.width, found.height) == (width, height)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_impossible_orientation_is_noted_and_upright(orientation: int) -> None:
    data = encoded(exif=piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}}))
    found = good(data)
    assert (found.orientation, found.width) == (1, 40)
    assert any("EXIF" in note for note in found.notes)


def test_metadata_is_typed_with_units_in_the_keys() -> None:
    block = piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: b"Acme", piexif.ImageIFD.Model: "Süß 1".encode()},
            "Exif": {
                piexif.ExifIFD.ExposureTime: (1, 250),
                piexif.ExifIFD.FNumber: (28, 10),
                piexif.ExifIFD.ISOSpeedRatings: 1600,
                piexif.ExifIFD.FocalLength: (35, 1),
                piexif.ExifIFD.DateTimeOriginal: b"2026:03:29 01:59:58",
                piexif.ExifIFD.SubSecTimeOriginal: b"25",
                piexif.ExifIFD.OffsetTimeOriginal: b"+02:00",
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"S",
                piexif.GPSIFD.GPSLatitude: ((33, 1), (51, 1), (3541, 100)),
                piexif.GPSIFD.GPSLongitudeRef: b"E",
                piexif.GPSIFD.GPSLongitude: ((151, 1), (12, 1), (36, 1)),
                piexif.GPSIFD.GPSAltitudeRef: 1,
                piexif.GPSIFD.GPSAltitude: (25, 10),
            },
        }
    )
    assert good(encoded(exif=block)).metadata == {
        "exif.make": "Acme",
        "exif.model": "Süß 1",
        "exif.exposure_s": 0.004,
        "exif.f_number": 2.8,
        "exif.iso": 1600,
        "exif.focal_length_mm": 35.0,
        "exif.taken": "2026-03-29T01:59:58.25+02:00",
        "gps.latitude_deg": -33.8598361,
        "gps.longitude_deg": 151.21,
        "gps.altitude_m": -2.5,
    }


def test_a_damaged_exif_block_costs_only_itself() -> None:
    block = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Acme", piexif.ImageIFD.Orientation: 6}})
    for cut in range(8, len(block)):
        found = good(encoded(exif=block[:cut] + b"\xff" * (len(block) - cut)))
        assert found.stored_size == (40, 30)
    assert good(encoded(exif=b"Exif\0\0garbage")).notes


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_exif_block_raises(tail: bytes, head: bytes) -> None:
    assert 1 <= read_exif(head + tail).orientation <= 8


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(MODES)), st.data())
def test_no_damage_raises(name: str, data: st.DataObject) -> None:
    mode, kind = MODES[name]
    raw = bytearray(encoded(mode, kind, (9, 7)))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    found = probe(bytes(raw[:cut]), name)
    assert isinstance(found, Probe) or found.fix


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP"])
def test_a_cut_file_is_refused(kind: str) -> None:
    picture = Image.effect_noise((120, 90), 80)
    out = io.BytesIO()
    picture.save(out, kind)
    data = out.getvalue()
    assert isinstance(probe(data, "a"), Probe)
    for share in (0.3, 0.6, 0.9):
        assert refused(data[: int(len(data) * share)]).reason_code in {"truncated", "decode_error"}
    assert refused(data[:2]).reason_code in {"truncated", "not_an_image"}


def test_a_thumbnail_inside_exif_does_not_hide_a_cut() -> None:
    block = piexif.dump({"0th": {}, "1st": {}, "thumbnail": encoded(size=(16, 16))})
    data = encoded(size=(200, 200), exif=block)
    assert refused(data[:-40]).reason_code == "truncated"


def test_bytes_after_the_end_are_noted() -> None:
    found = good(encoded() + b"\0" * 77)
    assert any("77 bytes" in note for note in found.notes)
    assert good(encoded(kind="PNG") + b"x" * 5).notes


def test_several_pages_are_noted() -> None:
    pages = [Image.new("L", (8, 8), n) for n in range(3)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    found = good(out.getvalue(), "a.tif")
    assert (found.frames, found.metadata["image.frames"]) == (3, 3)
    assert any("3 pages" in note for note in found.notes)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    data = huge_png(40_000)
    assert len(data) < 1_000_000
    tracemalloc.start()
    began = time.perf_counter()
    found = refused(data, "bomb.png")
    took, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.reason_code, took < 0.1, peak < 1_000_000) == ("too_many_pixels", True, True)
    assert "40000 × 40000" in found.reason


def test_a_large_jpeg_header_is_refused_too() -> None:
    data = bytearray(encoded())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    assert refused(bytes(data)).reason_code == "too_many_pixels"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello", "not_an_image"),
        (b"<!DOCTYPE html><html>404</html>", "not_an_image"),
        (bytes(5000), "not_an_image"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\xff\xd8\xff\xd9" * 9, "decode_error"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "unsupported_media"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "unsupported_media"),
        (bytes(128) + b"DICM" + bytes(40), "unsupported_media"),
        (b"%PDF-1.7 ...", "unsupported_media"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "unsupported_media"),
        (b"P6\n2 2\n255\n" + bytes(12), "unsupported_media"),
        (b"II+\0" + bytes(40), "unsupported_media"),
        (b"8BPS\0\1" + bytes(40), "unsupported_media"),
    ],
)
def test_what_is_no_picture_says_so(data: bytes, code: str) -> None:
    assert refused(data).reason_code == code


def test_heic_names_the_way_out() -> None:
    assert "visloop[heif]" in refused(b"\0\0\0\x18ftypheic" + bytes(40), "a.heic").fix


def test_camera_raw_is_not_taken_for_its_preview() -> None:
    tiff = encoded(kind="TIFF")
    assert good(tiff, "scan.tif").media == "image/tiff"
    assert refused(tiff, "DSC_0001.NEF").reason_code == "unsupported_media"


def test_a_wrong_png_checksum_is_found() -> None:
    data = bytearray(encoded(kind="PNG", size=(64, 64)))
    data[data.index(b"IDAT") + 9] ^= 1
    assert refused(bytes(data)).reason_code == "decode_error"


@pytest.mark.shared
def test_real_pictures_are_as_pillow_says(shared_data: Path) -> None:
    files = sorted(shared_data.glob("**/*.jpg")) + sorted(shared_data.glob("coco/masks/*.png"))
    good_files = [file for file in files if file.parent.name != "broken"]
    assert len(good_files) == 786 + 364 + 28 + 14
    for file in good_files:
        found = good(file.read_bytes(), file.name)
        with Image.open(file) as picture:
            assert (found.stored_size, found.mode) == (picture.size, picture.mode), file
            assert found.orientation == picture.getexif().get(0x112, 1)


@pytest.mark.shared
def test_real_exif(shared_data: Path) -> None:
    found = good((shared_data / "exif" / "DSCN0010.jpg").read_bytes())
    assert found.metadata["exif.model"] == "COOLPIX P6000"
    assert found.metadata["exif.iso"] == 64
    assert found.metadata["exif.taken"] == "2008-10-22T16:28:39"
    assert found.metadata["gps.latitude_deg"] == pytest.approx(43.4674483)
    mirrored = good((shared_data / "exif" / "orientation_landscape_2.jpg").read_bytes())
    assert (mirrored.orientation, mirrored.width, mirrored.height) == (2, 600, 450)


@pytest.mark.shared
def test_real_broken_files(shared_data: Path) -> None:
    codes = {
        file.stem: refused(file.read_bytes(), file.name).reason_code
        for file in (shared_data / "broken").iterdir()
    }
    assert codes == {"empty": "empty", "not_an_image": "not_an_image", "truncated": "truncated"}


@pytest.mark.shared
def test_a_small_jpeg_takes_microseconds(shared_data: Path) -> None:
    files = sorted((shared_data / "bccd" / "JPEGImages").iterdir())
    pictures = [file.read_bytes() for file in files]
    best = sys.float_info.max
    for _ in range(5):
        began = time.perf_counter()
        for data in pictures:
            probe(data, "a.jpg")
        best = min(best, (time.perf_counter() - began) / len(pictures))
    assert best < 60e-6
