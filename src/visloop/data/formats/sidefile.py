"""`visloop.jsonl`: what a format cannot hold, kept beside it for our own re-import.

The first line names the classes, each other line one picture with everything that is known of it. A
line counts only while the format's own files say of its picture what they said when it was written:
after an edit by another tool they alone are believed. Other readers do not see this file, so
whatever is only in here is a loss of the export all the same.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH123

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.ingest.walk import is_logical
from visloop.data.records import ClassEntry
from visloop.ids import digest_of
from visloop.vision import Annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.data.formats.target import Target
    from visloop.data.ingest.walk import Leftovers
    from visloop.data.records import Sample

SIDE_FILE: Final = "visloop.jsonl"
_MOST_BYTES: Final = 4 << 30
_CHANGED: Final = (
    "{n} pictures have other labels than the export gave them: what "
    + SIDE_FILE
    + " says of them was left out"
)


class _Head(msgspec.Struct, omit_defaults=True):
    """The first line."""

    visloop: str
    classes: tuple[ClassEntry, ...] = ()


class Kept(msgspec.Struct, omit_defaults=True):
    """One picture: its file below the folder, a digest of what the format's files say of it."""

    file: str
    said: str
    path: str
    size_wh: tuple[int, int]
    split: str | None = None
    labelled: bool = True
    annotations: tuple[Annotation, ...] = ()
    metadata: dict[str, Any] = {}


class SideOut:
    """Collects what is known of each picture while an export is written."""

    def __init__(self, format_name: str) -> None:
        self._format = format_name
        self._lines: list[bytes] = []

    def add(self, sample: Sample, file: str, said: bytes) -> None:
        """`said` is what the format itself says of the picture, such as its label file."""
        kept = Kept(
            file=file,
            said=digest_of(said)[:32],
            path=sample.path,
            size_wh=(sample.width, sample.height),
            split=sample.split,
            labelled=sample.labelled or bool(sample.annotations),
            annotations=sample.annotations,
            metadata=sample.metadata,
        )
        self._lines.append(msgspec.json.encode(kept))

    def write(self, target: Target, classes: Sequence[ClassEntry]) -> None:
        """Write the file, its classes first."""
        head = msgspec.json.encode(_Head(self._format, tuple(classes)))
        target.write(SIDE_FILE, b"\n".join([head, *self._lines, b""]))


def made_by(folder: str) -> str:
    """The format of the export that a folder is; "" where nothing says so."""
    try:
        with open(f"{folder}/{SIDE_FILE}", "rb") as opened:
            return msgspec.json.decode(opened.readline(_MOST_BYTES), type=_Head).visloop
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""


class Side:
    """What an export kept beside itself, by file; empty where there is no such file."""

    def __init__(self, folder: str, format_name: str, left: Leftovers) -> None:
        self.classes: tuple[ClassEntry, ...] = ()
        self._left = left
        self._kept: dict[str, Kept] = {}
        try:
            with open(f"{folder}/{SIDE_FILE}", "rb") as opened:
                raw = opened.read(_MOST_BYTES)
        except OSError:
            return
        try:
            self._take(raw, format_name)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            self.classes, self._kept = (), {}
            left.say(f"{SIDE_FILE} cannot be read and was left out: {problem}")

    def _take(self, raw: bytes, format_name: str) -> None:
        first, _, rest = raw.partition(b"\n")
        head = msgspec.json.decode(first, type=_Head)
        if head.visloop != format_name:
            return
        self.classes = head.classes
        for kept in msgspec.json.Decoder(Kept).decode_lines(rest):
            self._kept[kept.file] = kept

    def trust(self, *, same: bool) -> None:
        """Forget everything unless the classes are the `same` as when it was written."""
        if self._kept and not same:
            self._left.say(f"the classes have other names than in {SIDE_FILE}, which was left out")
        if not same:
            self.classes, self._kept = (), {}

    def of(self, file: str, said: bytes) -> Kept | None:
        """What is kept of a picture, if the format's files still say `said` of it."""
        kept = self._kept.get(file)
        if kept is None or not is_logical(kept.path):
            return None
        if kept.said != digest_of(said)[:32]:
            self._left.add(_CHANGED, file)
            return None
        return kept
