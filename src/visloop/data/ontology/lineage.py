"""What became of classes between two dictionaries, and which new labels are due to that alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from visloop.data.comparing.records import ClassChange, ObjectChange
from visloop.data.records import ClassDictionary, ClassEntry

BY_CLASS: Final = "renamed_by_class"


@dataclass(frozen=True)
class ByClass:
    """Pairs (class name before, class name after) that a change of classes alone brings about."""

    pairs: frozenset[tuple[str, str]]

    @classmethod
    def between(cls, before: ClassDictionary, after: ClassDictionary) -> ByClass:
        """Renames by id; merges and splits by what the entries say they came from, either way."""
        old = {each.id: each.name for each in before.entries}
        new = {each.id: each.name for each in after.entries}
        pairs = {(old[number], new[number]) for number in old.keys() & new.keys()}
        pairs |= {(old[was], now) for was, now in _fresh(before, after) if was in old}
        pairs |= {(now, new[was]) for was, now in _fresh(after, before) if was in new}
        return cls(frozenset((was, now) for was, now in pairs if was != now))

    def told(self, change: ObjectChange) -> ObjectChange:
        """The change, called by its own kind when the class is what changed and not the label."""
        if change.kind == "relabelled" and (change.was_label, change.label) in self.pairs:
            return replace(change, kind=BY_CLASS)
        return change


def _fresh(before: ClassDictionary, after: ClassDictionary) -> Iterator[tuple[int, str]]:
    """(id of a class, name of the one that took it over) where the earlier side does not say so."""
    known = {(each.id, origin.id) for each in before.entries for origin in each.origins}
    for entry in after.entries:
        for origin in entry.origins:
            if (entry.id, origin.id) not in known:
                yield origin.id, entry.name


def class_changes(before: ClassDictionary, after: ClassDictionary) -> Iterator[ClassChange]:
    """Classes added, removed, renamed, merged, split or redefined, by id."""
    old = {entry.id: entry for entry in before.entries}
    new = {entry.id: entry for entry in after.entries}
    into = dict(_fresh(before, after))
    for number in sorted(old.keys() | new.keys()):
        was, now = old.get(number), new.get(number)
        if was is None and now is not None:
            yield _added(now, old)
        elif was is not None and now is None:
            merged = into.get(number)
            aliases = after.lookup()
            if merged is not None and aliases.get(was.name) == merged:
                yield ClassChange("merged", number, merged, was_name=was.name)
            else:
                yield ClassChange("removed", number, was.name)
        elif was is not None and now is not None and was != now:
            renamed = was.name != now.name
            yield ClassChange(
                "renamed" if renamed else "redefined",
                number,
                now.name,
                was_name=was.name if renamed else None,
            )


def _added(now: ClassEntry, old: dict[int, ClassEntry]) -> ClassChange:
    """A new class: split from one that was there, unless that leads to it now (then it was merged)."""
    from_ = next((each for each in now.origins if each.id in old), None)
    if from_ is None or old[from_.id].name in now.aliases:
        return ClassChange("added", now.id, now.name)
    return ClassChange("split", now.id, now.name, was_name=old[from_.id].name)
