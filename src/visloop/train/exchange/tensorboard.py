"""Runs from and to TensorBoard: every folder of event files is a run, read again as it grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from visloop.errors import NotFound, Refused
from visloop.events import Scope
from visloop.train.exchange import events
from visloop.train.records import TrainPorts
from visloop.train.tracking import finding, scripts
from visloop.train.tracking.points import KEY_CHARACTERS, Curve, Point, is_key, moment
from visloop.train.tracking.where import Condition, Name

FOLDER_TAG: Final = "tensorboard.folder"
_AT_ONCE: Final = 50_000
_YEAR_9999: Final = 253_370_764_800


class NoEvents(NotFound):
    """There are no event files."""

    code = "train.no_events"


@dataclass(frozen=True)
class Imported:
    """What came of a folder: `done` is created, updated or unchanged; `points` are new ones.

    `left_out` names what event files hold beside numbers and parameters, and what could not be read.
    """

    run: str
    name: str
    done: str
    points: int
    curves: int
    params: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Exported:
    """The file written, with so many points and curves."""

    run: str
    file: str
    points: int
    curves: int


def import_events(
    ports: TrainPorts, scope: Scope, root: Path, *, experiment: str, dry_run: bool = False
) -> list[Imported]:
    """Make runs of the folders below `root` that hold event files; known ones get what is new.

    Raises:
        NoEvents: there are none.
    """
    folders = sorted({file.parent for file in root.rglob(f"*{events.SUFFIX}*") if file.is_file()})
    if not folders:
        raise NoEvents(
            f"no event files below {str(root)!r}",
            fix=f"name the folder that TensorBoard reads; its files have {events.SUFFIX!r} in the name",
        )
    work = ports.progress.track(folders, doing="import", unit="run")
    return [_folder(ports, scope, root, each, experiment, dry_run=dry_run) for each in work]


def _folder(
    ports: TrainPorts, scope: Scope, root: Path, folder: Path, experiment: str, *, dry_run: bool
) -> Imported:
    told, points, left_out = events.Told(), list[Point](), list[str]()
    for file in sorted(folder.glob(f"*{events.SUFFIX}*")):
        told.problem = ""
        with file.open("rb") as opened:
            read = events.read(opened, told)
            points += [Point(each.tag, each.value, each.step, each.time) for each in read]
        if told.problem:
            left_out.append(f"{file.name}: {told.problem}")
    points, unnamed = _named(points)
    told.others.update({"values whose names cannot be": unnamed} if unnamed else {})
    left_out += [f"{count} {kind}" for kind, count in sorted(told.others.items())]
    name = folder.relative_to(root).as_posix() if folder != root else root.absolute().name
    run = _known(ports, scope, folder)
    fresh = _fresh(ports, scope, run, points)
    done = "created" if run is None else "updated" if fresh else "unchanged"
    if not dry_run and done != "unchanged":
        run = run or _begin(ports, scope, folder, name, experiment, told, points)
        for at in range(0, len(fresh), _AT_ONCE):
            scripts.report(ports, scope, run, scripts.Report(points=fresh[at : at + _AT_ONCE]))
        if done == "created":
            ended = max(_times(points), default=None)
            scripts.end(ports, scope, run, "done", ended=ended)
    return Imported(
        run=run or "",
        name=name,
        done=done,
        points=len(fresh),
        curves=len({each.key for each in points}),
        params=len(told.params),
        left_out=tuple(left_out),
    )


def _named(points: list[Point]) -> tuple[list[Point], int]:
    """Those whose names may be a metric's, and how many others there are."""
    known = {key for key in {each.key for each in points} if is_key(key)}
    kept = [each for each in points if each.key in known]
    return kept, len(points) - len(kept)


def _times(points: Sequence[Point]) -> list[datetime]:
    """Those times that a calendar knows."""
    return [moment(each.time) for each in points if 0 < each.time < _YEAR_9999]


def _known(ports: TrainPorts, scope: Scope, folder: Path) -> str | None:
    """The run that was made of this folder."""
    mine = Condition(Name("tags", FOLDER_TAG), "=", str(folder.resolve()))
    search = finding.Search(where=(mine,), limit=1, removed="all")
    return next((each.id for each in finding.search(ports, scope, search).runs), None)


def _fresh(
    ports: TrainPorts, scope: Scope, run: str | None, points: Sequence[Point]
) -> list[Point]:
    if run is None:
        return list(points)
    there = {
        (curve.key, step, time)
        for curve in finding.curves(ports, scope, [run], shown=None)
        for step, time in zip(curve.steps, curve.times_s, strict=True)
    }
    return [each for each in points if (each.key, each.step, each.time) not in there]


def _begin(
    ports: TrainPorts,
    scope: Scope,
    folder: Path,
    name: str,
    experiment: str,
    told: events.Told,
    points: Sequence[Point],
) -> str:
    began = min(_times(points), default=None)
    opening = scripts.Opening(
        source="tensorboard",
        name=name[-KEY_CHARACTERS:],
        experiment=experiment,
        params=told.params,
        tags={FOLDER_TAG: str(folder.resolve())},
        alive_s=None,
        started=began,
    )
    return scripts.start(ports, scope, opening).id


def export_events(ports: TrainPorts, scope: Scope, run: str, folder: Path) -> Exported:
    """Write the curves and parameters of a run as one event file into a folder.

    Raises:
        RunNotFound: no such run.
        Refused: the run has no numbers.
        OSError: the folder cannot be written to.
    """
    found = finding.show_run(ports, scope, run, shown=1).run
    curves = finding.curves(ports, scope, [run], shown=None)
    began = (found.started or found.created).timestamp()
    if not curves:
        raise Refused(f"{run} has no curves", fix=f"see: visloop runs show {run}")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"events.out.{events.SUFFIX}.{run}"
    fresh = folder / f".{run}.new"
    params = {key: str(value) for key, value in found.params.items()}
    with fresh.open("wb") as opened:
        events.write(opened, _scalars(curves), params, began)
    fresh.replace(file)
    return Exported(run, str(file), sum(each.n for each in curves), len(curves))


def _scalars(curves: Sequence[Curve]) -> Iterator[events.Scalar]:
    for curve in curves:
        rows = zip(curve.values, curve.steps, curve.times_s, strict=True)
        for value, step, time in rows:
            yield events.Scalar(curve.key, value, step, time)
