"""Frames of a film that lie as pictures, told by the numbers of their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visloop.data.ingest.walk import Entry

_NUMBER: Final = re.compile(r"(\d{1,12})$")


def numbered(entries: Iterable[Entry], first: int = 0) -> dict[int, Entry]:
    """By the number at the end of their stems, where each has one of its own; else in their order."""
    listed = list(entries)
    found: dict[int, Entry] = {}
    for entry in listed:
        stem = entry.path.rpartition(".")[0] or entry.path
        match = _NUMBER.search(stem)
        if match is None or int(match[1]) in found:
            return dict(enumerate(listed, start=first))
        found[int(match[1])] = entry
    return found
