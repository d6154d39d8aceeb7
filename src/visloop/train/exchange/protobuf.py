"""As much of protobuf's wire format as event files need: fields read in order, fields written.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}
_LONGEST: Final = 70
_64: Final = 1 << 64


class NotProtobuf(ValueError):
    """Bytes that end inside a field, or hold a field of no known kind."""


def fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field: an int for varints, bytes for everything else.

    Raises:
        NotProtobuf: the bytes are no message.
    """
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(raw, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(raw, at)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise NotProtobuf(f"a field of kind {kind}")
        if at + size > len(raw):
            raise NotProtobuf("a field is cut off")
        yield number, raw[at : at + size]
        at += size


def varints(raw: bytes) -> Iterator[int]:
    """Packed varints."""
    at = 0
    while at < len(raw):
        value, at = _varint(raw, at)
        yield value


def signed(value: int) -> int:
    """A varint as an int64."""
    return value - _64 if value >= _64 >> 1 else value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > _LONGEST:
            raise NotProtobuf("a number is cut off")
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            return value % _64, at
        shift += 7


def number(field: int, value: int) -> bytes:
    """A varint field; negative ones as int64."""
    return _coded(field << 3 | _VARINT) + _coded(value % _64)


def double(field: int, value: float) -> bytes:
    """A field of 64 bits."""
    return _coded(field << 3 | _FIXED64) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A field of 32 bits; what is too large for it is infinite."""
    try:
        raw = struct.pack("<f", value)
    except OverflowError:
        raw = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return _coded(field << 3 | _FIXED32) + raw


def message(field: int, *parts: bytes | str) -> bytes:
    """A field that holds text, bytes, or the fields of another message."""
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return _coded(field << 3 | _BYTES) + _coded(len(body)) + body


def _coded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
