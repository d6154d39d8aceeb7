"""Classes as other tools' files list them: by position, with what they cannot say beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.records import ClassEntry

if TYPE_CHECKING:
    from visloop.data.formats.losses import Losses
    from visloop.data.records import ClassDictionary

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class Details(msgspec.Struct, omit_defaults=True):
    """What travels beside the name of a class."""

    id: int | None = None
    parent: str | None = None
    aliases: list[str] = []
    color: str = ""
    definition: str = ""


def entries_of(
    named: Iterable[tuple[str, Details | None]],
) -> tuple[ClassEntry, ...]:
    """Entries in the order of their ids: those that the details say, else positions; names once."""
    listed = list(named)
    stated = [each.id for _, each in listed if each is not None and each.id is not None]
    used: set[int] = set()
    entries: dict[str, ClassEntry] = {}
    for at, (name, details) in enumerate(listed):
        if not name or name in entries:
            continue
        said = details or Details()
        number = at if said.id is None else said.id
        if number in used or number < 0 or (said.id is None and number in stated):
            number = max((*used, *stated, len(listed))) + 1
        used.add(number)
        entries[name] = ClassEntry(
            id=number,
            name=name,
            parent=said.parent if said.parent != name else None,
            aliases=tuple(said.aliases),
            color=said.color,
            definition=said.definition,
        )
    return tuple(sorted(entries.values(), key=lambda entry: entry.id))


def details_of(entry: ClassEntry | None, position: int, *native: str) -> dict[str, Any] | None:
    """The details that must stand beside the name of a class, less those that `native` names."""
    if entry is None:
        return None
    details = Details(
        id=entry.id if entry.id != position and "id" not in native else None,
        parent=entry.parent if "parent" not in native else None,
        aliases=list(entry.aliases),
        color=entry.color if "color" not in native or not is_colour(entry.color) else "",
        definition=entry.definition if "definition" not in native else "",
    )
    built: dict[str, Any] = msgspec.to_builtins(details)
    return built or None


def listed(classes: ClassDictionary, labels: Sequence[str]) -> list[tuple[str, ClassEntry | None]]:
    """Every class of the dictionary, then labels outside of it, with their entries."""
    known = {entry.name: entry for entry in classes.entries}
    names = [*known, *(label for label in labels if label not in known)]
    return [(name, known.get(name)) for name in names]


def is_colour(colour: str) -> bool:
    """Whether it is #rrggbb, which every tool takes."""
    return bool(_COLOUR.fullmatch(colour))


def name_losses(details: Iterable[dict[str, Any] | None], losses: Losses) -> None:
    """Count the classes of which something travels beside."""
    if count := sum(1 for each in details if each):
        losses.add("class_dictionary", "", count)
