"""Label files that anybody may have written: values are asked for their kind, never trusted."""

# ruff: noqa: PTH123

from __future__ import annotations

import math
import re
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec

from visloop.data.formats.records import LabelsUnreadable
from visloop.data.ingest.walk import clean

SNIFF_BYTES: Final = 65_536
_MOST_XML_BYTES: Final = 512 * 2**20
_DECLARATIONS: Final = re.compile(rb"<!\s*(doctype|entity)", re.IGNORECASE)
_MOST_INT: Final = 2**63


class BadObject(Exception):
    """One object cannot be taken: its reason code and the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def head(file: str) -> bytes:
    """The first bytes of a file without marks and blanks; nothing where it cannot be read."""
    try:
        with open(file, "rb") as opened:
            return opened.read(SNIFF_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return b""


def read_json(file: str, title: str) -> Any:
    """A whole JSON file.

    Raises:
        LabelsUnreadable: it cannot be read, or is not JSON; the message names file and place.
    """
    try:
        with open(file, "rb") as opened:
            return msgspec.json.decode(opened.read().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, OSError, UnicodeDecodeError, RecursionError) as problem:
        raise unreadable_labels(file, title, problem) from problem


def read_xml(file: str, title: str) -> ET.Element:
    """A whole XML file without declarations: nothing in it can expand or point elsewhere.

    Raises:
        LabelsUnreadable: it cannot be read, is too large, is not XML, or declares a DOCTYPE.
    """
    try:
        with open(file, "rb") as opened:
            raw = opened.read(_MOST_XML_BYTES + 1)
        return parse_xml(raw)
    except (OSError, ValueError) as problem:
        raise unreadable_labels(file, title, problem) from problem


def parse_xml(raw: bytes) -> ET.Element:
    """XML without declarations.

    Raises:
        ValueError: too large, not XML, or with a DOCTYPE or entities.
    """
    if len(raw) > _MOST_XML_BYTES:
        raise ValueError(f"it is larger than {_MOST_XML_BYTES // 2**20} MB")
    if _DECLARATIONS.search(raw.replace(b"\0", b"")):
        raise ValueError("it declares a DOCTYPE or entities, which is not allowed")
    try:
        return ET.fromstring(raw)  # noqa: S314 - declarations, the danger, were refused above
    except (ET.ParseError, LookupError, RecursionError) as problem:
        raise ValueError(f"it is not XML: {problem}") from problem


def unreadable_labels(file: str, title: str, problem: object) -> LabelsUnreadable:
    """The error for a label file that cannot be read at all."""
    return LabelsUnreadable(
        f"{clean(file)} cannot be read as {title}: {problem}",
        fix="mend the file, or add the pictures without labels: --format images",
    )


def mapping(value: object) -> dict[str, Any]:
    """The value where it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value where it is text, without surrounding blanks, else nothing."""
    return value.strip() if isinstance(value, str) else ""


def number(value: Any, what: str) -> float:
    """A finite number, also one written as text.

    Raises:
        BadObject: bad_geometry where it is none, not_finite where it is NaN or infinite.
    """
    try:
        found = float(value) if _numeric(value) else math.nan
    except (ValueError, OverflowError):
        found = None
    if found is None or not _numeric(value):
        raise BadObject("bad_geometry", f"{what} is not a number: {_shown(value)}")
    if not math.isfinite(found):
        raise BadObject("not_finite", f"{what} is not finite: {_shown(value)}")
    return found


def numbers(values: object, what: str) -> tuple[float, ...]:
    """A list of finite numbers.

    Raises:
        BadObject: it is no list, or one of them is no finite number.
    """
    if not isinstance(values, list | tuple):
        raise BadObject("bad_geometry", f"{what} is not a list of numbers: {_shown(values)}")
    return tuple(number(value, f"one of {what}") for value in values)


def size(value: object) -> int:
    """A width or height in pixels, 0 where the value says none."""
    try:
        found = number(value, "size")
    except BadObject:
        return 0
    return int(found) if 0 < found < _MOST_INT else 0


def whole_numbers(value: object) -> int | None:
    """The value where it is a whole number of 64 bits (not a truth value), else None."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_MOST_INT <= value < _MOST_INT else None


def storable(value: Any) -> Any:
    """The same JSON value, whole numbers beyond 64 bits as text."""
    match value:
        case dict():
            return {str(key): storable(each) for key, each in value.items()}
        case list() | tuple():
            return [storable(each) for each in value]
        case int() if not -_MOST_INT <= value < _MOST_INT:
            return str(value)
        case _:
            return value


def is_column(value: object) -> bool:
    """Whether it is a plain value that JSON holds: text, a truth value, a finite number of 64 bits."""
    if isinstance(value, int):
        return abs(value) < _MOST_INT
    return isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))


def score(value: object) -> float | None:
    """A score in [0, 1], else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"  # noqa: PLR2004
