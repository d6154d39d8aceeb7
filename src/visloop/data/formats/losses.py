"""What an export could not say in the target's own words, counted by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.formats.records import Loss

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXAMPLES: Final = 5


class Losses:
    """Counts by kind; `words` says for each kind what became of it."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._counts: dict[str, int] = {}
        self._examples: dict[str, dict[str, None]] = {}

    def add(self, kind: str, path: str, count: int = 1) -> None:
        """`count` more of `kind`, in the picture `path`."""
        self._counts[kind] = self._counts.get(kind, 0) + count
        examples = self._examples.setdefault(kind, {})
        if len(examples) < _EXAMPLES:
            examples[path] = None

    def report(self) -> tuple[Loss, ...]:
        """One entry a kind that occurred, in the order of the words."""
        return tuple(
            Loss(kind, self._counts[kind], what, tuple(self._examples[kind]))
            for kind, what in self._words.items()
            if kind in self._counts
        )
