"""A whole merge, worked out from what each side changed; its cost grows with the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from visloop.data import catalog
from visloop.data.dictionary import labels_of, renamed
from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.records import OwnFields
from visloop.data.history.merging.conflicts import Choice, Decider, MergeConflict, Place, Rule, Take
from visloop.data.history.merging.dictionary import MergedClasses, merged_classes, merged_fields
from visloop.data.history.merging.samples import merged_sample
from visloop.data.records import ClassDictionary, Sample, Version
from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import apply, differences
from visloop.data.tree.nodes import Bytes, Nodes, Tree
from visloop.data.working import decode, encode

_Change: TypeAlias = tuple[Entry | None, Entry | None]


@dataclass(frozen=True)
class Side:
    """One of the three: its samples, classes, fields."""

    tree: Tree
    classes: ClassDictionary
    fields: OwnFields

    @classmethod
    def of(cls, nodes: Nodes, version: Version | None) -> Side:
        """That of a version; of none, nothing."""
        if version is None:
            return cls(Tree.nothing(nodes), ClassDictionary(), OwnFields())
        root = catalog.load_root(nodes.blobs, version.root)
        return cls(Tree.open(nodes, root.tree), root.classes, root.own_fields)


@dataclass(frozen=True)
class MergePlan:
    """What comes of a merge: the root to record, how many samples it changes, the conflicts met."""

    root: str
    count: int
    samples: int
    conflicts: tuple[MergeConflict, ...]

    @property
    def open(self) -> tuple[MergeConflict, ...]:
        """Conflicts that nobody decided: while there are any, nothing may be recorded."""
        return tuple(each for each in self.conflicts if each.take is None)


@dataclass
class _Edits:
    """Changes to our samples: path → what lies there then, None: nothing."""

    tree: Tree
    put: dict[str, Entry | None] = field(default_factory=dict[str, Entry | None])

    def add(self, was: Sample | None, now: Sample | None) -> None:
        """One sample's way from `was` (as we have it) to `now`."""
        if was is not None and (now is None or now.path != was.path):
            self.put.setdefault(was.path, None)
        if now is not None and now != was:
            self.put[now.path] = encode(now)

    def tree_after(self) -> Tree:
        """Our samples with all of it worked in."""
        done = apply(self.tree, sorted(self.put.items(), key=lambda edit: edit[0]))
        return done if done.digest else Tree.empty(self.tree.nodes)


def merge_plan(
    blobs: Bytes,
    base: Version | None,
    ours: Version | None,
    theirs: Version | None,
    *,
    rule: Rule | None,
    choices: Mapping[str, Choice],
    newest: Callable[[str], Take],
) -> MergePlan:
    """Work out what our version becomes with everything that lies between `base` and `theirs`."""
    nodes = Nodes(blobs)
    b, o, t = (Side.of(nodes, each) for each in (base, ours, theirs))
    decider = Decider(rule, choices, newest)
    classes = merged_classes(decider, b.classes, o.classes, t.classes)
    fields = merged_fields(decider, b.fields, o.fields, t.fields)
    mine, other = changed(b.tree, o.tree), changed(b.tree, t.tree)
    results = list(_results(decider, classes, mine, other))
    edits = _placed(decider, o.tree, results)
    put = [decode(each) for each in edits.put.values() if each is not None]
    put += [sample for _, now in mine.values() if (sample := _named(now, classes.ours))]
    known = classes.with_used(
        labels_of(each.annotations for each in put), o.classes, t.classes, b.classes
    )
    fields = _with_used(fields, put, o.fields, t.fields, b.fields)
    tree = edits.tree_after()
    root = catalog.store_root(blobs, tree.digest, tree.count, known, fields)
    return MergePlan(root, tree.count, len(edits.put), tuple(decider.conflicts))


def changed(a: Tree, b: Tree) -> dict[str, _Change]:
    """Sample id → (entry in a, entry in b) of every sample that differs, wherever it lies."""
    found: dict[str, _Change] = {}
    for was, now in differences(a, b):
        for at, entry in enumerate((was, now)):
            if entry is not None:
                name = decode(entry).id
                before = found.get(name, (None, None))
                if before[at] is not None:  # two samples of one identity: the second by its path
                    name = f"{name} {entry.key}"
                    before = found.get(name, (None, None))
                found[name] = (before[0], entry) if at else (entry, before[1])
    return found


_Result: TypeAlias = tuple[Sample | None, Sample | None]


def _results(
    decider: Decider,
    classes: MergedClasses,
    mine: Mapping[str, _Change],
    other: Mapping[str, _Change],
) -> Iterator[_Result]:
    """(as we have it, as it is to be) of every sample that the merge may change, by id."""
    for name in sorted(other.keys() | (mine.keys() if classes.ours else ())):
        if name in other:
            was = _named(other[name][0], classes.base)
            now = _named(other[name][1], classes.theirs)
            held = mine[name][1] if name in mine else other[name][0]
            here = _named(held, classes.ours)
            result = merged_sample(decider, was, here, now)
        else:
            held = mine[name][1]
            result = _named(held, classes.ours)
        yield (decode(held) if held else None), result


def _named(entry: Entry | None, names: Mapping[str, str]) -> Sample | None:
    """The sample, its labels as they are called after the merge."""
    if entry is None:
        return None
    sample = decode(entry)
    objects = renamed(sample.annotations, names)
    if objects is sample.annotations:
        return sample
    return msgspec.structs.replace(sample, annotations=objects)


def _placed(decider: Decider, ours: Tree, results: list[_Result]) -> _Edits:
    """The edits to our samples; of two samples at one path it is decided which stays there."""
    edits = _Edits(ours)
    left = {was.path for was, now in results if was and (now is None or now.path != was.path)}
    taken: dict[str, Sample] = {}
    coming: list[_Result] = []
    for was, now in results:
        if now is None or (was is not None and now.path == was.path):
            edits.add(was, now)
            if now is not None:
                taken[now.path] = now
        else:
            coming.append((was, now))
    for was, now in coming:
        assert now is not None
        there = taken.get(now.path)
        if there is None and now.path not in left and (entry := ours.get(now.path)) is not None:
            there = decode(entry)
        if there is None:
            final: Sample | None = now
        else:
            final = _at_one_path(decider, edits, there, was, now)
        edits.add(was, final)
        if final is not None:
            taken[final.path] = final
    return edits


def _at_one_path(
    decider: Decider, edits: _Edits, there: Sample, was: Sample | None, now: Sample
) -> Sample | None:
    """What becomes of a sample whose path is taken."""
    place = Place(now.id, now.path)
    before = was.path if was else None
    sides = (before, f"{there.path} ({there.image[:12]})", f"{now.path} ({now.image[:12]})")
    take = decider.decide(place, "taken", *sides, both=True)
    if take == "theirs":
        edits.put[there.path] = None
        return now
    if take == "both":
        stem, dot, suffix = now.path.rpartition(".")
        mended = f"{stem}~{now.id[:8]}.{suffix}" if dot and stem else f"{now.path}~{now.id[:8]}"
        return msgspec.structs.replace(now, path=mended)
    return was


def _with_used(found: OwnFields, samples: Iterable[Sample], *sides: OwnFields) -> OwnFields:
    """The fields with those that one side took away and values of the other still use."""
    used = {key for each in samples for key in each.metadata}
    for name in sorted(used - found.by_name().keys() - BUILT_IN.keys()):
        entry = next((each for side in sides if (each := side.by_name().get(name))), None)
        if entry is not None:
            found = found.with_field(entry)
    return found
