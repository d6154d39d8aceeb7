"""Every EXIF value that we note is what Pillow reads, and it fits its field whatever the block holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.values import fitting
from visloop.data.ingest.exif import read_exif

_PLAIN = {
    "exif.make": ExifTags.Base.Make,
    "exif.model": ExifTags.Base.Model,
    "exif.software": ExifTags.Base.Software,
    "exif.copyright": ExifTags.Base.Copyright,
    "exif.exposure_s": ExifTags.Base.ExposureTime,
    "exif.f_number": ExifTags.Base.FNumber,
    "exif.iso": ExifTags.Base.ISOSpeedRatings,
    "exif.exposure_bias_ev": ExifTags.Base.ExposureBiasValue,
    "exif.focal_length_mm": ExifTags.Base.FocalLength,
    "exif.focal_length_35mm": ExifTags.Base.FocalLengthIn35mmFilm,
    "exif.digital_zoom": ExifTags.Base.DigitalZoomRatio,
    "exif.subject_distance_m": ExifTags.Base.SubjectDistance,
    "exif.lens": ExifTags.Base.LensModel,
    "exif.lens_make": ExifTags.Base.LensMake,
    "exif.serial": ExifTags.Base.BodySerialNumber,
}
_WORDS = {
    "exif.exposure_program": (ExifTags.Base.ExposureProgram, {2: "program", 5: "creative"}),
    "exif.exposure_mode": (ExifTags.Base.ExposureMode, {0: "auto", 1: "manual"}),
    "exif.metering": (ExifTags.Base.MeteringMode, {2: "centre", 5: "pattern"}),
    "exif.white_balance": (ExifTags.Base.WhiteBalance, {0: "auto", 1: "manual"}),
}


def _pillow(file: Path) -> dict[int, Any]:
    with Image.open(file) as picture:
        exif = picture.getexif()
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}


def test_every_real_file_is_read_as_pillow_reads_it(shared_data: Path) -> None:
    compared = 0
    for file in sorted((shared_data / "exif").glob("*.jpg")):
        with Image.open(file) as picture:
            block = picture.info.get("exif")
            place = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        if not block:
            continue
        ours, theirs = read_exif(block.removeprefix(b"Exif\0\0")).metadata, _pillow(file)
        for key, tag in _PLAIN.items():
            value = theirs.get(tag)
            if isinstance(value, str):
                value = value.partition("\0")[0].strip() or None  # ASCII ends at its first NUL
            elif value is not None and not (value > 0 or key == "exif.exposure_bias_ev"):
                value = None  # "not known"
            wanted = (
                value if value is None or isinstance(value, str) else pytest.approx(float(value))
            )
            assert ours.get(key) == wanted, (file.name, key)
            compared += value is not None
        for key, (tag, words) in _WORDS.items():
            assert ours.get(key) == words.get(theirs.get(tag)), (file.name, key)
        flash = theirs.get(ExifTags.Base.Flash)
        assert ours.get("exif.flash") == (None if flash is None else bool(flash & 1))
        moment = theirs.get(ExifTags.Base.DateTimeOriginal) or theirs.get(ExifTags.Base.DateTime)
        taken = str(ours.get("exif.taken", "")).replace("-", ":").replace("T", " ")
        assert taken[:19] == (moment or "")
        if place:
            degrees, minutes, seconds = (float(each) for each in place[2])
            north = degrees + minutes / 60 + seconds / 3600
            sign = -1 if place[1] == "S" else 1
            assert ours["gps.latitude_deg"] == pytest.approx(sign * north, abs=1e-6)
    assert compared > 80


def test_offset_serial_and_lens_come_from_their_tags() -> None:
    block = piexif.dump(
        {
            "0th": {piexif.ImageIFD.DateTime: b"2020:01:01 00:00:00"},
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: b"2024:05:01 12:00:00",
                piexif.ExifIFD.SubSecTimeOriginal: b"250",
                piexif.ExifIFD.OffsetTimeOriginal: b"+02:00",
                piexif.ExifIFD.OffsetTime: b"+09:00",
                piexif.ExifIFD.BodySerialNumber: b"X-17",
                piexif.ExifIFD.LensModel: b"50 mm",
                piexif.ExifIFD.Flash: 0x19,
                piexif.ExifIFD.WhiteBalance: 1,
                piexif.ExifIFD.SubjectDistance: (0xFFFFFFFF, 1),
            },
        }
    )
    found = read_exif(block.removeprefix(b"Exif\0\0")).metadata
    assert found == {
        "exif.taken": "2024-05-01T12:00:00.250+02:00",
        "exif.serial": "X-17",
        "exif.lens": "50 mm",
        "exif.flash": True,
        "exif.white_balance": "manual",
    }


_TEXT = st.sampled_from(
    [b"2024:05:01 12:00:00", b"2024:W18:3 12:00:00", b"+0200", b"+02", b"\xff", b"7"]
)
_RATIO = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                piexif.ExifIFD.DateTimeOriginal,
                piexif.ExifIFD.OffsetTimeOriginal,
                piexif.ExifIFD.SubSecTimeOriginal,
                piexif.ExifIFD.LensModel,
            ]
        ),
        _TEXT,
    ),
    st.dictionaries(
        st.sampled_from(
            [
                piexif.ExifIFD.ExposureTime,
                piexif.ExifIFD.FNumber,
                piexif.ExifIFD.FocalLength,
                piexif.ExifIFD.SubjectDistance,
            ]
        ),
        _RATIO,
    ),
    st.dictionaries(
        st.sampled_from(
            [
                piexif.ExifIFD.ISOSpeedRatings,
                piexif.ExifIFD.Flash,
                piexif.ExifIFD.MeteringMode,
                piexif.ExifIFD.ExposureProgram,
                piexif.ExifIFD.WhiteBalance,
            ]
        ),
        st.integers(0, 65535),
    ),
)
def test_whatever_the_block_says_fits_the_fields(
    texts: dict[int, Any], ratios: dict[int, Any], shorts: dict[int, Any]
) -> None:
    block = piexif.dump({"Exif": {**texts, **ratios, **shorts}})
    for key, value in read_exif(block.removeprefix(b"Exif\0\0")).metadata.items():
        assert fitting(BUILT_IN[key], value) == value
