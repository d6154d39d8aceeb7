"""Which object goes to which class when one class is split: by attribute, metadata, folder or list."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from visloop.data.records import Sample
from visloop.errors import Refused, UsageError
from visloop.vision import Annotation

KEEP: Final = "keep"
_NAMED: Final = 5
_WAYS: Final = "--by attribute=NAME, --by metadata=FIELD, --by folder, or --list FILE"


class SplitIncomplete(Refused):
    """Some objects of the class that is split belong nowhere."""

    code = "data.split_incomplete"


class ListUnreadable(Refused):
    """The file does not say which object belongs to which class."""

    code = "data.list_unreadable"


@dataclass
class Division:
    """Says for each object of a class which class it becomes, and counts what it cannot place.

    `value` reads what decides off a sample and an object; `table` maps that to a class; `rest` is
    the class of all others, None when there may be none.
    """

    value: Callable[[Sample, Annotation], str | None]
    table: Callable[[str], str | None]
    into: tuple[str, ...]
    rest: str | None
    left: Counter[str] = field(default_factory=Counter[str])

    def __call__(self, sample: Sample, each: Annotation) -> str:
        """The class that this object becomes; its own one when it cannot be placed."""
        value = self.value(sample, each)
        found = None if value is None else self.table(value)
        if found is not None:
            return found
        if self.rest is None:
            self.left[value if value is not None else "(nothing)"] += 1
            return each.label
        return self.rest

    def check(self, old: str) -> None:
        """Refuse to leave objects behind.

        Raises:
            SplitIncomplete: some were placed nowhere.
        """
        if not self.left:
            return
        said = ", ".join(f"{n:,} × {value}" for value, n in self.left.most_common(_NAMED))
        value = self.left.most_common(1)[0][0]
        raise SplitIncomplete(
            f"{self.left.total():,} objects of {old!r} would belong to no class: {said}",
            fix=f"name a class for them: --map {value}=CLASS   or for all of them: --rest CLASS"
            f"   or let them be {old!r}: --rest keep",
        )


def division(
    old: str, by: str, chosen: Mapping[str, str], listed: Path | None, rest: str | None
) -> Division:
    """How a class is split.

    Args:
        old: the class.
        by: `attribute=NAME`, `metadata=FIELD` (dotted), or `folder`; empty with a list.
        chosen: value (or glob of folders) → class.
        listed: a CSV or JSON file of `id` → `class`; ids of objects or samples, or paths.
        rest: class of what is not named; `keep` leaves it where it is; None allows none.

    Raises:
        UsageError: it is not said how, or no class is named.
        ListUnreadable: the file is no such list.
    """
    kind, _, key = by.partition("=")
    if bool(by) == bool(listed):
        raise UsageError("a split needs one rule", fix=_WAYS)
    table: Callable[[str], str | None] = chosen.get
    if listed is not None:
        chosen = read_list(listed)
        table, value = chosen.get, _by_id(chosen)
    elif kind == "attribute" and key:
        value = _by_attribute(key)
    elif kind == "metadata" and key:
        value = _by_metadata(key)
    elif by == "folder":
        table, value = _by_glob(chosen), _folder
    else:
        raise UsageError(f"a class cannot be split by {by!r}", fix=_WAYS)
    if not chosen:
        raise UsageError("a split needs classes to split into", fix="--map VALUE=CLASS, repeated")
    last = old if rest == KEEP else rest
    named = [*chosen.values()] if last is None else [*chosen.values(), last]
    into = tuple(dict.fromkeys(named))
    return Division(value, table, into, last)


def _by_attribute(key: str) -> Callable[[Sample, Annotation], str | None]:
    return lambda _, each: _text(each.attributes.get(key))


def _by_metadata(key: str) -> Callable[[Sample, Annotation], str | None]:
    def value(sample: Sample, _: Annotation) -> str | None:
        if key in sample.metadata:
            return _text(sample.metadata[key])
        at: Any = sample.metadata
        for part in key.split("."):
            at = at.get(part) if isinstance(at, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return _text(at)  # pyright: ignore[reportUnknownArgumentType]

    return value


def _text(value: object) -> str | None:
    """As people type it: true, 3, large."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _folder(sample: Sample, _: Annotation) -> str:
    return sample.path


def _by_glob(chosen: Mapping[str, str]) -> Callable[[str], str | None]:
    def table(path: str) -> str | None:
        folder = path.rpartition("/")[0]
        for pattern, name in chosen.items():
            below = f"{pattern.rstrip('/')}/*"
            if (
                fnmatchcase(path, pattern)
                or fnmatchcase(folder, pattern)
                or fnmatchcase(path, below)
            ):
                return name
        return None

    return table


def _by_id(listed: Mapping[str, str]) -> Callable[[Sample, Annotation], str | None]:
    def value(sample: Sample, each: Annotation) -> str:
        keys = (each.id, sample.id, sample.path)
        return next((key for key in keys if key in listed), sample.path)

    return value


def read_list(file: Path) -> dict[str, str]:
    """Id of an object or sample, or a path → class, of a CSV file (`id,class`) or a JSON object.

    Raises:
        ListUnreadable: it is no such file.
    """
    try:
        text = file.read_text("utf-8-sig")
        if file.suffix.lower() == ".json":
            found = json.loads(text)
        else:
            rows = [row for row in csv.reader(io.StringIO(text), skipinitialspace=True) if row]
            found = {row[0]: row[1] for row in rows if row != ["id", "class"]}
    except (OSError, ValueError, IndexError) as error:
        raise ListUnreadable(f"{file} cannot be read: {error}", fix=_LIST) from error
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):  # pyright: ignore[reportUnknownVariableType]
        raise ListUnreadable(f"{file} does not say id → class", fix=_LIST)
    return {str(key): str(name) for key, name in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


_LIST: Final = "one row an object: id,class   (ids of objects or samples, or paths)"
