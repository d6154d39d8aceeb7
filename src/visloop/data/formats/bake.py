"""Turn pixels upright for readers that do not look at EXIF, changing as little else as possible.

JPEG is written again with its own quantisation tables (transposed where the picture turns by 90
degrees), so that the coefficients stay nearly what they were; PNG, TIFF and WebP without loss.
The EXIF block is kept byte by byte, but for its orientation and its thumbnail, which goes.
"""

from __future__ import annotations

from io import BytesIO
from struct import error, pack_into, unpack_from
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, JpegImagePlugin

from visloop.data.ingest.raster import open_picture

if TYPE_CHECKING:
    from collections.abc import Sequence


_METHODS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION: Final = 0x112
_SUBSAMPLING_4_2_2: Final = 1


def bake(data: bytes, media: str, orientation: int) -> tuple[bytes, str]:
    """The picture with its orientation applied to the pixels.

    Args:
        data: the encoded picture.
        media: its media type, one of the supported ones.
        orientation: EXIF's, 2 … 8.

    Returns:
        Encoded bytes and their media type; formats that cannot be written again without harm
        become PNG.

    Raises:
        BrokenFile: the picture cannot be decoded.
    """
    picture = open_picture(data, media)
    picture.load()
    kept: dict[str, Any] = {}
    if "icc_profile" in picture.info:
        kept["icc_profile"] = picture.info["icc_profile"]
    block = picture.info.get("exif")
    if isinstance(block, bytes) and block:
        kept["exif"] = upright_exif(block)
    # Pillow turns TIFF itself while loading.
    turned = picture if media == "image/tiff" else picture.transpose(_METHODS[orientation])
    out = BytesIO()
    match media:
        case "image/jpeg":
            kept |= jpeg_settings(picture, transposed=orientation >= 5)  # noqa: PLR2004
            turned.save(out, "JPEG", **kept)
        case "image/tiff":
            turned.save(out, "TIFF", compression="tiff_lzw", icc_profile=kept.get("icc_profile"))
        case "image/webp":
            turned.save(out, "WEBP", lossless=True, exact=True, **kept)
        case _:
            turned.save(out, "PNG", **kept)
            media = "image/png"
    return out.getvalue(), media


def upright_exif(block: bytes) -> bytes:
    """The block (with or without its `Exif` mark) with orientation 1 and no link to a thumbnail."""
    mark = 6 if block.startswith(b"Exif\0\0") else 0
    mended = bytearray(block)
    order = "<" if block[mark : mark + 2] == b"II" else ">"
    try:
        (at,) = unpack_from(f"{order}I", mended, mark + 4)
        at += mark
        (count,) = unpack_from(f"{order}H", mended, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            (tag,) = unpack_from(f"{order}H", mended, entry)
            if tag == _ORIENTATION:
                pack_into(f"{order}HHIHH", mended, entry, tag, 3, 1, 1, 0)
        pack_into(f"{order}I", mended, at + 2 + 12 * count, 0)
    except error:
        return bytes(mended)
    return bytes(mended)


def jpeg_settings(picture: Image.Image, *, transposed: bool) -> dict[str, Any]:
    """Settings of Pillow that write a JPEG as `picture` was: its tables (as they lie when the
    picture is turned by 90 degrees), its sampling of colour, its density.
    """
    tables: dict[int, Sequence[int]] = getattr(picture, "quantization", {})
    if transposed:
        tables = {
            number: [table[column * 8 + row] for row in range(8) for column in range(8)]
            for number, table in tables.items()
        }
    settings: dict[str, Any] = {
        "qtables": [list(tables[number]) for number in sorted(tables)],
        "progressive": bool(picture.info.get("progressive")),
    }
    sampling = JpegImagePlugin.get_sampling(picture)
    if transposed and sampling == _SUBSAMPLING_4_2_2:
        sampling = 0  # 4:2:2 on its side is 4:4:0, which Pillow does not write: keep all colour
    if sampling >= 0:
        settings["subsampling"] = sampling
    for key in ("dpi", "comment"):
        if key in picture.info:
            settings[key] = picture.info[key]
    return settings
