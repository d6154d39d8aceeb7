"""Bytes to pixels: every kind of picture upright and in RGB, everything else refused by name."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from visloop.errors import Refused
from visloop.infer import (
    NotAnImage,
    TooManyPixels,
    TruncatedImage,
    decode,
    jpeg_orientation,
    preprocess,
)
from visloop.vision import Contract, Decoder

FULL = Contract(decoder=Decoder(scaled=False))
FORMATS = {
    "jpeg": ("JPEG", {"quality": 90}),
    "progressive": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"lossless": True}),
    "gif": ("GIF", {}),
    "tiff": ("TIFF", {}),
    "bmp": ("BMP", {}),
    "avif": ("AVIF", {}),
}


def _photo(width=96, height=64):
    """A picture with a different colour in each corner."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 60)], axis=2)
    return Image.fromarray(rgb.astype(np.uint8))


def _bytes(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


ENCODED = {name: _bytes(_photo(), kind, **options) for name, (kind, options) in FORMATS.items()}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_picture(name):
    got = decode(ENCODED[name], FULL)
    assert got.shape == (64, 96, 3)
    assert got.dtype == np.uint8
    off = np.abs(got.astype(int) - np.asarray(_photo())).mean()
    assert off < (20 if name == "gif" else 4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "webp", "tiff"])
def test_a_turned_picture_comes_upright(name, orientation):
    kind, options = FORMATS[name]
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = _bytes(_photo(), kind, exif=exif, **options)
    got = decode(turned, FULL)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(turned))))
    assert got.shape == upright.shape
    assert np.abs(got.astype(int) - upright).max() <= 4
    ignored = decode(turned, Contract(decoder=Decoder(scaled=False, orientation="ignore")))
    assert ignored.shape == (64, 96, 3)


@pytest.mark.shared
def test_photos_with_exif_come_as_others_show_them(shared_data):
    for path in sorted((shared_data / "exif").glob("*.jpg")):
        data = path.read_bytes()
        got = decode(data, FULL)
        with Image.open(path) as image:
            usual = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        assert got.shape == usual.shape
        assert np.abs(got.astype(int) - usual).mean() < 1
    mirrored = (shared_data / "exif" / "orientation_landscape_2.jpg").read_bytes()
    assert jpeg_orientation(mirrored) == 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(order):
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: 6}})
    if order == "<":
        entry = b"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + b"\0\0\0\0"
    assert jpeg_orientation(_bytes(_photo(), "JPEG", exif=exif)) == 6


@given(st.binary(max_size=80))
def test_any_exif_gives_an_orientation(exif):
    head = b"\xff\xd8\xff\xe1" + (len(exif) + 8).to_bytes(2, "big") + b"Exif\0\0"
    assert jpeg_orientation(head + b"II*\0" + exif) in range(1, 9)
    assert jpeg_orientation(head + exif) in range(1, 9)
    assert jpeg_orientation(b"\xff\xd8" + exif) in range(1, 9)


def test_large_jpegs_are_scaled_while_they_are_decoded_and_look_the_same():
    data = _bytes(_photo(1600, 1200), "JPEG", quality=95)
    assert decode(data, FULL).shape == (1200, 1600, 3)
    small = decode(data, Contract())
    assert small.shape == (300, 400, 3)
    whole, scaled = preprocess(data, FULL), preprocess(data, Contract())
    assert np.abs(whole - scaled).max() < 0.05


def test_sixteen_bits_keep_their_upper_byte():
    ramp = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
    for kind in ("PNG", "TIFF"):
        got = decode(_bytes(Image.fromarray(ramp), kind), FULL)
        assert (got == (ramp >> 8)[:, :, None]).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_show_the_background(mode):
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 16, 32))
    got = decode(_bytes(image.convert(mode), "PNG"), FULL)
    assert (got[:, :16] == 0).all()
    assert (got[:, 16:] == 255).all()
    red = Contract(decoder=Decoder(background=(255, 0, 0)))
    assert (decode(_bytes(image.convert(mode), "PNG"), red)[:, 16:] == (255, 0, 0)).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_colour_modes_become_rgb(mode):
    image = _photo().convert("L").convert("RGB").convert(mode)
    data = _bytes(image, {"CMYK": "JPEG", "YCbCr": "JPEG"}.get(mode, "PNG"))
    assert np.abs(decode(data, FULL).astype(int) - np.asarray(image.convert("RGB"))).mean() < 3


