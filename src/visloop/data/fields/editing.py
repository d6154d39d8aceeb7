"""Changing metadata of many samples: drawn up from one state, staged whole in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from visloop.data import catalog
from visloop.data.fields import own
from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.checking import checked
from visloop.data.fields.choosing import Chosen, chosen
from visloop.data.fields.records import OwnFields
from visloop.data.fields.stating import stated
from visloop.data.records import DataPorts, Sample
from visloop.data.staging import stage_over
from visloop.data.tree.codec import Entry
from visloop.data.tree.nodes import Nodes, Scratch, Tree
from visloop.data.working import Working, batches, decode, encode
from visloop.errors import Conflict, UsageError
from visloop.events import Scope
from visloop.ids import check_name

_AT_ONCE: Final = 500
_TRIES: Final = 8


@dataclass(frozen=True)
class Edited:
    """Samples that were meant, those whose metadata changed, and what was unusual."""

    matched: int
    changed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What is to be staged: the samples, and the fields that they need; `matched` were looked at."""

    samples: Iterable[Sample]
    fields: OwnFields
    notes: tuple[str, ...] = ()


def meta_set(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    by: Chosen,
    said: Mapping[str, Any],
    unset: Collection[str] = (),
    *,
    dry_run: bool = False,
) -> Edited:
    """Set metadata of samples, and take some off; staged, needs a commit.

    Raises:
        DatasetNotFound, SampleNotFound: there is no such thing.
        WrongMetadata: a value does not fit its field; nothing is changed then.
        UsageError: nothing to set, or nothing says on which samples.
    """
    if not said and not unset:
        raise UsageError("nothing to set", fix=f"visloop meta set {dataset} PATH… --set key=value")

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        told = stated(said, fields, dataset, "--set")
        known = {**BUILT_IN, **told.fields.by_name()}
        return Draft(
            (_with(sample, told.values, unset) for sample in chosen(tree, known, by, dataset)),
            told.fields,
            told.notes,
        )

    fact = {"set": sorted(said), "unset": sorted(unset)}
    return edit(ports, scope, dataset, draw, fact, dry_run=dry_run)


def _with(sample: Sample, values: Mapping[str, Any], unset: Collection[str]) -> Sample:
    kept = {key: value for key, value in sample.metadata.items() if key not in unset}
    return msgspec.structs.replace(sample, metadata={**kept, **values})


def edit(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    draw: Callable[[Tree, OwnFields], Draft],
    fact: Mapping[str, Any],
    *,
    dry_run: bool = False,
) -> Edited:
    """Stage the samples that `draw` makes of the working state; all of them or none.

    Raises:
        Conflict: others changed the data set again and again.
    """
    check_name(dataset, "data set name")
    for _ in range(_TRIES):
        with ports.ledger.read() as connection:
            state = catalog.state(connection, scope.project, dataset)
            over = Working.load(connection, Nodes(Scratch(ports.blobs)), state)
            tree = over.merged()
            draft = draw(tree, over.fields)
            done = _drawn(tree, draft, dataset)
        answer = Edited(done.matched, len(done.entries), (*draft.notes, *done.notes))
        if dry_run:
            return answer
        with ports.ledger.write(scope) as write:
            again = catalog.state(write.connection, scope.project, dataset)
            now = Working.load(write.connection, Nodes(ports.blobs), again)
            if (again.sequence, now.head) != (state.sequence, over.head):
                continue  # somebody changed the data set meanwhile: draw again
            if done.fields != over.fields:
                sequence = catalog.next_sequence(write, dataset)
                own.put(write, dataset, done.fields, sequence)
            for part in batches(done.entries, _AT_ONCE):
                stage_over(write, now, [decode(entry) for entry in part])
            if done.entries or done.fields != over.fields:
                write.fact("data.metadata_changed", dataset, changed=len(done.entries), **fact)
        return answer
    raise Conflict(f"others kept changing {dataset!r}", fix="run the same command again")


@dataclass(frozen=True)
class _Done:
    matched: int
    entries: list[Entry]
    fields: OwnFields
    notes: tuple[str, ...]


def _drawn(tree: Tree, draft: Draft, dataset: str) -> _Done:
    """Everything checked; changed samples encoded, which takes little memory."""
    matched, fields, notes = 0, draft.fields, list[str]()
    entries: list[Entry] = []
    for part in batches(draft.samples, _AT_ONCE):
        matched += len(part)
        fit = checked(part, fields, dataset)
        fields = fit.fields
        notes += fit.notes
        entries += _changed(tree, fit.samples)
    return _Done(matched, entries, fields, tuple(notes))


def _changed(tree: Tree, samples: Iterable[Sample]) -> Iterator[Entry]:
    for sample in samples:
        entry = encode(sample)
        if entry != tree.get(sample.path):
            yield entry
