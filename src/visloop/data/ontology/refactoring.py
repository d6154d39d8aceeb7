"""Rename, merge, split a class: dictionary and every label in one version, whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from visloop.data import catalog
from visloop.data.dictionary import said_once
from visloop.data.ontology import rules
from visloop.data.ontology.dividing import KEEP, division
from visloop.data.records import ClassDictionary, DataPorts, Sample, Version
from visloop.data.tables import working
from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import apply
from visloop.data.tree.nodes import Nodes, Scratch, Tree
from visloop.data.versions import Proposal, record
from visloop.data.working import Working, decode, encode
from visloop.errors import Conflict, Refused
from visloop.events import Scope
from visloop.progress import Progress
from visloop.vision import Annotation

_TRIES: Final = 8


class OtherChanges(Refused):
    """Changes that no version holds yet would be mixed with a change of classes."""

    code = "data.other_changes_staged"


@dataclass(frozen=True)
class Refactored:
    """What a change of classes did, or would do: objects and samples with another class name.

    `objects` counts by (class before, class after); `version` is None of a dry run.
    """

    words: str
    objects: Mapping[tuple[str, str], int]
    samples: int
    classes: ClassDictionary
    version: Version | None = None

    @property
    def total(self) -> int:
        """How many objects have another class name."""
        return sum(self.objects.values())


@dataclass(frozen=True)
class _Plan:
    """The dictionary afterwards, which labels may change, what each becomes, and what it is called."""

    classes: ClassDictionary
    names: frozenset[str]
    becomes: Callable[[Sample, Annotation], str]
    words: str
    kind: str
    check: Callable[[], None] = lambda: None


_Planner = Callable[[ClassDictionary], _Plan]


def rename_class(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    old: str,
    new: str,
    *,
    message: str = "",
    with_staged: bool = False,
    dry_run: bool = False,
) -> Refactored:
    """Give a class another name, in the dictionary and on every object, as one version.

    The class keeps its id; its old name becomes an alias, so labels that still come in under it
    find it. Renaming back is the way to undo it.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set or class.
        NameTaken: the new name belongs to another class: merge the two.
        OtherChanges: something is staged, and `with_staged` is not given.
        Conflict: others kept changing the data set.
    """

    def plan(known: ClassDictionary) -> _Plan:
        was = rules.find(known, old).name
        after = rules.renamed(known, was, new)
        return _by_name(after, {was: new}, f"class {was} → {new}", "data.class_renamed")

    return _Refactoring(ports, scope, dataset, plan, with_staged).run(message, dry_run=dry_run)


def merge_classes(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    names: Sequence[str],
    into: str,
    *,
    message: str = "",
    with_staged: bool = False,
    dry_run: bool = False,
) -> Refactored:
    """Make several classes one, in the dictionary and on every object, as one version.

    All their names lead to it from then on. `into` is one of them, another class, or a new one.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set or class.
        OtherChanges: something is staged, and `with_staged` is not given.
        Conflict: others kept changing the data set.
    """

    def plan(known: ClassDictionary) -> _Plan:
        after = rules.merged(known, names, into)
        target = rules.find(after, into).name
        left = set(after.names)
        gone = {each.name: target for each in known.entries if each.name not in left}
        words = f"class {', '.join(gone)} merged into {target}"
        return _by_name(after, gone, words, "data.classes_merged")

    return _Refactoring(ports, scope, dataset, plan, with_staged).run(message, dry_run=dry_run)


def split_class(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    old: str,
    *,
    by: str = "",
    chosen: Mapping[str, str] | None = None,
    listed: Path | None = None,
    rest: str | None = None,
    message: str = "",
    with_staged: bool = False,
    dry_run: bool = False,
) -> Refactored:
    """Make one class several, object by object, as one version.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        dataset: the data set.
        old: the class.
        by: `attribute=NAME`, `metadata=FIELD` or `folder`; empty with a list.
        chosen: value of it (or glob of folders) → class.
        listed: a CSV or JSON file of object id, sample id or path → class.
        rest: class of all others; `keep` lets them stay, None allows none.
        message: said beside the generated one.
        with_staged: what is staged goes into the same version.
        dry_run: count only.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set or class.
        SplitIncomplete: some objects belong nowhere, and no `rest` is given.
        ListUnreadable: the file says no such thing.
        OtherChanges: something is staged, and `with_staged` is not given.
        Conflict: others kept changing the data set.
    """

    def plan(known: ClassDictionary) -> _Plan:
        was = rules.find(known, old).name
        divide = division(was, by, chosen or {}, listed, rest)
        stays = rest == KEEP or was in divide.into
        after = rules.divided(known, was, divide.into, keep=stays)
        return _Plan(
            after,
            frozenset({was}),
            divide,
            f"class {was} split into {', '.join(each for each in divide.into if each != was)}",
            "data.class_split",
            lambda: divide.check(was),
        )

    return _Refactoring(ports, scope, dataset, plan, with_staged).run(message, dry_run=dry_run)


def _by_name(after: ClassDictionary, names: Mapping[str, str], words: str, kind: str) -> _Plan:
    return _Plan(after, frozenset(names), lambda _, each: names[each.label], words, kind)


class _Tally:
    """Objects with another class name, by (before, after), and the samples they are in."""

    def __init__(self) -> None:
        self.objects: Counter[tuple[str, str]] = Counter()
        self.samples = 0


class _Refactoring:
    """One change of classes: planned, worked into the tree, recorded."""

    def __init__(
        self, ports: DataPorts, scope: Scope, dataset: str, plan: _Planner, with_staged: bool
    ) -> None:
        self._ports, self._scope, self._dataset = ports, scope, dataset
        self._plan, self._with_staged = plan, with_staged

    def run(self, message: str, *, dry_run: bool) -> Refactored:
        """Until nobody was faster."""
        for _ in range(_TRIES):
            state, over, base, staged = self._look(dry_run=dry_run)
            plan = self._plan(over.classes)
            tally = _Tally()
            edits = _relabelled(base, plan, tally, self._ports.progress)
            if dry_run:
                for _edit in edits:
                    pass
                plan.check()
                return Refactored(plan.words, tally.objects, tally.samples, plan.classes)
            tree = apply(base, edits)
            plan.check()
            root = catalog.store_root(
                self._ports.blobs, tree.digest, tree.count, plan.classes, over.fields
            )
            self._ports.blobs.flush()
            proposal = Proposal(over.head, root, tree.count, state.sequence, staged)
            said = f"{plan.words}: {message}" if message.strip() else plan.words
            version = self._record(proposal, plan, tally, said)
            if version is not None:
                done = (plan.words, tally.objects, tally.samples, plan.classes, version)
                return Refactored(*done)
        raise Conflict(f"others kept changing {self._dataset!r} first", fix="run the same again")

    def _look(self, *, dry_run: bool) -> tuple[catalog.DatasetState, Working, Tree, int]:
        """The state to start from: its row, the head, the tree to change, how much is staged."""
        blobs = Scratch(self._ports.blobs) if dry_run else self._ports.blobs
        nodes = Nodes(blobs)
        project, dataset = self._scope.project, self._dataset
        count = select(func.count()).select_from(working)
        mine = (working.c.project == project) & (working.c.dataset == dataset)
        with self._ports.ledger.read() as connection:
            state = catalog.state(connection, project, dataset)
            over = Working.load(connection, nodes, state)
            staged = connection.scalar(count.where(mine)) or 0
            own = state.classes is not None or state.fields is not None
            if (staged or own) and not self._with_staged:
                raise self._mixed(staged, over)
            tree = over.merged() if staged else over.tree
        return state, over, tree if tree.digest else Tree.empty(nodes), staged

    def _mixed(self, staged: int, over: Working) -> OtherChanges:
        what = f"changes to {staged:,} samples" if staged else "changes to its classes or fields"
        first = f"visloop commit {self._dataset} -m TEXT"
        back = f"   or take them back: visloop unstage {self._dataset}" if over.head else ""
        return OtherChanges(
            f"{self._dataset!r} has {what} that no version holds yet; a change of classes is a"
            " version of its own",
            fix=f"first: {first}{back}   or put all of it into one version: --with-staged",
        )

    def _record(
        self, proposal: Proposal, plan: _Plan, tally: _Tally, message: str
    ) -> Version | None:
        """Version and fact in one transaction; None when the data set changed meanwhile."""
        with self._ports.ledger.write(self._scope) as write:
            now = catalog.state(write.connection, self._scope.project, self._dataset)
            head = catalog.head(write.connection, self._scope.project, self._dataset)
            if now.sequence != proposal.sequence or head != proposal.base:
                return None
            version = record(write, self._dataset, proposal, message)
            write.fact(plan.kind, version.ref, **_said(plan, tally))
        return version


def _said(plan: _Plan, tally: _Tally) -> dict[str, Any]:
    return {
        "words": plan.words,
        "objects": tally.objects.total(),
        "samples": tally.samples,
        "classes": plan.classes.digest,
    }


def _relabelled(
    tree: Tree, plan: _Plan, tally: _Tally, progress: Progress
) -> Iterator[tuple[str, Entry | None]]:
    """The samples whose objects get another class name; others are not even decoded."""
    wanted = [name.encode() for name in plan.names]
    for entry in progress.track(tree.entries(), doing="relabel", unit="picture", total=tree.count):
        value = entry.value
        if not any(name in value for name in wanted):
            continue
        was = decode(entry)
        now = tuple(_with_class(was, each, plan, tally) for each in was.annotations)
        now = said_once(was.annotations, now)
        if now != was.annotations:
            tally.samples += 1
            yield entry.key, encode(msgspec.structs.replace(was, annotations=now))


def _with_class(sample: Sample, each: Annotation, plan: _Plan, tally: _Tally) -> Annotation:
    if each.label not in plan.names:
        return each
    name = plan.becomes(sample, each)
    if name == each.label:
        return each
    tally.objects[each.label, name] += 1
    return msgspec.structs.replace(each, label=name)
