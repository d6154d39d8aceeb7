"""Pictures of several cameras shot at one moment; camera and true time noted on samples anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from visloop.data.cameras.registry import stamp_of
from visloop.data.fields.editing import Draft, Edited, edit
from visloop.data.fields.records import OwnFields
from visloop.data.fields.values import as_moment
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import open_ref
from visloop.data.tree.nodes import Tree
from visloop.data.working import decode
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref


@dataclass(frozen=True)
class Shot:
    """One sample with the camera that took it, and when in true time."""

    path: str
    camera: str
    captured: str


@dataclass(frozen=True)
class Together:
    """Samples of different cameras within the tolerance; `moment` is the earliest time."""

    moment: str
    spread_s: float
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Aligned:
    """Groups in the order of time; samples that no other camera saw, or that cannot be placed."""

    groups: tuple[Together, ...]
    alone: int
    without_camera: int
    without_time: int
    changed: int = 0
    notes: tuple[str, ...] = ()


def align(
    ports: DataPorts,
    scope: Scope,
    ref: Ref,
    tolerance_s: float,
    *,
    group_field: str | None = None,
    dry_run: bool = False,
) -> Aligned:
    """Find samples of different cameras that were shot at the same moment.

    Nearest first: of all pairs within the tolerance the closest are joined first; a group has each
    camera once and spans no more than the tolerance.

    Args:
        ports: where state and bytes live.
        scope: the project.
        ref: which samples; the working state, where `group_field` is given.
        tolerance_s: how far apart the first and last of a group may be.
        group_field: note each group's moment under this metadata key, to split by; samples in no
            group lose it. Staged, needs a commit.
        dry_run: with `group_field`, say what would change.

    Raises:
        UsageError: a tolerance below 0, or a group field on a version, which cannot change.
    """
    if not tolerance_s >= 0:
        raise UsageError(f"a tolerance of {tolerance_s} s", fix="--tolerance-s 0.5")
    snapshot = open_ref(ports, ref, scope.project)
    found = _grouped(snapshot.samples(), tolerance_s)
    if group_field is None:
        return found
    if snapshot.version.number:
        raise UsageError(
            f"{snapshot.version.ref} cannot change", fix=f"give the data set alone: {ref.name}"
        )
    names = _names(found.groups)
    done = _noted(ports, scope, ref.name, group_field, names, dry_run=dry_run)
    return Aligned(
        found.groups,
        found.alone,
        found.without_camera,
        found.without_time,
        changed=done.changed,
        notes=done.notes,
    )


def _grouped(samples: Iterator[Sample], tolerance_s: float) -> Aligned:
    placed: list[tuple[datetime, Shot]] = []
    without_camera = without_time = 0
    for sample in samples:
        camera, moment = sample.metadata.get("camera"), sample.metadata.get("captured")
        if camera is None:
            without_camera += 1
        elif moment is None:
            without_time += 1
        else:
            placed.append((as_moment(moment), Shot(sample.path, camera, moment)))
    placed.sort(key=lambda each: (each[0], each[1].path))
    groups = _joined(placed, tolerance_s)
    together = tuple(
        Together(
            placed[members[0]][1].captured,
            round(_apart_s(placed, members[0], members[-1]), 6),
            tuple(placed[each][1] for each in members),
        )
        for members in groups
    )
    alone = len(placed) - sum(len(each.shots) for each in together)
    return Aligned(together, alone, without_camera, without_time)


def _joined(placed: Sequence[tuple[datetime, Shot]], tolerance_s: float) -> list[list[int]]:
    """Places of the members of each group of two or more, in the order of time."""
    pairs: list[tuple[float, int, int]] = []
    for first in range(len(placed)):
        for second in range(first + 1, len(placed)):
            apart_s = _apart_s(placed, first, second)
            if apart_s > tolerance_s:
                break
            if placed[first][1].camera != placed[second][1].camera:
                pairs.append((apart_s, first, second))
    group_of = {at: [at] for at in range(len(placed))}
    for _, first, second in sorted(pairs):
        one, other = group_of[first], group_of[second]
        if one is other:
            continue
        both = sorted(one + other)
        cameras = {placed[at][1].camera for at in both}
        if len(cameras) == len(both) and _apart_s(placed, both[0], both[-1]) <= tolerance_s:
            group_of.update(dict.fromkeys(both, both))
    unique = {id(members): members for members in group_of.values() if len(members) > 1}
    return sorted(unique.values())


def _apart_s(placed: Sequence[tuple[datetime, Shot]], first: int, second: int) -> float:
    return (placed[second][0] - placed[first][0]).total_seconds()


def _names(groups: Sequence[Together]) -> dict[str, str]:
    """Path → what its group is called: its moment, numbered where several share one."""
    names: dict[str, str] = {}
    used: dict[str, int] = {}
    for group in groups:
        used[group.moment] = number = used.get(group.moment, 0) + 1
        name = group.moment if number == 1 else f"{group.moment} ({number})"
        names.update({shot.path: name for shot in group.shots})
    return names


def _noted(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    key: str,
    names: dict[str, str],
    *,
    dry_run: bool,
) -> Edited:
    def draw(tree: Tree, fields: OwnFields) -> Draft:
        return Draft(_with_group(map(decode, tree.entries()), key, names), fields)

    return edit(ports, scope, dataset, draw, {"group_field": key}, dry_run=dry_run)


def _with_group(samples: Iterator[Sample], key: str, names: dict[str, str]) -> Iterator[Sample]:
    for sample in samples:
        name = names.get(sample.path)
        if name == sample.metadata.get(key):
            continue
        rest = {each: value for each, value in sample.metadata.items() if each != key}
        yield replace(sample, metadata=rest | {key: name} if name is not None else rest)


def camera_apply(ports: DataPorts, scope: Scope, dataset: str, *, dry_run: bool = False) -> Edited:
    """Note camera and true time on every sample again, by the registry as it is now; staged.

    A camera that a sample has already stays.
    """

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        with ports.ledger.read() as connection:
            stamp = stamp_of(connection, scope.project)
        samples = map(decode, tree.entries())
        return Draft((replace(each, metadata=stamp(each.metadata)) for each in samples), fields)

    return edit(ports, scope, dataset, draw, {"cameras": True}, dry_run=dry_run)
