"""The slow path: ask Pillow, decode the first frame, believe nothing before that."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image

from visloop.data.ingest.exif import Exif, read_exif
from visloop.data.ingest.media import SUPPORTED
from visloop.data.ingest.records import BrokenFile, Probe

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_ORIENTATION: Final = 0x112
_DNG_VERSION: Final = 0xC612
_SIXTEEN_BIT: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_THIRTY_TWO_BIT: Final = frozenset({"I", "F"})


def open_picture(data: bytes, media: str) -> ImageFile:
    """Open as exactly that format, undecoded; unlike `Image.open` without a process-wide size limit.

    Raises:
        BrokenFile: `decode_error`, or `unsupported_media` where this Pillow lacks the format.
    """
    kind = SUPPORTED[media]
    Image.preinit()
    if kind not in Image.OPEN:
        Image.init()
    if kind not in Image.OPEN:
        raise BrokenFile("unsupported_media", f"this machine's Pillow cannot read {kind}")
    factory, _ = Image.OPEN[kind]
    with _quiet():
        try:
            return factory(BytesIO(data), "")
        except Exception as problem:
            raise _broken(problem) from problem


def probe_slowly(data: bytes, media: str, *, max_pixels: int) -> Probe:
    """Open and decode.

    Raises:
        BrokenFile: every way in which that can fail.
    """
    picture = open_picture(data, media)
    width, height = picture.size
    check_pixels(width, height, max_pixels)
    tags = getattr(picture, "tag_v2", None) if media == "image/tiff" else None
    if tags is not None and _DNG_VERSION in tags:
        raise BrokenFile("camera_raw", "a digital negative (DNG) holds raw sensor data")
    mode = picture.mode
    with _quiet():
        try:
            exif = _exif(picture, data, media)
            frames = int(getattr(picture, "n_frames", 1))
            picture.load()
        except Exception as problem:
            raise _broken(problem) from problem
    if exif.orientation >= 5 and media != "image/tiff":  # noqa: PLR2004 - Pillow turns TIFF itself
        width, height = height, width
    return Probe(
        media=media,
        width=width,
        height=height,
        mode=mode,
        orientation=exif.orientation,
        frames=frames,
        metadata=exif.metadata | depth(mode),
        notes=_notes(exif, mode),
    )


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Refuse by the header's size, before anything is decoded.

    Raises:
        BrokenFile: `too_many_pixels`, or `decode_error` for an empty picture.
    """
    if width <= 0 or height <= 0:
        raise BrokenFile("decode_error", f"the picture says that it is {width} × {height} pixels")
    if width * height > max_pixels:
        megapixels, most = width * height / 1e6, max_pixels / 1e6
        raise BrokenFile(
            "too_many_pixels",
            f"{width} × {height} pixels ({megapixels:,.0f} MP) are more than {most:,.0f} MP",
        )


def depth(mode: str) -> dict[str, int]:
    """The bits per channel as metadata, where they are not the usual eight."""
    if mode in _SIXTEEN_BIT:
        return {"image.depth_bits": 16}
    return {"image.depth_bits": 32} if mode in _THIRTY_TWO_BIT else {}


def pillow_orientation(picture: ImageFile) -> int:
    """EXIF's (or XMP's) word as Pillow reads it, 1 … 8: what will turn the picture on decoding."""
    turned = picture.getexif().get(_ORIENTATION, 1)
    return turned if turned in range(1, 9) else 1


def _exif(picture: ImageFile, data: bytes, media: str) -> Exif:
    if media == "image/tiff":
        # The file itself is the block; Pillow's word on orientation counts, because it turns.
        exif = read_exif(data)
        turned = getattr(picture, "tag_v2", {}).get(_ORIENTATION, 1)
        return exif._replace(orientation=turned if turned in range(1, 9) else 1)
    block = picture.info.get("exif")
    exif = (
        read_exif(block.removeprefix(b"Exif\0\0")) if isinstance(block, bytes) and block else Exif()
    )
    return exif if media == "image/jpeg" else exif._replace(orientation=pillow_orientation(picture))


def _notes(exif: Exif, mode: str) -> tuple[str, ...]:
    notes = () if exif.clean else ("its EXIF block is damaged: read as far as possible",)
    if mode in _THIRTY_TWO_BIT:
        return (*notes, f"its numbers (mode {mode}) have no stated range: no model can read them")
    return notes


def _broken(problem: Exception) -> BrokenFile:
    text = str(problem) or type(problem).__name__
    cut = isinstance(problem, EOFError) or "truncated" in text.lower()
    return BrokenFile("truncated" if cut else "decode_error", text)


def _quiet() -> warnings.catch_warnings:
    """Pillow warns of odd tags; what matters is in the probe's notes."""
    return warnings.catch_warnings(action="ignore")
