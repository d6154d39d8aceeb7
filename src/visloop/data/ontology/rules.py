"""What a class dictionary may hold, and its edits: pure functions from one dictionary to the next."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from visloop.data.dictionary import nearest
from visloop.data.records import ClassDictionary, ClassEntry, Origin
from visloop.errors import Conflict, NotFound, Refused, UsageError

LONGEST_NAME = 200
_COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_replace = msgspec.structs.replace


class ClassNotFound(NotFound):
    """The dictionary has no class of that name."""

    code = "data.class_not_found"


class NameTaken(Conflict):
    """A name or alias belongs to another class."""

    code = "data.class_name_taken"


class Circular(Refused):
    """A class would stand above itself."""

    code = "data.class_circular"


def find(known: ClassDictionary, name: str) -> ClassEntry:
    """The class of that name or alias.

    Raises:
        ClassNotFound: there is none.
    """
    found = known.resolve(name)
    if found is None:
        near = nearest(name, known)
        listed = f"there are: {', '.join(known.names[:10]) or 'none'}"
        raise ClassNotFound(
            f"there is no class {name!r}", fix=f"did you mean {near!r}?" if near else listed
        )
    return found


def clean_name(name: str) -> str:
    """A name as it may stand in a dictionary.

    Raises:
        UsageError: it is empty, starts or ends with a space, is too long or has control characters.
    """
    bad = any(unicodedata.category(each) == "Cc" for each in name)
    if name and name == name.strip() and not bad and len(name) <= LONGEST_NAME:
        return name
    why = (
        "is empty"
        if not name.strip()
        else "has control characters"
        if bad
        else f"is longer than {LONGEST_NAME} characters"
        if len(name) > LONGEST_NAME
        else "starts or ends with a space"
    )
    raise UsageError(f"{name!r} cannot name a class: it {why}", fix="give a plain name")


def clean_color(text: str) -> str:
    """`#rrggbb` of what a person wrote; empty stays empty.

    Raises:
        UsageError: it is no hexadecimal colour.
    """
    if not text:
        return ""
    found = _COLOR.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{text!r} is no colour", fix="write it as #rrggbb, for example #3b82f6")
    digits = found[1] if len(found[1]) == 6 else "".join(2 * each for each in found[1])  # noqa: PLR2004
    return f"#{digits.lower()}"


def changed(
    known: ClassDictionary, name: str, edit: Callable[[ClassEntry], ClassEntry]
) -> ClassDictionary:
    """The dictionary with one entry edited."""
    entries = tuple(edit(each) if each.name == name else each for each in known.entries)
    return known if entries == known.entries else _replace(known, entries=entries)


def with_new(
    known: ClassDictionary, names: Iterable[str], details: ClassEntry | None = None
) -> ClassDictionary:
    """The dictionary with new classes; those it has already are left alone.

    Args:
        known: the dictionary.
        names: of the classes.
        details: colour, parent, aliases, definition of a new one.

    Raises:
        NameTaken: a name is an alias of another class.
        UsageError: a name cannot be one.
    """
    for name in names:
        clean_name(name)
        held = known.resolve(name)
        if held is not None and held.name != name:
            raise NameTaken(
                f"{name!r} is an alias of class {held.name!r}",
                fix=f"labels {name!r} become {held.name!r} already; choose another name",
            )
        if held is None:
            fresh = _replace(details or ClassEntry(id=0, name=name), id=known.next_id, name=name)
            known = _replace(known, entries=(*known.entries, fresh), next_id=known.next_id + 1)
    return known


def with_details(
    known: ClassDictionary,
    name: str,
    *,
    parent: str | None = None,
    color: str | None = None,
    definition: str | None = None,
) -> ClassDictionary:
    """A class with other details; None leaves one as it is, an empty text takes it away.

    Raises:
        ClassNotFound: there is no such class, or no such parent.
        Circular: the parent stands below the class.
    """
    entry = find(known, name)
    if parent is not None:
        above = find(known, parent).name if parent else None
        if above is not None and entry.name in (above, *ancestors(known, above)):
            raise Circular(
                f"{entry.name!r} cannot stand below {above!r}, which stands below it",
                fix=f"first: visloop classes set … {shlex.quote(above)} --parent ''",
            )
        entry = _replace(entry, parent=above)
    if color is not None:
        entry = _replace(entry, color=clean_color(color))
    if definition is not None:
        entry = _replace(entry, definition=definition.strip())
    return changed(known, entry.name, lambda _: entry)


def ancestors(known: ClassDictionary, name: str) -> tuple[str, ...]:
    """The classes and groups above a class, nearest first."""
    parents = {each.name: each.parent for each in known.entries}
    above: list[str] = []
    at = parents.get(name)
    while at is not None and at not in above and at != name:
        above.append(at)
        at = parents.get(at)
    return tuple(above)


def with_aliases(known: ClassDictionary, name: str, aliases: Iterable[str]) -> ClassDictionary:
    """A class that also answers to other names.

    Raises:
        ClassNotFound: there is no such class.
        NameTaken: another class has the name, or answers to it already.
    """
    entry = find(known, name)
    fresh: list[str] = []
    for alias in dict.fromkeys(map(clean_name, aliases)):
        held = known.resolve(alias)
        if held is not None and held.name != entry.name:
            raise NameTaken(
                f"{alias!r} {'is' if held.name == alias else 'is an alias of'} class {held.name!r}",
                fix=f"make the two one: visloop classes merge … {shlex.quote(held.name)}"
                f" --into {shlex.quote(entry.name)}",
            )
        if held is None:
            fresh.append(alias)
    return changed(known, entry.name, lambda it: _replace(it, aliases=(*it.aliases, *fresh)))


def without_aliases(known: ClassDictionary, name: str, aliases: Sequence[str]) -> ClassDictionary:
    """A class that no longer answers to these names.

    Raises:
        ClassNotFound: there is no such class, or it has no such alias.
    """
    entry = find(known, name)
    for alias in aliases:
        if alias not in entry.aliases:
            raise ClassNotFound(
                f"{alias!r} is no alias of {entry.name!r}",
                fix=f"it has: {', '.join(entry.aliases) or 'none'}",
            )
    left = tuple(each for each in entry.aliases if each not in aliases)
    return changed(known, entry.name, lambda it: _replace(it, aliases=left))


def renamed(known: ClassDictionary, old: str, new: str) -> ClassDictionary:
    """A class under a new name; the old one becomes an alias, its children follow.

    Raises:
        ClassNotFound: no class is called `old`.
        NameTaken: `new` belongs to another class.
        UsageError: `new` cannot be a name, or is the name that it has.
    """
    entry = find(known, old)
    clean_name(new)
    if new == entry.name:
        raise UsageError(f"the class is called {new!r} already", fix="see: visloop classes list")
    held = known.resolve(new)
    if held is not None and held.name != entry.name:
        raise NameTaken(
            f"{new!r} {'is' if held.name == new else 'is an alias of'} class {held.name!r}",
            fix=f"make the two one: visloop classes merge … {shlex.quote(entry.name)}"
            f" --into {shlex.quote(held.name)}",
        )
    aliases = tuple(each for each in (*entry.aliases, entry.name) if each != new)
    grown = changed(known, entry.name, lambda it: _replace(it, name=new, aliases=aliases))
    return _reparented(grown, {entry.name: new})


def merged(known: ClassDictionary, names: Sequence[str], into: str) -> ClassDictionary:
    """Several classes become one, which answers to all their names; a new one when `into` is new.

    Children of the merged classes become its children; a class merged with one above it goes to
    where that stood. Details that `into` lacks are taken from the merged classes.

    Raises:
        ClassNotFound: one of the names is no class.
        UsageError: nothing would be merged.
    """
    gone = {each.name: each for each in (find(known, name) for name in names)}
    target = known.resolve(into)
    if target is None or (target.name in gone and target.name != into):  # a class of its own
        first = next(iter(gone.values()), None)
        parent = first.parent if first else None
        target = ClassEntry(id=known.next_id, name=clean_name(into), parent=parent)
        known = _replace(known, entries=(*known.entries, target), next_id=known.next_id + 1)
    gone.pop(target.name, None)
    if not gone:
        raise UsageError("nothing to merge", fix=f"name classes other than {target.name!r}")
    entry, above = target, (target.parent, *ancestors(known, target.name))
    parent = next((each for each in above if each not in (*gone, entry.name)), None)
    others = list(gone.values())
    aliases = (name for each in others for name in (each.name, *each.aliases))
    whole = _replace(
        entry,
        parent=parent,
        aliases=tuple(n for n in dict.fromkeys((*entry.aliases, *aliases)) if n != entry.name),
        color=entry.color or next((each.color for each in others if each.color), ""),
        definition=entry.definition or next((e.definition for e in others if e.definition), ""),
        origins=(*entry.origins, *(Origin(each.id, each.name) for each in others)),
    )
    left = tuple(
        whole if each.name == entry.name else each
        for each in known.entries
        if each.name not in gone
    )
    return _reparented(_replace(known, entries=left), dict.fromkeys(gone, entry.name))


def divided(
    known: ClassDictionary, old: str, into: Sequence[str], *, keep: bool
) -> ClassDictionary:
    """One class becomes several; new ones stand where it stood.

    Unless it stays (`keep`) it is gone, without an alias: which of the new ones an old name means
    is for a person to say.

    Raises:
        ClassNotFound: no class is called `old`.
    """
    entry = find(known, old)
    for name in into:
        if name == entry.name:
            continue
        details = ClassEntry(id=0, name=name, parent=entry.parent)
        if known.resolve(name) is None:
            known = with_new(known, [name], details)
        elif find(known, name).name != name:
            with_new(known, [name])  # raises: it is an alias of another class
        origin = Origin(entry.id, entry.name)
        known = changed(
            known,
            name,
            lambda it, origin=origin: (
                it if origin in it.origins else _replace(it, origins=(*it.origins, origin))
            ),
        )
    return known if keep else without(known, entry.name)


def without(known: ClassDictionary, name: str) -> ClassDictionary:
    """The dictionary without a class; its children go to where it stood. Its id is not given again."""
    entry = find(known, name)
    left = tuple(each for each in known.entries if each.name != entry.name)
    return _reparented(_replace(known, entries=left), {entry.name: entry.parent})


def _reparented(known: ClassDictionary, moved: Mapping[str, str | None]) -> ClassDictionary:
    """Children of the moved classes below what takes their place."""

    def parent_of(each: ClassEntry) -> str | None:
        if each.parent is None or each.parent not in moved:
            return each.parent
        parent = moved[each.parent]
        return None if parent == each.name else parent

    entries = (_replace(each, parent=parent_of(each)) for each in known.entries)
    return _replace(known, entries=tuple(entries))
