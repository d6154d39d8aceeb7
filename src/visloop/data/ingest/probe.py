"""What an encoded picture is, and whether it is whole: from the header where that is enough.

JPEG and PNG are read here without decoding; everything else, and rare kinds of JPEG, is decoded
once by Pillow. Every mode and orientation is kept as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from visloop.data.ingest.exif import Exif, read_exif
from visloop.data.ingest.jpeg import read_jpeg
from visloop.data.ingest.media import RAW, RAW_SUFFIXES, Unsupported, media_of
from visloop.data.ingest.png import read_png_body, read_png_header
from visloop.data.ingest.raster import check_pixels, depth, probe_slowly
from visloop.data.ingest.records import BrokenFile, Probe
from visloop.data.records import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PIXELS: Final = 250_000_000
"""Larger pictures are refused by their header; tile them first."""

_UPRIGHT: Final = Exif()
_DAMAGED_EXIF: Final = "its EXIF block is damaged: read as far as possible"
_FIXES: Final = {
    "empty": "copy it again from where it came",
    "truncated": "copy it again from where it came; the copy was cut short",
    "too_many_pixels": "cut it into tiles or scale it down, then add those",
    "decode_error": "open and save it again in an image editor, or copy it again",
    "unsupported_media": "convert it to JPEG or PNG, then add it again",
    "not_an_image": "remove it, or check where it came from: the name promises a picture",
    "privacy": "convert it to JPEG or PNG (take the frames of a film out first: ffmpeg -i a.mp4"
    " frame-%05d.png), or change privacy in visloop.yaml",
    "damaged": "copy it again from where it came; without --deep it is kept as it is",
    "no_pixels": "leave it out: there is nothing to look at in it",
    "unsupported_syntax": "pip install python-gdcm, or unpack the file: dcmdjpeg a.dcm b.dcm (or"
    " gdcmconv --raw a.dcm b.dcm)",
    "unreadable": "check that the file is still there and that you may read it",
}


def probe(
    data: bytes, name: str, *, source: str = "", max_pixels: int = MAX_PIXELS
) -> Probe | Refusal:
    """Say what the picture is, or why it is refused; never raises for any bytes.

    Args:
        data: the encoded file.
        name: its logical path, used in the refusal (and to tell camera raw from TIFF).
        source: where it came from, for the refusal.
        max_pixels: the most that may be decoded later.

    Returns:
        Probe, or a Refusal with one of the codes empty, not_an_image, unsupported_media,
        truncated, decode_error, too_many_pixels.
    """
    try:
        if data[:3] == b"\xff\xd8\xff":
            return _jpeg(data, max_pixels)
        return _other(data, name, max_pixels)
    except BrokenFile as broken:
        if broken.reason_code == "camera_raw":
            return refuse(name, source, "unsupported_media", broken.reason, fix=RAW.fix)
        return refuse(name, source, broken.reason_code, broken.reason)
    except _Unsupported as other:
        kind = other.kind
        reason = (
            "it is a video, not a picture" if kind.name == "video" else f"{kind.name} is not read"
        )
        return refuse(name, source, "unsupported_media", reason, fix=kind.fix)


def refuse(path: str, source: str, reason_code: str, reason: str, *, fix: str = "") -> Refusal:
    """A refusal with the usual fix for its code."""
    return Refusal(
        path=path,
        source=source or path,
        reason_code=reason_code,
        reason=reason,
        fix=fix or _FIXES.get(reason_code, ""),
    )


def unreadable(path: str, source: str, problem: OSError) -> Refusal:
    """The refusal for a file that the system would not open or read."""
    return refuse(path, source, "unreadable", problem.strerror or type(problem).__name__)


class _Unsupported(Exception):
    def __init__(self, kind: Unsupported) -> None:
        super().__init__(kind.name)
        self.kind = kind


def _jpeg(data: bytes, max_pixels: int) -> Probe:
    width, height, mode, block, pictures, trailing = read_jpeg(data)
    if width * height > max_pixels:
        check_pixels(width, height, max_pixels)
    if mode is None:
        return probe_slowly(data, "image/jpeg", max_pixels=max_pixels)
    exif = read_exif(block) if block is not None else _UPRIGHT
    metadata = exif.metadata
    if pictures > 1:
        metadata = metadata | {"image.frames": pictures}
    if exif.orientation >= 5:  # noqa: PLR2004 - 5 … 8 turn by 90 degrees
        width, height = height, width
    return Probe(
        media="image/jpeg",
        width=width,
        height=height,
        mode=mode,
        orientation=exif.orientation,
        frames=pictures,
        metadata=metadata,
        notes=_notes(exif, pictures, trailing)
        if trailing or pictures > 1 or not exif.clean
        else (),
    )


def _other(data: bytes, name: str, max_pixels: int) -> Probe:
    if not data:
        raise BrokenFile("empty", "the file has no bytes")
    media = media_of(data[:512])
    if isinstance(media, Unsupported):
        raise _Unsupported(media)
    if media is None:
        raise _not_an_image(data)
    if media == "image/png":
        return _png(data, max_pixels)
    if media == "image/tiff" and name.rpartition(".")[2].lower() in RAW_SUFFIXES:
        raise _Unsupported(RAW)
    found = probe_slowly(data, media, max_pixels=max_pixels)
    if found.frames == 1:
        return found
    return Probe(
        media=found.media,
        width=found.width,
        height=found.height,
        mode=found.mode,
        orientation=found.orientation,
        frames=found.frames,
        metadata=found.metadata | {"image.frames": found.frames},
        notes=(*found.notes, _frames_note(found.frames)),
    )


def _png(data: bytes, max_pixels: int) -> Probe:
    header = read_png_header(data)
    check_pixels(header.width, header.height, max_pixels)
    body = read_png_body(data)
    exif = read_exif(body.exif.removeprefix(b"Exif\0\0")) if body.exif else _UPRIGHT
    if body.turned_by_text:
        return probe_slowly(data, "image/png", max_pixels=max_pixels)
    metadata: dict[str, Any] = exif.metadata | depth(header.mode)
    if header.depth_bits == 16:  # noqa: PLR2004 - also RGB and RGBA, whose mode does not say so
        metadata["image.depth_bits"] = 16
    if body.frames > 1:
        metadata["image.frames"] = body.frames
    turned = exif.orientation >= 5  # noqa: PLR2004
    return Probe(
        media="image/png",
        width=header.height if turned else header.width,
        height=header.width if turned else header.height,
        mode=header.mode,
        orientation=exif.orientation,
        frames=body.frames,
        metadata=metadata,
        notes=_notes(exif, body.frames, body.trailing_bytes),
    )


def _notes(exif: Exif, frames: int, trailing_bytes: int) -> tuple[str, ...]:
    notes: Sequence[str] = (
        "" if exif.clean else _DAMAGED_EXIF,
        _frames_note(frames) if frames > 1 else "",
        f"{trailing_bytes} bytes follow the picture's end: kept, not read"
        if trailing_bytes
        else "",
    )
    return tuple(note for note in notes if note)


def _frames_note(frames: int) -> str:
    return f"it holds {frames} pages or frames: only the first is used (--pages all takes each)"


def _not_an_image(data: bytes) -> BrokenFile:
    head = data[:64].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return BrokenFile("not_an_image", "it holds a web page, not a picture")
    if data.count(0, 0, 4096) == min(len(data), 4096):
        return BrokenFile("not_an_image", "it holds nothing but zeros")
    if b"\xff\xd8\xff".startswith(data) or b"\x89PNG\r\n\x1a\n".startswith(data):
        return BrokenFile("truncated", "the file stops inside its header")
    return BrokenFile("not_an_image", "its first bytes are those of no kind of picture")
