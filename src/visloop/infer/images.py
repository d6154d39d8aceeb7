"""From the bytes of a picture to upright RGB pixels, as the contract says; or a clear refusal.

JPEGs of grey or RGB pixels go through simplejpeg (libjpeg-turbo), which can scale while it decodes.
Pillow reads the rest, from an allow-list of formats: PNG, GIF and TIFF (first picture), WebP, BMP,
AVIF, and JPEGs in CMYK. 16-bit samples keep their upper byte; transparent pixels are laid over the
contract's background; colour profiles are not applied.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import simplejpeg
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from visloop.errors import Refused
from visloop.infer.orientation import UPRIGHT, cover_upright, jpeg_orientation, turn_upright

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from visloop.vision import Contract, Decoder

_JPEG: Final = b"\xff\xd8\xff"
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_ORIENTATION: Final = 0x0112
_PROGRESSIVE: Final = b"\xff\xc2"
_LIGHT_BYTES: Final = 32 << 10
_LIGHT_PIXELS: Final = 256 * 256
# libjpeg's warnings that leave every pixel as it was meant
_HARMLESS: Final = ("extraneous bytes", "JFIF", "Adobe", "progression", "SOS parameters")
# Opened by class, not by Image.open: that one warns about large pictures, and the limit is ours.
_OPENERS: Final[tuple[tuple[int, bytes, Callable[[io.BytesIO], ImageFile]], ...]] = (
    (0, _JPEG, JpegImagePlugin.JpegImageFile),
    (0, b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (0, b"GIF8", GifImagePlugin.GifImageFile),
    (0, b"BM", BmpImagePlugin.BmpImageFile),
    (0, b"II*\0", TiffImagePlugin.TiffImageFile),
    (0, b"MM\0*", TiffImagePlugin.TiffImageFile),
    (8, b"WEBP", WebPImagePlugin.WebPImageFile),
    (4, b"ftypavif", AvifImagePlugin.AvifImageFile),
)


class NotAnImage(Refused):
    """The bytes are no picture in a format that is read here, or a damaged one."""

    code = "infer.not_an_image"


class TruncatedImage(Refused):
    """The bytes begin as a picture and end before it does."""

    code = "infer.truncated"


class TooManyPixels(Refused):
    """The picture is larger than the contract allows."""

    code = "infer.too_many_pixels"


class Picture(NamedTuple):
    """Decoded pixels, uint8 (H, W, 3), RGB, upright, and what they show.

    A JPEG may come at a smaller scale: `size_hw` is the height and width of the upright picture at
    full size, `cover_xyxy` what the pixels cover of it (its last pixels may reach a little past it).
    """

    pixels: NDArray[np.uint8]
    size_hw: tuple[int, int]
    cover_xyxy: tuple[float, float, float, float]


def decode(data: bytes | memoryview, contract: Contract) -> NDArray[np.uint8]:
    """Upright pixels of a picture: `read`'s, for who need not know where they lie.

    Returns:
        uint8 (H, W, 3), RGB whatever the contract's colour; a JPEG may come at a smaller scale.

    Raises:
        NotAnImage, TruncatedImage, TooManyPixels: see `read`.
    """
    return read(data, contract).pixels


def read(data: bytes | memoryview, contract: Contract) -> Picture:
    """A picture's upright pixels, and which part of the picture they are.

    Args:
        data: the encoded picture, whole.
        contract: its decoder and, for the scale of JPEGs, its resize.

    Raises:
        NotAnImage: not a picture, a damaged one, or of numbers without a stated range.
        TruncatedImage: the picture ends too early.
        TooManyPixels: more than the contract's `max_pixels`.
    """
    decoder = contract.decoder
    least_px = contract.resize.least_px if decoder.scaled else 0
    if bytes(data[:3]) == _JPEG:
        stored = _decode_jpeg(data, decoder, least_px)
        if stored is not None:
            turn = jpeg_orientation(data) if decoder.orientation == "exif" else UPRIGHT
            pixels, size_hw = stored
            covered = cover_upright(size_hw, _cover_hw(size_hw, pixels), turn)
            return Picture(turn_upright(pixels, turn), *covered)
    return whole(_decode_other(bytes(data), decoder))


def whole(pixels: NDArray[np.uint8]) -> Picture:
    """A picture that is decoded already: uint8 (H, W, 3), RGB, upright, at full size."""
    height, width = pixels.shape[:2]
    return Picture(pixels, (height, width), (0.0, 0.0, float(width), float(height)))


def is_light(data: bytes) -> bool:
    """Whether a picture is decoded in a tenth of a millisecond: a small baseline JPEG.

    Progressive ones are not: each of their scans passes over all pixels, and there may be hundreds.
    """
    if len(data) > _LIGHT_BYTES or data[:3] != _JPEG or _PROGRESSIVE in data:
        return False
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return False
    return int(height) * int(width) <= _LIGHT_PIXELS


def _decode_jpeg(
    data: bytes | memoryview, decoder: Decoder, least_px: int
) -> tuple[NDArray[np.uint8], tuple[int, int]] | None:
    """Pixels as stored and the file's height and width; None where Pillow should try (CMYK …)."""
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    _check_size(int(width), int(height), decoder)
    if colour not in {"YCbCr", "Gray", "RGB"}:
        return None
    try:
        return _scaled_jpeg(data, least_px, strict=True), (int(height), int(width))
    except ValueError as error:
        warning = str(error)
    if "remature end" in warning or _is_cut_jpeg(bytes(data)):
        raise _truncated()
    if any(words in warning for words in _HARMLESS):
        return _scaled_jpeg(data, least_px, strict=False), (int(height), int(width))
    raise _not_an_image(f"the JPEG is damaged: {warning}")