def test_numbers_without_a_range_are_refused():
    for array in (np.zeros((8, 8), np.float32), np.zeros((8, 8), np.int32)):
        with pytest.raises(NotAnImage, match="no stated range"):
            decode(_bytes(Image.fromarray(array), "TIFF"), FULL)


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_with_too_many_pixels_are_refused_before_they_are_decoded(name):
    contract = Contract(decoder=Decoder(max_pixels=96 * 64 - 1))
    with pytest.raises(TooManyPixels, match="96 × 64"):
        decode(ENCODED[name], contract)


def test_a_decompression_bomb_is_refused_without_a_warning():
    bomb = bytearray(_bytes(Image.new("1", (8, 8)), "GIF"))
    bomb[6:10] = b"\xff\xff\xff\xff"
    with pytest.raises(TooManyPixels):  # and a warning would be an error here
        decode(bytes(bomb), FULL)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_exif_that_cannot_be_read_does_not_spoil_the_picture(name):
    kind, options = FORMATS[name]
    data = _bytes(_photo(), kind, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f", **options)
    assert decode(data, FULL).shape == (64, 96, 3)


@pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "gif", "bmp"])
def test_a_picture_that_was_cut_off_is_refused_as_such(name):
    data = ENCODED[name]
    for share in (0.5, 0.7, 0.9):
        with pytest.raises(TruncatedImage):
            decode(data[: int(len(data) * share)], FULL)


@pytest.mark.parametrize("name", ["jpeg", "progressive"])
def test_a_jpeg_cut_anywhere_is_never_taken_for_a_whole_one(name):
    data = ENCODED[name]
    for end in range(len(data) - 1):
        with pytest.raises(Refused):
            decode(data[:end], FULL)


@pytest.mark.shared
def test_broken_files_are_refused_with_a_reason(shared_data):
    broken = shared_data / "broken"
    for name, error in (
        ("empty.jpg", NotAnImage),
        ("not_an_image.jpg", NotAnImage),
        ("truncated.jpg", TruncatedImage),
    ):
        with pytest.raises(error) as refused:
            decode((broken / name).read_bytes(), Contract())
        assert refused.value.fix


def test_programs_and_documents_are_no_pictures():
    for data in (
        b"%PDF-1.4 ...",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"<svg/>",
        Path(__file__).read_bytes(),
    ):
        with pytest.raises(NotAnImage):
            decode(data, FULL)


def test_a_memoryview_decodes_as_bytes_do():
    for name in ("jpeg", "png"):
        assert (decode(memoryview(ENCODED[name]), FULL) == decode(ENCODED[name], FULL)).all()


def _decodes_or_refuses(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            got = decode(data, Contract(decoder=Decoder(max_pixels=4_000_000)))
        except Refused:
            return
    assert got.ndim == 3
    assert got.shape[2] == 3


@given(
    magic=st.sampled_from([b"", *(data[:16] for data in ENCODED.values())]),
    rest=st.binary(max_size=400),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_decode_or_are_refused(magic, rest):
    _decodes_or_refuses(magic + rest)


@given(
    name=st.sampled_from(sorted(FORMATS)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.floats(0, 1),
)
@settings(max_examples=300, deadline=None)
def test_damaged_pictures_decode_or_are_refused(name, edits, keep):
    data = bytearray(ENCODED[name])
    for where, value in edits:
        data[int(where * (len(data) - 1))] = value
    _decodes_or_refuses(bytes(data[: max(1, int(keep * len(data)))]))
    _decodes_or_refuses(bytes(data))
