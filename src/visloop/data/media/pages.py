"""Pages of a TIFF, frames of an animation, frames of a DICOM file: each a picture of its own.

A page is kept as PNG, without loss, not as a reference into its file: it stays what it is when the
file must not be kept, and nothing has to be opened again to look at it.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from PIL import ImageOps

from visloop.data.ingest.media import Unsupported, media_of
from visloop.data.ingest.probe import MAX_PIXELS, probe
from visloop.data.ingest.raster import check_pixels, open_picture
from visloop.data.ingest.records import BrokenFile, Found, Part
from visloop.data.media.converted import converter, told
from visloop.data.media.records import Piece
from visloop.data.records import Refusal
from visloop.errors import VisloopError
from visloop.vision import ClassLabel, NumberValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image
    from PIL.ImageFile import ImageFile

    from visloop.data.media.records import Sink
    from visloop.data.records import AddOptions

OPENED: Final = "opened"
"""The kind of part that stands for the file itself, where its pages are taken instead of it."""
MAX_PAGES: Final = 10_000
_HEAD_BYTES: Final = 512
_ONE_PAGE: Final = frozenset({"jpg", "jpeg", "jpe", "jfif", "bmp", "dib"})
_MANY: Final = frozenset({"image/tiff", "image/gif", "image/webp", "image/png"})
_PNG_MODES: Final = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B"})


def unfold(found: Found, options: AddOptions) -> Iterator[Found]:
    """The file itself, or each of its pictures where it holds several and `--pages all` asks.

    What a label file says of the whole picture goes with every page, what it draws with the first.
    """
    suffix = found.path.rpartition("/")[2].rpartition(".")[2].lower()
    if found.part is not None or suffix in _ONE_PAGE:
        yield found
        return
    every = options.pages == "all"
    if not every and options.window == "auto":  # nothing to say that reading does not say itself
        yield found
        return
    kind, count = _looked_at(found.file, every=every)
    if not kind or (count < 2 and kind != "dicom"):  # noqa: PLR2004
        yield found
        return
    at: dict[str, Any] = {"window": options.window} if kind == "dicom" else {}
    if count < 2:  # noqa: PLR2004
        yield msgspec.structs.replace(found, part=Part(kind=kind, at=at))
        return
    yield msgspec.structs.replace(found, annotations=None, part=Part(kind=OPENED))
    whole = found.annotations and tuple(
        each for each in found.annotations if isinstance(each, ClassLabel | NumberValue)
    )
    for number in range(1, count + 1):
        name = f"page={number:04d}"
        yield msgspec.structs.replace(
            found,
            path=f"{found.path}/{name}",
            source=f"{found.source}/{name}",
            annotations=found.annotations if number == 1 else whole,
            declared=found.declared if number == 1 else None,
            refusals=found.refusals if number == 1 else (),
            part=Part(kind=kind, at=at | {"number": number, "of": count}),
        )


def _looked_at(file: str, *, every: bool) -> tuple[str, int]:
    """The kind of its parts, and how many it holds; ("", 1) where reading it plainly says all."""
    try:
        with Path(file).open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
            media = media_of(head)
            name = media.converter if isinstance(media, Unsupported) else ""
            if not every or (not name and media not in _MANY):
                return name, 1
            data = head + opened.read()
    except OSError:
        return "", 1
    try:
        if isinstance(media, str):
            return "page", min(_frames(open_picture(data, media)), MAX_PAGES)
        return name, min(converter(name).count(data), MAX_PAGES)
    except (BrokenFile, VisloopError):
        return name, 1


def _frames(picture: ImageFile) -> int:
    with warnings.catch_warnings(action="ignore"):
        try:
            return int(getattr(picture, "n_frames", 1))
        except Exception as problem:  # Pillow's readers raise many kinds for damaged files
            raise BrokenFile(
                "decode_error", str(problem) or "its pages cannot be counted"
            ) from problem


def open_page(found: Found, sink: Sink) -> Piece:
    """Opener of the parts of kind `page`."""
    del sink
    assert found.part is not None
    number, count = int(found.part.at["number"]), int(found.part.at["of"])
    file = Path(found.file)
    stat = file.stat()
    picture, media = _held(found.file, stat.st_size, stat.st_mtime_ns)
    metadata: dict[str, Any] = {"page.number": number, "page.count": count}
    with warnings.catch_warnings(action="ignore"):
        try:
            picture.seek(number - 1)
            check_pixels(*picture.size, MAX_PIXELS)
            picture.load()
            if shown_ms := picture.info.get("duration"):
                metadata["page.duration_s"] = round(float(shown_ms) / 1000, 6)
            upright = picture if media == "image/tiff" else ImageOps.exif_transpose(picture)
            kept = _written(upright)
        except BrokenFile:
            raise
        except Exception as problem:  # Pillow's readers raise many kinds for damaged files
            text = str(problem) or type(problem).__name__
            raise BrokenFile("decode_error", f"page {number}: {text}") from problem
    seen = probe(kept, "page.png")
    if isinstance(seen, Refusal):
        raise BrokenFile(seen.reason_code, seen.reason)
    return Piece(kept, told(seen, metadata, ()))


@lru_cache(maxsize=1)
def _held(file: str, size_bytes: int, mtime_ns: int) -> tuple[ImageFile, str]:
    """The open file: its pages are asked for one after the other."""
    del size_bytes, mtime_ns
    data = Path(file).read_bytes()
    media = media_of(data[:_HEAD_BYTES])
    if not isinstance(media, str):
        raise BrokenFile("not_an_image", "it was a picture when its pages were counted")
    return open_picture(data, media), media


def _written(picture: Image.Image) -> bytes:
    """PNG, or TIFF for pixels that PNG does not hold (32 bits, CMYK)."""
    out = BytesIO()
    profile = picture.info.get("icc_profile")
    if picture.mode in _PNG_MODES:
        flat = picture if picture.mode != "I;16B" else picture.convert("I;16")
        flat.save(out, "PNG", compress_level=3, icc_profile=profile, exif=b"")
    else:
        picture.save(out, "TIFF", compression="tiff_adobe_deflate", icc_profile=profile)
    return out.getvalue()
