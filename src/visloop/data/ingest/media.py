"""Which kind of file it is, by its first bytes, never by its name."""

from __future__ import annotations

from typing import Final, NamedTuple

SUPPORTED: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
"""Media type → Pillow's name of the format. What is taken here must be decoded by `infer` too."""

EXTENSIONS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/avif": ".avif",
}

_READ: Final = "avif bmp dib gif j2k jfif jp2 jpe jpeg jpg pbm pgm png pnm ppm tif tiff webp"
_KNOWN: Final = (
    "arw cr2 cr3 dcm dicom dng exr fits hdr heic heif hif ico jxl nef orf pef psd raf rw2 srw svg"
)
_RAW: Final = "arw cr2 dng nef orf pef rw2 srw"

READ_SUFFIXES: Final = frozenset(_READ.split())
"""Names under which other tools expect a picture that they can open."""

PICTURE_SUFFIXES: Final = frozenset((*_READ.split(), *_KNOWN.split()))
"""File names that promise a picture: such a file is either taken or refused with a reason."""

RAW_SUFFIXES: Final = frozenset(_RAW.split())
"""Camera raw that looks like TIFF; its first picture is only a preview."""

_FILMS: Final = "3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv webm wmv h264 hevc h265"
FILM_SUFFIXES: Final = frozenset(_FILMS.split())
"""File names that promise a film."""

_CONVERT = "convert it to JPEG or PNG, then add it again"


class Unsupported(NamedTuple):
    """A kind of file that is known and not read: its name, and what to do instead.

    `converter` names the plug-in of `visloop.media` that makes a picture of it, where there is one.
    """

    name: str
    fix: str
    converter: str = ""


_HEIC = Unsupported("HEIC/HEIF", "pip install 'visloop[heif]', then retry", "heif")
_DICOM = Unsupported("DICOM", "pip install 'visloop[dicom]', then retry", "dicom")
RAW: Final = Unsupported("camera raw", "develop it to JPEG or 16-bit TIFF first")
_VIDEO = Unsupported("video", "say which pictures to take: visloop add FILE --frames every:1s")
_TRANSPORT_BYTES: Final = 188

_BRANDS: dict[bytes, str | Unsupported] = {
    b"avif": "image/avif",
    b"avis": Unsupported("AVIF sequence", _CONVERT),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), _HEIC),
    b"crx ": RAW,
}

_STARTS: tuple[tuple[bytes, str | Unsupported], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", Unsupported("BigTIFF", "save it as plain TIFF, or cut it into tiles")),
    (b"MM\0+", Unsupported("BigTIFF", "save it as plain TIFF, or cut it into tiles")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Unsupported("JPEG 2000", _CONVERT)),
    (b"\xffO\xffQ", Unsupported("JPEG 2000", _CONVERT)),
    (b"\xff\n", Unsupported("JPEG XL", _CONVERT)),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Unsupported("JPEG XL", _CONVERT)),
    (b"8BPS", Unsupported("Photoshop", "export it as PNG or TIFF")),
    (b"v/1\x01", Unsupported("OpenEXR", "convert it to 16-bit PNG or TIFF")),
    (b"#?RADIANCE", Unsupported("Radiance HDR", "convert it to 16-bit PNG or TIFF")),
    (b"SIMPLE  =", Unsupported("FITS", "convert it to 16-bit PNG or TIFF")),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIRO", RAW),
    (b"IIU\0", RAW),
    (b"%PDF-", Unsupported("PDF", "export its pages as PNG: pdftoppm -png a.pdf page")),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"\0\0\x01\0", Unsupported("icon", _CONVERT)),
)


_GROUPS: Final = frozenset({b"\2\0", b"\x08\0", b"\0\2", b"\0\x08"})
_ELEMENTS: Final = frozenset(
    pair for each in (0, 1, 5, 8, 0x12, 0x16, 0x18) for pair in (bytes((each, 0)), bytes((0, each)))
)
"""What the first element of a DICOM file without its preamble is (PS3.6: group 0002 or 0008)."""


def media_of(data: bytes) -> str | Unsupported | None:
    """The media type of `data` (its first 264 bytes suffice), what it is instead, or None."""
    if data[128:132] == b"DICM" and not data.startswith(b"\xff\xd8\xff"):
        return _DICOM  # some begin like a TIFF as well (PS3.10 7.1: the preamble is free)
    for start, media in _STARTS:
        if data.startswith(start):
            return media
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], _VIDEO)
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": _VIDEO}.get(data[8:12])
    return _loose_media(data)


def is_film_start(data: bytes) -> bool:
    """Whether a file that begins like this is a film."""
    media = media_of(data)
    transport = data[:1] == b"G" == data[_TRANSPORT_BYTES : _TRANSPORT_BYTES + 1]
    return transport or (isinstance(media, Unsupported) and media.name == _VIDEO.name)


def _loose_media(data: bytes) -> str | Unsupported | None:
    """Kinds whose mark is so short that more than the mark has to fit."""
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return Unsupported("PBM/PGM/PPM", _CONVERT)
    if data[:2] in _GROUPS and data[2:4] in _ELEMENTS:
        return _DICOM
    head = data[:256].lstrip().lower()
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return Unsupported("SVG", "render it to PNG at the size you want")
    return None
