"""A scan of a private folder whose items say where they really come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from visloop.data.ingest.scan import Scan
from visloop.data.records import Refusal

if TYPE_CHECKING:
    from visloop.data.formats import Item


class Renamed:
    """What `inner` offers, with the private folder's path replaced by `base` wherever it is told.

    Args:
        inner: the scan of the folder.
        folder: the folder's path.
        base: what it stands for: the path of an archive, the URL of a bucket.
        refusals: what was left behind before the scan.
        notes: what was unusual before the scan.
    """

    def __init__(
        self,
        inner: Scan,
        folder: str,
        base: str,
        refusals: Sequence[Refusal] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.classes = inner.classes
        self.total = None if inner.total is None else inner.total + len(refusals)
        self._inner, self._refusals, self._notes = inner, refusals, notes
        self._folder, self._base = folder, base

    def __iter__(self) -> Iterator[Item]:
        yield from self._refusals
        for item in self._inner:
            yield self._named(item)

    def notes(self) -> tuple[str, ...]:
        """What was left out, renamed or guessed, in words."""
        return tuple(map(self._told, (*self._notes, *self._inner.notes())))

    def _named(self, item: Item) -> Item:
        if isinstance(item, Refusal):
            return self._refused(item)
        changed: dict[str, object] = {"source": self._told(item.source)}
        if item.refusals:
            changed["refusals"] = tuple(map(self._refused, item.refusals))
        if item.notes:
            changed["notes"] = tuple(map(self._told, item.notes))
        return msgspec.structs.replace(item, **changed)

    def _refused(self, refusal: Refusal) -> Refusal:
        return msgspec.structs.replace(
            refusal, source=self._told(refusal.source), reason=self._told(refusal.reason)
        )

    def _told(self, text: str) -> str:
        return text.replace(self._folder, self._base) if self._folder in text else text
