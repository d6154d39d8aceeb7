"""Class dictionaries and metadata fields, merged; and what the labels of each side are called then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from visloop.data.fields.records import Field, OwnFields
from visloop.data.history.merging.conflicts import Decider, Place, agreed, chosen
from visloop.data.records import ClassDictionary, ClassEntry

_SINGLE: Final = ("name", "parent", "color", "definition")
_UNSAID: Final[Mapping[str, str | None]] = {"parent": None, "color": "", "definition": ""}
_Entries: TypeAlias = dict[int, ClassEntry]


@dataclass(frozen=True)
class MergedClasses:
    """The dictionary, and for each side what its class names have become."""

    classes: ClassDictionary
    base: Mapping[str, str]
    ours: Mapping[str, str]
    theirs: Mapping[str, str]

    def with_used(self, labels: Iterable[str], *sides: ClassDictionary) -> ClassDictionary:
        """The dictionary with classes that one side took away and labels of the other still name."""
        found = self.classes
        for label in sorted(set(labels) - set(found.names) - {""}):
            entry = next((each for side in sides if (each := side.resolve(label))), None)
            taken = {each.id for each in found.entries}
            if entry is None or entry.id in taken:
                entry = replace(entry or ClassEntry(id=0, name=label), id=found.next_id)
            entries = sorted((*found.entries, replace(entry, name=label)), key=lambda e: e.id)
            found = replace(found, entries=tuple(entries), next_id=max(found.next_id, entry.id + 1))
        return found


def merged_classes(
    decider: Decider, base: ClassDictionary, ours: ClassDictionary, theirs: ClassDictionary
) -> MergedClasses:
    """By id where all sides share it; a class that both added under one name is one class."""
    b, o, t = ({each.id: each for each in side.entries} for side in (base, ours, theirs))
    found: _Entries = {}
    for number in sorted({*b, *o} | (b.keys() & t.keys())):
        entry = _merged_entry(decider, b.get(number), o.get(number), _shared(number, b, o, t))
        if entry is not None:
            found[number] = entry
    _told_apart(decider, found, b, o, t)
    moved = _added(found, b, o, t, max(base.next_id, ours.next_id, theirs.next_id))
    top = max((base.next_id, ours.next_id, theirs.next_id, *(each + 1 for each in found)))
    names = {each.name for each in found.values()}
    classes = ClassDictionary(entries=_plain_aliases(found, names), next_id=top)
    maps = (
        _renames(base, classes, {}),
        _renames(ours, classes, {}),
        _renames(theirs, classes, moved),
    )
    return MergedClasses(classes, *maps)


def _shared(number: int, b: _Entries, o: _Entries, t: _Entries) -> ClassEntry | None:
    """Their entry of that id, unless it is another class that both sides happened to number alike."""
    there = t.get(number)
    if number in b or there is None or number not in o or o[number].name == there.name:
        return there
    return None


def _merged_entry(
    decider: Decider, b: ClassEntry | None, o: ClassEntry | None, t: ClassEntry | None
) -> ClassEntry | None:
    if b is None:  # only we have it, or both added it
        return o if o is None or t is None else _of_both(decider, None, o, t)
    settled, one = agreed(b, o, t)
    if settled:
        return one
    if o is None or t is None:
        take = decider.decide(Place(object=f"class {b.name}"), "class", b, o, t, both=True)
        return (o or t) if take == "both" else chosen(take, b, o, t)
    return _of_both(decider, b, o, t)


def _of_both(decider: Decider, b: ClassEntry | None, o: ClassEntry, t: ClassEntry) -> ClassEntry:
    place = Place(object=f"class {b.name if b else o.name}")
    fields: dict[str, Any] = {}
    for name in _SINGLE:
        was = getattr(b, name) if b else _UNSAID.get(name, o.name)
        fields[name] = decider.three(place, name, was, getattr(o, name), getattr(t, name))
    gone = set(b.aliases) - (set(o.aliases) & set(t.aliases)) if b else set[str]()
    aliases = [each for each in (*o.aliases, *t.aliases) if each not in gone]
    if fields["name"] != o.name or fields["name"] != t.name:
        aliases += [o.name, t.name]
    origins = tuple(dict.fromkeys((*o.origins, *t.origins)))
    return replace(o, aliases=tuple(dict.fromkeys(aliases)), origins=origins, **fields)


def _told_apart(decider: Decider, found: _Entries, b: _Entries, o: _Entries, t: _Entries) -> None:
    """Where the two sides gave one name to two classes: each keeps the name of the side taken."""
    for name, number in Counter(each.name for each in found.values()).items():
        if number == 1:
            continue
        ids = [each for each, entry in found.items() if entry.name == name]
        sides = [{str(each): s[each].name for each in ids if each in s} for s in (b, o, t)]
        take = decider.decide(Place(object=f"class {name}"), "name", *sides)
        side = chosen(take, b, o, t)
        for each in ids:
            if each in side:
                found[each] = replace(found[each], name=side[each].name)


def _added(found: _Entries, b: _Entries, o: _Entries, t: _Entries, top: int) -> dict[int, int]:
    """Put in what only they have; their id → the id here, where it is another one."""
    moved: dict[int, int] = {}
    by_name = {each.name: number for number, each in found.items()}
    by_alias = {alias: number for number, each in found.items() for alias in each.aliases}
    for number, entry in t.items():
        if number in b or (number in o and o[number].name == entry.name):
            continue
        if entry.name in by_name or entry.name in by_alias:
            here = by_name.get(entry.name, by_alias.get(entry.name, number))
            both = dict.fromkeys((*found[here].aliases, *entry.aliases))
            found[here] = replace(found[here], aliases=tuple(both))
            moved[number] = here
            continue
        here = number
        if number in found or number in o:
            here = top = max(top, *found, number) + 1
            moved[number] = here
        found[here] = replace(entry, id=here)
    return moved


def _plain_aliases(found: _Entries, names: set[str]) -> tuple[ClassEntry, ...]:
    """In the order of their ids; no alias is a class's name, or another one's alias."""
    seen = set(names)
    entries: list[ClassEntry] = []
    for _, entry in sorted(found.items()):
        aliases = tuple(each for each in entry.aliases if each not in seen)
        seen.update(aliases)
        entries.append(replace(entry, aliases=aliases) if aliases != entry.aliases else entry)
    return tuple(entries)


def _renames(
    side: ClassDictionary, merged: ClassDictionary, moved: Mapping[int, int]
) -> dict[str, str]:
    """Class name on that side → its name now, where that is another one."""
    names = {each.id: each.name for each in merged.entries}
    lookup = merged.lookup()
    found: dict[str, str] = {}
    for each in side.entries:
        now = names.get(moved.get(each.id, each.id)) or lookup.get(each.name, each.name)
        if now != each.name:
            found[each.name] = now
    return found


def merged_fields(
    decider: Decider, base: OwnFields, ours: OwnFields, theirs: OwnFields
) -> OwnFields:
    """Metadata fields by name; what one side changed counts."""
    b, o, t = base.by_name(), ours.by_name(), theirs.by_name()
    found: list[Field] = []
    for name in sorted(o.keys() | t.keys()):
        settled, one = agreed(b.get(name), o.get(name), t.get(name))
        if not settled:
            sides = (b.get(name), o.get(name), t.get(name))
            place = Place(object=f"field {name}")
            one = chosen(decider.decide(place, "field", *sides), *sides)
        if one is not None:
            found.append(one)
    return OwnFields(entries=tuple(found))