def _scaled_jpeg(data: bytes | memoryview, least_px: int, *, strict: bool) -> NDArray[np.uint8]:
    """At the smallest scale up to 1/2 that keeps `least_px`, else (also for 0) at full size.

    Scales between 1/2 and 1 are left out: libjpeg has no fast code for them.
    """
    return simplejpeg.decode_jpeg(
        data, "RGB", min_height=least_px, min_width=least_px, min_factor=2, strict=strict
    )


def _cover_hw(size_hw: tuple[int, int], pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """What the pixels of a JPEG decoded at k/8 cover: each side is ceil(stored side × k / 8)."""
    high, wide = pixels.shape[:2]
    if (high, wide) == size_hw:
        return float(high), float(wide)
    for eighths in (8, 4, 3, 2, 1):
        if (high, wide) == tuple(-(-side * eighths // 8) for side in size_hw):
            return high * 8 / eighths, wide * 8 / eighths
    return float(size_hw[0]), float(size_hw[1])


def _decode_other(data: bytes, decoder: Decoder) -> NDArray[np.uint8]:
    opener = next((o for at, magic, o in _OPENERS if data[at : at + len(magic)] == magic), None)
    if opener is None:
        begins = f"it begins with {data[:8].hex(' ')}" if data else "it is empty"
        raise _not_an_image(f"the file is no picture that is read here: {begins}")
    try:
        with opener(io.BytesIO(data)) as image:
            _check_size(image.width, image.height, decoder)
            turn = _taken_orientation(image)
            pixels = _pixels(image, decoder.background)
    except Refused:
        raise
    except Exception as error:  # Pillow's plug-ins raise whatever a format's parser trips over
        if "truncated" in str(error).lower() or _is_cut_jpeg(data):
            raise _truncated() from error
        raise _not_an_image(f"the picture cannot be decoded: {error}") from error
    return turn_upright(pixels, turn if decoder.orientation == "exif" else UPRIGHT)


def _taken_orientation(image: ImageFile) -> int:
    """EXIF's orientation, taken away so that no plug-in turns the picture too (TIFF's would)."""
    try:
        exif = image.getexif()
        orientation = int(exif.get(_ORIENTATION, UPRIGHT))
        if _ORIENTATION in exif:
            del exif[_ORIENTATION]
    except Exception:  # noqa: BLE001 - a note that cannot be read does not spoil the picture
        return UPRIGHT
    return orientation


def _pixels(image: Image.Image, background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) of whatever Pillow opened."""
    if image.mode.startswith("I;16"):
        # The copy has the pixels' own size; a sideways TIFF's claims to be turned already.
        grey = np.asarray(image.copy(), np.uint16) >> 8
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    if image.mode in {"I", "F"}:
        raise _not_an_image(f"its numbers (mode {image.mode}) have no stated range")
    if image.has_transparency_data:
        above = image.convert("RGBA")
        below = Image.new("RGBA", above.size, (*background, 255))
        image = Image.alpha_composite(below, above)
    return np.array(image.convert("RGB"), np.uint8)


def _check_size(width: int, height: int, decoder: Decoder) -> None:
    if width * height > decoder.max_pixels:
        raise TooManyPixels(
            f"the picture has {width} × {height} pixels; at most {decoder.max_pixels:,} are read",
            fix="shrink or tile it, or raise max_pixels in the model's contract",
        )


def _is_cut_jpeg(data: bytes) -> bool:
    """Whether no end of image follows the last start of a scan."""
    return data[:3] == _JPEG and data.rfind(_END_OF_IMAGE) <= data.rfind(_START_OF_SCAN)


def _truncated() -> TruncatedImage:
    return TruncatedImage(
        "the picture ends too early: its file was cut off", fix="copy or upload the file again"
    )


def _not_an_image(because: str) -> NotAnImage:
    return NotAnImage(because, fix="send a JPEG, PNG, WebP, TIFF, GIF, BMP or AVIF file")
