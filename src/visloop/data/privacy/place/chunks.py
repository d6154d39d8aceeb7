"""PNG and WebP: chunks rewritten, those of the pixels copied byte for byte."""

from __future__ import annotations

import zlib
from struct import pack, unpack_from
from typing import Final

from visloop.data.privacy.place.tiff import clean_tiff
from visloop.data.privacy.place.words import speaks_of_place

_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_RAW_PROFILE: Final = b"Raw profile type "
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
_AFTER_HEADER: Final = 33


def clean_png(data: bytes, *, place: bool, orientation: int) -> bytes:
    """The file without what follows its end, and (`place`) without what tells the place.

    Only the order of bytes that no picture needs changes: an orientation that stood in a dropped
    text is written as EXIF. `orientation` is that of the whole file.
    """
    kept: list[bytes] = []
    exif = dropped = False
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        whole = data[at : at + 12 + length]
        at += 12 + length
        if kind == b"eXIf":
            block = clean_tiff(body.removeprefix(b"Exif\0\0"), place=place)
            whole, exif = (_chunk(kind, block), True) if block else (b"", exif)
        elif kind in _TEXTS and place and _tells(kind, body):
            whole, dropped = b"", True
        kept.append(whole)
    if dropped and not exif and orientation != 1:
        kept.insert(1, _chunk(b"eXIf", _only_orientation(orientation)))
    return data[:8] + b"".join(kept)


def clean_webp(data: bytes, *, place: bool, orientation: int) -> bytes:
    """The same for WebP, whose flags are set to what is left."""
    (size,) = unpack_from("<I", data, 4)
    end = min(8 + size, len(data))
    kept: list[tuple[bytes, bytes]] = []
    at, turned = 12, False
    while at + 8 <= end:
        kind, length = unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
        if kind == b"EXIF":
            body = clean_tiff(body.removeprefix(b"Exif\0\0"), place=place)
            turned = bool(body)
        if kind == b"XMP " and place and speaks_of_place(body):
            body = b""
        if body or kind not in {b"EXIF", b"XMP "}:
            kept.append((kind, body))
    if not turned and orientation != 1:
        kept.append((b"EXIF", _only_orientation(orientation)))
    kinds = {kind for kind, _ in kept}
    flags = _EXIF_FLAG * (b"EXIF" in kinds) | _XMP_FLAG * (b"XMP " in kinds)
    out = b"".join(
        kind + pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        for kind, body in (
            (kind, _flagged(body, flags) if kind == b"VP8X" else body) for kind, body in kept
        )
    )
    return b"RIFF" + pack("<I", 4 + len(out)) + b"WEBP" + out


def _flagged(body: bytes, flags: int) -> bytes:
    return bytes((body[0] & ~(_EXIF_FLAG | _XMP_FLAG) | flags,)) + body[1:]


def _tells(kind: bytes, body: bytes) -> bool:
    name, _, rest = body.partition(b"\0")
    if name.startswith(_RAW_PROFILE):
        return True  # EXIF, IPTC or XMP as hexadecimal digits
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    if packed:
        start = 1 if kind == b"zTXt" else rest.find(b"\0", rest.find(b"\0", 2) + 1) + 1
        try:
            rest = zlib.decompressobj().decompress(rest[start:], 1 << 24)
        except zlib.error:
            return True
    return speaks_of_place(name) or speaks_of_place(rest)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))


def _only_orientation(orientation: int) -> bytes:
    return b"MM\0*" + pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
