"""Classes in files: our own JSON, COCO categories, a list of names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from visloop.data.ontology import rules
from visloop.data.ontology.colours import color_of
from visloop.data.records import ClassDictionary, ClassEntry
from visloop.errors import Refused
from visloop.ids import FORMAT

_FIX: Final = (
    'JSON with "classes" (as `visloop classes export` writes it), COCO\'s "categories",'
    " or a text file with one name a line"
)
_NO_GROUP: Final = frozenset({"", "none", "None"})


class ClassesUnreadable(Refused):
    """The file holds no classes."""

    code = "data.classes_unreadable"


def written(known: ClassDictionary, *, names_only: bool = False) -> str:
    """The dictionary as text: JSON with every detail and every colour, or one name a line.

    Names alone come in the order of their ids; an id that no class has (any more) leaves no gap.
    """
    entries = sorted(known.entries, key=lambda each: each.id)
    if names_only:
        return "".join(f"{each.name}\n" for each in entries)
    rows: list[dict[str, Any]] = [
        msgspec.to_builtins(msgspec.structs.replace(each, color=color_of(each))) for each in entries
    ]
    plain = {"format": FORMAT, "next_id": known.next_id, "classes": rows}
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def read_classes(file: Path) -> list[ClassEntry]:
    """The classes that a file declares, in its order, with its ids.

    Raises:
        ClassesUnreadable: it is not readable, holds no class, or names one twice.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ClassesUnreadable(f"{file} cannot be read: {error}", fix=_FIX) from error
    try:
        found = _json(text) if text.lstrip()[:1] in ("{", "[") else _lines(text)
    except (ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
        raise ClassesUnreadable(f"{file} holds no classes: {error}", fix=_FIX) from error
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not found:
        what = f"names {twice[0]!r} twice" if twice else "holds no class"
        raise ClassesUnreadable(f"{file} {what}", fix=_FIX)
    return found


def _lines(text: str) -> list[ClassEntry]:
    names = [line.strip() for line in text.splitlines() if line.strip()]
    return [ClassEntry(id=at, name=name) for at, name in enumerate(names)]


def _json(text: str) -> list[ClassEntry]:
    found = json.loads(text)
    if isinstance(found, list):
        return [_listed(each, at) for at, each in enumerate(found)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if "categories" in found:
        return [_category(each) for each in found["categories"]]
    return msgspec.convert(found["classes"], list[ClassEntry])


def _listed(each: Any, at: int) -> ClassEntry:
    if isinstance(each, str):
        return ClassEntry(id=at, name=each)
    return msgspec.convert({"id": at} | each, ClassEntry)


def _category(each: dict[str, Any]) -> ClassEntry:
    group = str(each.get("supercategory") or "")
    name, color = str(each["name"]), each.get("color")
    return ClassEntry(
        id=int(each["id"]),
        name=name,
        parent=None if group in _NO_GROUP or group == name else group,
        color=color if isinstance(color, str) else "",
        definition=str(each.get("definition") or ""),
    )


def taken_in(
    known: ClassDictionary, found: Sequence[ClassEntry], notes: list[str]
) -> ClassDictionary:
    """The dictionary with the classes of a file; ids of the file are kept where they are free.

    What a class of the dictionary says already stays; where the file says otherwise, that is noted.

    Raises:
        NameTaken: a name or alias belongs to another class.
        Circular: the file puts a class above itself.
    """
    for entry in sorted(found, key=lambda each: each.id):
        held = known.resolve(rules.clean_name(entry.name))
        if held is None:
            number = max(entry.id, known.next_id)
            bare = ClassEntry(id=number, name=entry.name, origins=entry.origins)
            entries = (*known.entries, bare)
            known = msgspec.structs.replace(known, entries=entries, next_id=number + 1)
            if number != entry.id:
                notes.append(f"{entry.name}: its id {entry.id} is taken, so it gets {number}")
    for entry in found:
        known = _detailed(known, entry, notes)
    return known


def _detailed(known: ClassDictionary, entry: ClassEntry, notes: list[str]) -> ClassDictionary:
    held = rules.find(known, entry.name)
    fresh: dict[str, str] = {}
    for name in ("color", "definition", "parent"):
        said, has = getattr(entry, name) or "", getattr(held, name) or ""
        if name == "color":
            said = rules.clean_color(said)
            has = has or (said if said == color_of(held) else "")
        if said and not has:
            fresh[name] = said
        elif said and said != has:
            notes.append(f"{held.name}: its {name} stays {has!r}, the file says {said!r}")
    group = fresh.get("parent")
    if group is not None and known.resolve(group) is None:
        del fresh["parent"]  # a group that is no class itself
        known = rules.changed(
            known, held.name, lambda it: msgspec.structs.replace(it, parent=group)
        )
    known = rules.with_details(known, held.name, **fresh)
    return rules.with_aliases(known, held.name, entry.aliases)
