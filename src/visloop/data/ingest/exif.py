"""EXIF in microseconds: orientation and typed metadata from the raw TIFF block, nothing else.

Source: CIPA DC-008 (Exif 2.32), TIFF 6.0. Only the wanted tags are touched. Corrupt blocks never
raise: what was readable is returned and the reading says that it was not clean.
"""

from __future__ import annotations

import math
from datetime import datetime
from struct import Struct, error, unpack
from typing import Any, Final, NamedTuple, TypeAlias

from visloop.data.fields.built_in.pictures import BALANCES, METERING, MODES, PROGRAMS

Value: TypeAlias = "str | int | float | tuple[float, ...]"
_TOP: Final = {
    0x10F: "make",
    0x110: "model",
    0x112: "orientation",
    0x131: "software",
    0x132: "changed",
    0x13B: "artist",
    0x8298: "copyright",
}
_EXIF: Final = {
    0x829A: "exposure_s",
    0x829D: "f_number",
    0x8822: "exposure_program",
    0x8827: "iso",
    0x9003: "taken",
    0x9010: "changed_offset",
    0x9011: "offset",
    0x9204: "exposure_bias_ev",
    0x9206: "subject_distance_m",
    0x9207: "metering",
    0x9209: "flash",
    0x920A: "focal_length_mm",
    0x9290: "changed_subsec",
    0x9291: "subsec",
    0xA402: "exposure_mode",
    0xA403: "white_balance",
    0xA404: "digital_zoom",
    0xA405: "focal_length_35mm",
    0xA431: "serial",
    0xA433: "lens_make",
    0xA434: "lens",
}
_GPS: Final = {
    1: "latitude_ref",
    2: "latitude",
    3: "longitude_ref",
    4: "longitude",
    5: "altitude_ref",
    6: "altitude_m",
    7: "clock",
    17: "direction_deg",
    29: "date",
}
_TOP_TEXTS: Final = tuple(
    (key, f"exif.{key}") for key in ("make", "model", "software", "artist", "copyright")
)
_TEXTS: Final = tuple((key, f"exif.{key}") for key in ("lens", "lens_make", "serial"))
_SETTINGS: Final = tuple(
    (key, f"exif.{key}")
    for key in ("exposure_s", "f_number", "focal_length_mm", "digital_zoom", "subject_distance_m")
)
_WHOLE: Final = (("iso", "exif.iso"), ("focal_length_35mm", "exif.focal_length_35mm"))
_WORDS: Final = (
    ("exposure_program", "exif.exposure_program", PROGRAMS),
    ("exposure_mode", "exif.exposure_mode", MODES),
    ("metering", "exif.metering", METERING),
    ("white_balance", "exif.white_balance", BALANCES),
)
_FURTHEST_M: Final = 1e6
"""A subject farther away is one at infinity, which Exif writes as 0xFFFFFFFF."""
_EXIF_POINTER, _GPS_POINTER = 0x8769, 0x8825
_SIZES: Final = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)
_CODES: Final = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L"}
_ASCII, _SHORT_TYPE, _RATIONAL, _UNDEFINED, _SRATIONAL = 2, 3, 5, 7, 10
_ORIENTATION: Final = 0x112
_LONGEST_TEXT: Final = 200
_MOST_VALUES: Final = 8
_ENTRY: Final = {"<": Struct("<HHI4s"), ">": Struct(">HHI4s")}
_SHORT: Final = {"<": Struct("<H"), ">": Struct(">H")}
_LONG: Final = {"<": Struct("<I"), ">": Struct(">I")}
_PAIR: Final = {"<": Struct("<2L"), ">": Struct(">2L")}
_OUTSIDE: Final = "value outside the block"
_UNREADABLE = (error, ValueError, OverflowError, ZeroDivisionError)


class Exif(NamedTuple):
    """Orientation 1 … 8, metadata by key, and whether the block was clean."""

    orientation: int = 1
    metadata: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    clean: bool = True


