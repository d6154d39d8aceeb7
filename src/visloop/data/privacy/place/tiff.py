"""EXIF blocks and TIFF files: GPS, maker notes and previews zeroed in place; nothing else moves.

The length stays, so every offset that a maker's software wrote stays true. Source: CIPA DC-008,
TIFF 6.0, XMP part 3 (tag 700), IPTC-NAA (tag 33723).
"""

from __future__ import annotations

from struct import error, pack_into, unpack_from
from typing import Final

_GPS, _EXIF, _MAKER_NOTE, _SUB_IFDS = 0x8825, 0x8769, 0x927C, 0x14A
_PACKETS: Final = frozenset({700, 33723, 34377})
"""XMP, IPTC and Photoshop blocks of a TIFF file: they may tell the place too."""
_THUMBNAIL_AT, _THUMBNAIL_BYTES = 0x201, 0x202
_SIZES: Final = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 4)
_MOST_DIRECTORIES: Final = 256
_INLINE_BYTES: Final = 4


class _Block:
    """A TIFF structure that is being cleaned."""

    def __init__(self, block: bytes, *, place: bool, previews: bool, file: bool) -> None:
        self.raw = bytearray(block)
        self.order = "<" if block[:2] == b"II" else ">"
        self.place, self.previews, self.file = place, previews, file
        self.seen: set[int] = set()

    def run(self) -> bytes:
        (at,) = unpack_from(f"{self.order}I", self.raw, 4)
        link = 4
        while at and at not in self.seen and len(self.seen) < _MOST_DIRECTORIES:
            if self.previews and not self.file and self.seen:
                self._drop_preview(at)
                pack_into(f"{self.order}I", self.raw, link, 0)
                break
            link = self._directory(at)
            (at,) = unpack_from(f"{self.order}I", self.raw, link)
        return bytes(self.raw)

    def _entries(self, at: int) -> list[tuple[int, int, int, int]]:
        """(offset, tag, type, count) of each entry that lies inside the block."""
        (count,) = unpack_from(f"{self.order}H", self.raw, at)
        found: list[tuple[int, int, int, int]] = []
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, n = unpack_from(f"{self.order}HHI", self.raw, entry)
            found.append((entry, tag, kind, n))
        return found

    def _directory(self, at: int) -> int:
        """Clean one directory; where the link to the next one is now."""
        self.seen.add(at)
        entries = self._entries(at)
        kept: list[bytes] = []
        for entry, tag, kind, n in entries:
            if self._goes(tag):
                if tag == _GPS:
                    self._wipe_directory(self._pointer(entry))
                else:
                    self._wipe_value(entry, kind, n)
                continue
            if tag in {_EXIF, _SUB_IFDS}:
                self._below(tag, entry, kind, n)
            kept.append(bytes(self.raw[entry : entry + 12]))
        end = at + 2 + 12 * len(entries)
        follows = bytes(self.raw[end : end + 4]).ljust(4, b"\0")
        body = b"".join(kept) + follows
        self.raw[at + 2 : end + 4] = body.ljust(12 * len(entries) + 4, b"\0")
        pack_into(f"{self.order}H", self.raw, at, len(kept))
        return at + 2 + 12 * len(kept)

    def _goes(self, tag: int) -> bool:
        if tag == _GPS:
            return self.place
        return tag == _MAKER_NOTE or (tag in _PACKETS and self.place)

    def _below(self, tag: int, entry: int, kind: int, n: int) -> None:
        if tag == _EXIF or n == 1:
            places = [self._pointer(entry)]
        else:
            start = self._pointer(entry)
            places = [self._long(start + 4 * i) for i in range(min(n, _MOST_DIRECTORIES))]
        del kind
        for at in places:
            if at and at not in self.seen and len(self.seen) < _MOST_DIRECTORIES:
                self._directory(at)

    def _pointer(self, entry: int) -> int:
        return self._long(entry + 8)

    def _long(self, at: int) -> int:
        (value,) = unpack_from(f"{self.order}I", self.raw, at)
        return value

    def _wipe_value(self, entry: int, kind: int, n: int) -> None:
        length = (_SIZES[kind] if kind < len(_SIZES) else 1) * n
        if length > _INLINE_BYTES:
            self._wipe(self._pointer(entry), length)

    def _wipe_directory(self, at: int) -> None:
        try:
            entries = self._entries(at)
        except error:
            return
        for entry, _, kind, n in entries:
            self._wipe_value(entry, kind, n)
        self._wipe(at, 2 + 12 * len(entries) + 4)

    def _drop_preview(self, at: int) -> None:
        """The second directory of EXIF: a thumbnail, which shows what was cut away or blurred."""
        try:
            values = {tag: self._pointer(entry) for entry, tag, _, _ in self._entries(at)}
        except error:
            return
        self._wipe(values.get(_THUMBNAIL_AT, 0), values.get(_THUMBNAIL_BYTES, 0))
        self._wipe_directory(at)

    def _wipe(self, at: int, length: int) -> None:
        first = 8  # never the header
        start, stop = max(at, first), min(at + length, len(self.raw))
        if start < stop:
            self.raw[start:stop] = bytes(stop - start)


def clean_tiff(block: bytes, *, place: bool, previews: bool = True, file: bool = False) -> bytes:
    """The block without maker notes, and without its GPS part where `place` asks for that.

    Args:
        block: what follows the `Exif` mark in a JPEG, or a TIFF file (`file`).
        place: take off GPS, and XMP and IPTC blocks of a file.
        previews: take off the thumbnail of an EXIF block.
        file: the directories after the first are pages, not previews.

    Returns:
        As many bytes as before; nothing at all where the block cannot be read: what is not
        understood is not kept.
    """
    if block[:4] not in {b"II*\0", b"MM\0*"}:
        return b""
    try:
        return _Block(block, place=place, previews=previews, file=file).run()
    except (error, IndexError):
        return block if file else b""
