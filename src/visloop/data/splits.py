"""Shares a data set out into splits: by class, by group, the same way every time, test sets frozen."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from visloop.data import catalog
from visloop.data.records import DataPorts, Sample, Version
from visloop.data.staging import FROZEN_SPLITS, stage_over
from visloop.data.tree.nodes import Nodes, Scratch
from visloop.data.working import Working, batches, decode
from visloop.errors import Conflict, UsageError
from visloop.events import Scope
from visloop.ids import digest_of
from visloop.store import Write

DEFAULT_SHARES: Final[Mapping[str, float]] = {"train": 0.8, "test": 0.2}
_AT_ONCE: Final = 500
_TRIES: Final = 8


@dataclass(frozen=True)
class Shared:
    """Samples in each split now, how many changed theirs, how many a frozen split held back."""

    splits: Mapping[str, int]
    changed: int
    frozen: int = 0


@dataclass(slots=True)
class _Group:
    """Samples that stay together: `fixed` when one of them has a split that it keeps."""

    key: str
    paths: list[str]
    classes: set[str]
    fixed: str | None = None
    settled: int = 0


def split(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    shares: Mapping[str, float] | None = None,
    seed: int = 0,
    group_by: str | None = None,
    *,
    redo: bool = False,
    unfreeze: bool = False,
) -> Shared:
    """Give every sample without a split one; staged, needs a commit.

    Each class is shared out by itself (a picture of several classes counts for its rarest), so that
    every split sees every class. Samples with the same value of the metadata key `group_by` (a
    camera, a video, a patient) stay together. The draw depends on `seed` and the samples alone.
    Samples that have a split keep it, unless `redo`; a committed test sample leaves the test split
    only when `unfreeze` says so too.

    Raises:
        DatasetNotFound: there is no such data set.
        UsageError: the shares are not positive numbers that make 1.
        Conflict: others changed the data set again and again.
    """
    wanted = _checked(DEFAULT_SHARES if shares is None else shares)
    for _ in range(_TRIES):
        drawn = _draw(ports, scope, dataset, wanted, seed, group_by, redo=redo, unfreeze=unfreeze)
        with ports.ledger.write(scope) as write:
            state = catalog.state(write.connection, scope.project, dataset)
            over = Working.load(write.connection, Nodes(ports.blobs), state)
            if (state.sequence, over.head) != (drawn.sequence, drawn.head):
                continue  # somebody changed the data set meanwhile: draw again
            changed = _stage(write, over, drawn, unfreeze=unfreeze)
            if changed:
                write.fact("data.split", dataset, shares=dict(wanted), seed=seed, changed=changed)
        splits = {name: n for name, n in sorted(drawn.counts.items()) if name and n}
        return Shared(splits=splits, changed=changed, frozen=drawn.frozen)
    raise Conflict(f"others kept changing {dataset!r}", fix="run the same command again")


@dataclass(frozen=True)
class _Draw:
    """Path → split, drawn from one state of the data set; `counts` is updated as it is staged."""

    sequence: int
    head: Version | None
    chosen: dict[str, str]
    counts: Counter[str]
    frozen: int


def _draw(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    shares: Mapping[str, float],
    seed: int,
    group_by: str | None,
    *,
    redo: bool,
    unfreeze: bool,
) -> _Draw:
    """Everything but the writing: the lock of the ledger is not held while all samples are read."""
    with ports.ledger.read() as connection:
        state = catalog.state(connection, scope.project, dataset)
        over = Working.load(connection, Nodes(Scratch(ports.blobs)), state)
        view = over.merged()
        frozen: set[str] = set()
        if redo and not unfreeze:
            for name in FROZEN_SPLITS:
                frozen |= {entry.key for entry in over.tree.entries(tag=name)}
        groups = _grouped(map(decode, view.entries()), group_by, frozen, redo=redo)
    chosen = _share_out(groups, shares, seed)
    return _Draw(state.sequence, over.head, chosen, Counter(view.tally), len(frozen))


def _stage(write: Write, over: Working, drawn: _Draw, *, unfreeze: bool) -> int:
    changed = 0
    for part in batches(sorted(drawn.chosen), _AT_ONCE):
        fresh: list[Sample] = []
        for path, sample in over.get_many(part).items():
            if sample.split != (split := drawn.chosen[path]):
                drawn.counts[sample.split or ""] -= 1
                drawn.counts[split] += 1
                fresh.append(msgspec.structs.replace(sample, split=split))
        stage_over(write, over, fresh, unfreeze=unfreeze)
        changed += len(fresh)
    return changed


def _checked(shares: Mapping[str, float]) -> Mapping[str, float]:
    total = sum(shares.values())
    if shares and all(share > 0 for share in shares.values()) and math.isclose(total, 1.0):
        return shares
    told = ", ".join(f"{name}={share:g}" for name, share in shares.items()) or "none"
    raise UsageError(
        f"shares must be above 0 and make 1 together, not {total:g} ({told})",
        fix="for example train=0.8 test=0.2",
    )


def _grouped(
    samples: Iterable[Sample], group_by: str | None, frozen: set[str], *, redo: bool
) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for sample in samples:
        value = None if group_by is None else sample.metadata.get(group_by)
        key = f"sample {sample.id}" if value is None else f"group {value!r}"
        group = groups.setdefault(key, _Group(key, [], set()))
        group.classes |= {each.label for each in sample.annotations if each.label}
        if sample.split is not None and (not redo or sample.path in frozen):
            group.settled += 1
            group.fixed = _stricter(group.fixed, sample.split)
        else:
            group.paths.append(sample.path)
    return list(groups.values())


def _stricter(one: str | None, other: str) -> str:
    """Of two splits that a group has already, the one that its new members join."""
    return one if one in FROZEN_SPLITS or (other not in FROZEN_SPLITS and one) else other


def _share_out(groups: list[_Group], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Path → split for every sample that has none: the split that is furthest behind comes next."""
    popularity = Counter(name for group in groups for name in group.classes)
    strata: defaultdict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        rarest = min(group.classes, key=lambda name: (popularity[name], name), default="")
        strata[rarest].append(group)
    chosen: dict[str, str] = {}
    overall = Counter[str]()
    for _, members in sorted(strata.items()):
        here = Counter[str]()
        for group in members:
            if group.fixed is not None:
                _put(group, group.fixed, chosen, here, overall)
        waiting = [group for group in members if group.fixed is None]
        for group in sorted(waiting, key=lambda group: digest_of(str(seed), group.key)):
            best = max(
                shares,
                key=lambda name: (
                    _behind(here, shares, name, len(group.paths))
                    + max(-0.5, min(0.5, _behind(overall, shares, name, len(group.paths))))
                ),
            )
            _put(group, best, chosen, here, overall)
    return chosen


def _behind(counts: Counter[str], shares: Mapping[str, float], name: str, coming: int) -> float:
    """By how many samples a split will lag its share once `coming` more are placed elsewhere."""
    return shares[name] * (sum(counts[each] for each in shares) + coming) - counts[name]


def _put(
    group: _Group, name: str, chosen: dict[str, str], here: Counter[str], overall: Counter[str]
) -> None:
    chosen.update(dict.fromkeys(group.paths, name))
    size = len(group.paths) + group.settled
    here[name] += size
    overall[name] += size