def read_exif(block: bytes) -> Exif:
    """Read a TIFF-structured EXIF block (what follows the `Exif` mark in a JPEG)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return Exif(clean=False)
    reader = _Reader(block, order)
    try:
        (first,) = _LONG[order].unpack_from(block, 4)
    except error:
        return Exif(clean=False)
    top = reader.directory(first, _TOP, pointers=True)
    shot = reader.directory(reader.exif_at, _EXIF) if reader.exif_at else {}
    place = reader.directory(reader.gps_at, _GPS) if reader.gps_at else {}
    orientation = top.get("orientation", 1)
    if not (isinstance(orientation, int) and 1 <= orientation <= 8):  # noqa: PLR2004
        reader.clean, orientation = False, 1
    metadata = _camera(top, shot)
    if place:
        metadata |= _place(place)
    return Exif(orientation, metadata, reader.clean)


class _Reader:
    """One block, one byte order; remembers where the sub-directories are and whether all was well."""

    def __init__(self, block: bytes, order: str) -> None:
        self.block, self.order = block, order
        self._short, self._long, self._pair = _SHORT[order], _LONG[order], _PAIR[order]
        self.exif_at = self.gps_at = 0
        self.clean = True

    def directory(
        self, at: int, wanted: dict[int, str], *, pointers: bool = False
    ) -> dict[str, Value]:
        found: dict[str, Value] = {}
        try:
            (count,) = self._short.unpack_from(self.block, at)
        except error:
            self.clean = False
            return found
        raw = self.block[at + 2 : at + 2 + 12 * count]
        if len(raw) != 12 * count:
            self.clean = False
            raw = raw[: len(raw) // 12 * 12]
        for tag, kind, n, inline in _ENTRY[self.order].iter_unpack(raw):
            name = wanted.get(tag)
            if name is None:
                if pointers and tag == _EXIF_POINTER:
                    (self.exif_at,) = self._long.unpack(inline)
                elif pointers and tag == _GPS_POINTER:
                    (self.gps_at,) = self._long.unpack(inline)
                continue
            if tag == _ORIENTATION and kind != _SHORT_TYPE:
                self.clean = False  # no other reader would turn the picture for it
                continue
            try:
                value = self._value(kind, n, inline)
            except _UNREADABLE:
                self.clean = False
                continue
            if value is not None:
                found.setdefault(name, value)
        return found

    def _value(self, kind: int, n: int, inline: bytes) -> Value | None:
        if kind == _ASCII and 4 < n <= _LONGEST_TEXT:  # noqa: PLR2004 - these three are nearly all
            (at,) = self._long.unpack(inline)
            if len(raw := self.block[at : at + n]) != n:
                raise ValueError(_OUTSIDE)
            return _text(raw)
        if kind == _RATIONAL and n == 1:
            (at,) = self._long.unpack(inline)
            above, below = self._pair.unpack_from(self.block, at)
            return above / below if below else math.nan
        if kind == _SHORT_TYPE and n == 1:
            return self._short.unpack_from(inline)[0]
        return self._any_value(kind, n, inline)

    def _any_value(self, kind: int, n: int, inline: bytes) -> Value | None:
        size = _SIZES[kind] if 0 < kind < len(_SIZES) else 0
        if not size or not n:
            self.clean = self.clean and bool(size)
            return None
        if kind in {_ASCII, _UNDEFINED}:
            return _text(self._raw(inline, n, min(n, _LONGEST_TEXT)))
        n = min(n, _MOST_VALUES)
        if kind in {_RATIONAL, _SRATIONAL}:
            code = "l" if kind == _SRATIONAL else "L"
            pairs = unpack(f"{self.order}{2 * n}{code}", self._raw(inline, 8 * n, 8 * n))
            numbers = tuple(
                pairs[i] / pairs[i + 1] if pairs[i + 1] else math.nan for i in range(0, 2 * n, 2)
            )
        else:
            raw = self._raw(inline, size * n, size * n)
            numbers = unpack(f"{self.order}{n}{_CODES[kind]}", raw)
        return numbers[0] if n == 1 else numbers

    def _raw(self, inline: bytes, total: int, needed: int) -> bytes:
        if total <= 4:  # noqa: PLR2004 - the entry's own four bytes
            return inline[:needed]
        (at,) = self._long.unpack(inline)
        raw = self.block[at : at + needed]
        if len(raw) != needed:
            raise ValueError(_OUTSIDE)
        return raw


def _text(raw: bytes) -> str | None:
    raw = raw.split(b"\0", 1)[0].strip()
    if not raw:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    text = (
        "".join(letter for letter in text if letter.isprintable())
        if not text.isprintable()
        else text
    )
    return text or None


def _number(value: Value | None) -> float | None:
    if type(value) is int:
        return value
    first = value[0] if isinstance(value, tuple) else value
    if isinstance(first, str) or first is None or not math.isfinite(first):
        return None
    return first if isinstance(first, int) else round(first, 9)


def _camera(top: dict[str, Value], shot: dict[str, Value]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for key, name in _TOP_TEXTS:
        if key in top and isinstance(value := top[key], str):
            metadata[name] = value
    if shot:
        _settings(shot, metadata)
    taken = _moment(shot.get("taken"), shot.get("subsec"), shot.get("offset")) or _moment(
        top.get("changed"), shot.get("changed_subsec"), shot.get("changed_offset")
    )
    if taken:
        metadata["exif.taken"] = taken
    return metadata


def _settings(shot: dict[str, Value], metadata: dict[str, Any]) -> None:
    for key, name in _SETTINGS:
        if key in shot and (number := _number(shot[key])) is not None and number > 0:
            metadata[name] = number
    for key, name in _WHOLE:
        if key in shot and (number := _number(shot[key])) is not None and number > 0:
            metadata[name] = round(number)
    if metadata.get("exif.subject_distance_m", 0) > _FURTHEST_M:
        del metadata["exif.subject_distance_m"]
    if "exposure_bias_ev" in shot and (bias := _number(shot["exposure_bias_ev"])) is not None:
        metadata["exif.exposure_bias_ev"] = bias
    _words(shot, metadata)


def _words(shot: dict[str, Value], metadata: dict[str, Any]) -> None:
    if isinstance(flash := shot.get("flash"), int):
        metadata["exif.flash"] = bool(flash & 1)
    for key, name, words in _WORDS:
        if key in shot and isinstance(value := shot[key], int) and value in words:
            metadata[name] = words[value]
    for key, name in _TEXTS:
        if key in shot and isinstance(value := shot[key], str):
            metadata[name] = value


def _moment(text: Value | None, subsec: Value | None, offset: Value | None) -> str | None:
    """`2008:10:22 16:28:39` → `2008-10-22T16:28:39`, with fraction and UTC offset where known."""
    if not isinstance(text, str) or len(text) < 19:  # noqa: PLR2004 - YYYY:MM:DD HH:MM:SS
        return None
    iso = f"{text[:10].replace(':', '-')}T{text[11:19]}"
    try:
        if datetime.fromisoformat(iso).isoformat() != iso:  # a week date, a time without seconds
            return None
    except ValueError:
        return None
    if isinstance(subsec, str) and subsec.isascii() and subsec.isdigit():
        iso += f".{subsec[:6]}"
    if isinstance(offset, str) and len(offset) == 6:  # noqa: PLR2004 - +02:00
        try:
            datetime.fromisoformat(f"2000-01-01T00:00:00{offset}")
        except ValueError:
            return iso
        iso += offset
    return iso


def _degrees(value: Value | None, ref: Value | None, most: float) -> float | None:
    if not isinstance(value, tuple) or len(value) < 3:  # noqa: PLR2004 - degrees, minutes, seconds
        return None
    parts = [part if math.isfinite(part) else 0.0 for part in value[1:3]]
    degrees = value[0] + parts[0] / 60 + parts[1] / 3600
    if not math.isfinite(degrees) or abs(degrees) > most:
        return None
    return round(-degrees if ref in {"S", "W"} else degrees, 7)


def _place(place: dict[str, Value]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    latitude = _degrees(place.get("latitude"), place.get("latitude_ref"), 90)
    longitude = _degrees(place.get("longitude"), place.get("longitude_ref"), 180)
    if latitude is not None and longitude is not None:
        metadata |= {"gps.latitude_deg": latitude, "gps.longitude_deg": longitude}
    altitude = _number(place.get("altitude_m"))
    if altitude is not None:
        below = _number(place.get("altitude_ref")) == 1
        metadata["gps.altitude_m"] = -altitude if below else altitude
    direction = _number(place.get("direction_deg"))
    if direction is not None:
        metadata["gps.direction_deg"] = direction
    date, clock = place.get("date"), place.get("clock")
    if isinstance(date, str) and isinstance(clock, tuple) and len(clock) >= 3:  # noqa: PLR2004
        hms = [int(part) if math.isfinite(part) else 99 for part in clock[:3]]
        moment = _moment(f"{date} {hms[0]:02}:{hms[1]:02}:{hms[2]:02}", None, "+00:00")
        metadata |= {"gps.time": moment} if moment else {}
    return metadata
