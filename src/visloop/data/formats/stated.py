"""What label files say of pictures, joined with the picture files that they mean."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH113

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from visloop.data.formats.coco.files import Pictures
from visloop.data.formats.folder import shortest_distinct
from visloop.data.formats.records import Item
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Leftovers, clean, is_logical
from visloop.data.records import Refusal
from visloop.vision import Annotation

REDRAW: Final = "mend or remove the object in the label file, then add it again"
_APART: Final = "give one of them another name in its label file"


class Objection(msgspec.Struct, frozen=True):
    """An object that cannot be taken: its reason code, the reason with its place, what mends it."""

    code: str
    reason: str
    fix: str = REDRAW


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """One picture as a label file states it, before its file is looked for.

    `names` are what it may be called, the likeliest first, `roots` the folders where such names
    begin, `tree` the folder that nothing is read outside of, `source` the label file as clean text.
    `path` is the logical path where the label file says one. The rest is as in `Found`.
    """

    names: tuple[str, ...]
    roots: tuple[str, ...]
    tree: str
    source: str
    path: str = ""
    annotations: tuple[Annotation, ...] | None = None
    split: str | None = None
    declared: tuple[int, int] | None = None
    metadata: dict[str, Any] = {}
    objections: tuple[Objection, ...] = ()
    notes: tuple[str, ...] = ()
    shares: bool = False


class _Placed(msgspec.Struct, frozen=True):
    path: str
    file: str
    stated: Stated


def offer(stated: Iterable[Stated], left: Leftovers, *, others: bool = True) -> Iterator[Item]:
    """Pictures in the order of their logical paths; refusals of those that are not there first.

    Several entries of one file are one picture. Two files of one logical path are told apart by
    their split, else the second is refused. With `others`, pictures of the trees that no entry
    names are counted as left out.
    """
    entries = list(stated)
    finders = {tree: Pictures(tree) for tree in sorted({each.tree for each in entries})}
    prefixes = _prefixes(list(finders))
    placed: list[_Placed] = []
    refusals: list[Refusal] = []
    for each in entries:
        file = _found_file(each, finders[each.tree])
        if isinstance(file, Refusal):
            refusals.append(file)
        else:
            placed.append(_Placed(prefixes[each.tree] + _logical(each, file), file, each))
    by_path = _told_apart(placed)
    yield from sorted(refusals, key=lambda refusal: refusal.path)
    for path in sorted(by_path):
        first = by_path[path][0]
        for other in [each for each in by_path[path] if each.file != first.file]:
            reason = f"two pictures would be called {path!r}: {clean(first.file)} too"
            yield refuse(path, clean(other.file), "name_collision", reason, fix=_APART)
        yield _found(path, [each for each in by_path[path] if each.file == first.file])
    if not others:
        return
    for tree, finder in finders.items():
        for file in finder.others({each.file for each in placed}):
            name = clean(os.path.relpath(file, tree))
            left.add("{n} pictures are named in no label file and were left out", name)


def _prefixes(trees: Sequence[str]) -> dict[str, str]:
    if len(trees) < 2:  # noqa: PLR2004
        return dict.fromkeys(trees, "")
    tails = shortest_distinct(trees)
    return {tree: f"{clean(tail)}/" for tree, tail in zip(trees, tails, strict=True)}


def _found_file(each: Stated, finder: Pictures) -> str | Refusal:
    for name in each.names:
        for root in each.roots:
            tidy = os.path.normpath(name)
            if is_logical(tidy) and os.path.isfile(f"{root}/{tidy}"):
                return finder.find(root, tidy, each.source)
    answer: str | Refusal = ""
    for name in reversed(each.names):  # the refusal that stays is the one of the likeliest name
        answer = finder.find(each.roots[0], name, each.source)
        if not isinstance(answer, Refusal):
            return answer
    return answer


def _logical(each: Stated, file: str) -> str:
    if each.path and is_logical(each.path):
        return each.path
    for root in (*each.roots, each.tree):
        if file.startswith(root.rstrip(os.sep) + os.sep):
            return clean(os.path.relpath(file, root))
    return clean(os.path.basename(file))  # noqa: PTH119


def _told_apart(placed: Sequence[_Placed]) -> dict[str, list[_Placed]]:
    """By logical path; where several files share one and their splits differ, below their split."""
    by_path: defaultdict[str, list[_Placed]] = defaultdict(list)
    for each in placed:
        by_path[each.path].append(each)
    answer: defaultdict[str, list[_Placed]] = defaultdict(list)
    for path, each in by_path.items():
        files = {one.file: one.stated.split for one in each}
        apart = len(files) > 1 and len(set(files.values())) == len(files)
        for one in each:
            folder = f"{one.stated.split}/" if apart and one.stated.split else ""
            answer[folder + path].append(one)
    return answer


def _found(path: str, entries: Sequence[_Placed]) -> Found:
    first = entries[0].stated
    said = [each.stated for each in entries]
    annotations = [each.annotations for each in said if each.annotations is not None]
    notes = [note for each in said for note in each.notes]
    if len(entries) > 1:
        notes.append(f"{len(entries)} entries name this picture: their objects are put together")
    return Found(
        path=path,
        file=entries[0].file,
        source=clean(entries[0].file),
        annotations=tuple(a for each in annotations for a in each) if annotations else None,
        split=next((each.split for each in said if each.split), None),
        declared=first.declared,
        shares=first.shares,
        metadata={key: value for each in reversed(said) for key, value in each.metadata.items()},
        refusals=tuple(
            refuse(path, each.source, no.code, no.reason, fix=no.fix)
            for each in said
            for no in each.objections
        ),
        notes=tuple(notes),
    )
