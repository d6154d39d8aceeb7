"""Verbs that change classes across a whole data set, each as one version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import data
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Refactored:
    """What changed, or would: `objects` in `samples` have another class; `version` is the new one."""

    said: str
    change: str
    version: str | None
    dataset: str
    objects: int
    samples: int
    moves: tuple[dict[str, Any], ...]


def _answer(dataset: str, done: data.Refactored) -> Refactored:
    would = "would change" if done.version is None else "changed"
    return Refactored(
        said=f"{done.total:,} {_plural('object', done.total)} in {done.samples:,}"
        f" {_plural('sample', done.samples)} {would}",
        change=done.words,
        version=done.version.name if done.version else None,
        dataset=dataset,
        objects=done.total,
        samples=done.samples,
        moves=tuple(
            {"was": was, "now": now, "objects": number}
            for (was, now), number in sorted(done.objects.items())
        ),
    )


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


@dataclass(frozen=True)
class ClassesRename:
    """Rename a class everywhere, as one version; the old name becomes an alias.

    Labels, queued pictures and models that still say the old name find the class. To undo it,
    rename back.
    """

    dataset: str = arg("the data set")
    old: str = arg("the class")
    new: str = arg("its new name")
    message: str = opt("why; said beside 'class OLD → NEW'", short="-m", default="")
    with_staged: bool = opt("put what is staged into the same version", default=False)
    dry_run: bool = opt("count what would change, change nothing", default=False)


@operation("classes.rename", permission="data.write")
def classes_rename(ports: Ports, scope: Scope, ask: ClassesRename) -> Refactored:
    """All or nothing."""
    done = data.rename_class(
        ports.data,
        scope,
        ask.dataset,
        ask.old,
        ask.new,
        message=ask.message,
        with_staged=ask.with_staged,
        dry_run=ask.dry_run,
    )
    return _answer(ask.dataset, done)


@dataclass(frozen=True)
class ClassesMerge:
    """Make several classes one everywhere, as one version; their names become aliases of it."""

    dataset: str = arg("the data set")
    names: tuple[str, ...] = arg("the classes")
    into: str = opt("one of them, another class, or a new one")
    message: str = opt("why; said beside the generated message", short="-m", default="")
    with_staged: bool = opt("put what is staged into the same version", default=False)
    dry_run: bool = opt("count what would change, change nothing", default=False)


@operation("classes.merge", permission="data.write")
def classes_merge(ports: Ports, scope: Scope, ask: ClassesMerge) -> Refactored:
    """All or nothing."""
    done = data.merge_classes(
        ports.data,
        scope,
        ask.dataset,
        ask.names,
        ask.into,
        message=ask.message,
        with_staged=ask.with_staged,
        dry_run=ask.dry_run,
    )
    return _answer(ask.dataset, done)


@dataclass(frozen=True)
class ClassesSplit:
    """Make one class several, object by object, as one version.

    By an attribute (--by attribute=size --map large=truck --map small=van), a metadata field
    (--by metadata=camera), the folder (--by folder --map 'night/*=lit'), or a list (--list FILE:
    id of an object or sample, or path → class).
    """

    dataset: str = arg("the data set")
    old: str = arg("the class")
    by: str = opt("attribute=NAME, metadata=FIELD or folder", default="")
    map: dict[str, str] = opt("value=CLASS; may be repeated", default={})
    list_: str | None = opt("a CSV or JSON file: id → class", default=None, path=True)
    rest: str | None = opt("class of all others; keep: they stay as they are", default=None)
    message: str = opt("why; said beside the generated message", short="-m", default="")
    with_staged: bool = opt("put what is staged into the same version", default=False)
    dry_run: bool = opt("count what would change, change nothing", default=False)


@operation("classes.split", permission="data.write")
def classes_split(ports: Ports, scope: Scope, ask: ClassesSplit) -> Refactored:
    """All or nothing."""
    done = data.split_class(
        ports.data,
        scope,
        ask.dataset,
        ask.old,
        by=ask.by,
        chosen=ask.map,
        listed=Path(ask.list_) if ask.list_ else None,
        rest=ask.rest,
        message=ask.message,
        with_staged=ask.with_staged,
        dry_run=ask.dry_run,
    )
    return _answer(ask.dataset, done)
