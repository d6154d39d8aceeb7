"""`--map old=new`: what may stand there, and whether it met anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from visloop.data.dictionary import labels_of, nearest_of
from visloop.data.intake.reading import Outcome
from visloop.data.ontology.rules import clean_name


class Renames:
    """The names that an `add` renames, and those that it met.

    Raises:
        UsageError: a new name cannot be one.
    """

    def __init__(self, class_map: Mapping[str, str]) -> None:
        for new in class_map.values():
            clean_name(new)
        self._wanted, self._met = class_map, set[str]()

    def met(self, names: Iterable[str]) -> None:
        """Names that a source says before they are renamed."""
        if self._wanted:
            self._met.update(names)

    def met_in(self, outcomes: Iterable[Outcome]) -> None:
        """The same, of labels."""
        if self._wanted:
            read = (each.candidate for each in outcomes if each.candidate is not None)
            self._met.update(labels_of(each.annotations or () for each in read))

    def idle(self) -> list[str]:
        """A note for each name that nothing had."""
        return [
            f"--map {old}={new}: nothing here is called {old!r}{self._hint(old)}"
            for old, new in self._wanted.items()
            if old not in self._met
        ]

    def _hint(self, old: str) -> str:
        near = nearest_of(old, self._met)
        return f" (did you mean {near!r}?)" if near else ""
