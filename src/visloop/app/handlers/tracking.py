"""What verbs on runs do with files, progress and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop import train
from visloop.errors import NotFound, Refused, UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_FILES: Final = 10_000


class NoSuchFile(NotFound):
    """The file that should be kept is not there."""

    code = "train.no_such_file"


@dataclass(frozen=True)
class Comparison:
    """Rows `{group, name, values}`, a value a run: those that differ, and those that do not."""

    runs: tuple[str, ...]
    differing: tuple[dict[str, Any], ...]
    same: tuple[dict[str, Any], ...]


def keep_files(
    ports: Ports, scope: Scope, run: str, files: Sequence[Path], under: str
) -> list[train.Artifact]:
    """Keep files, and what folders hold, with a run.

    Raises:
        RunNotFound: no such run.
        NoSuchFile: one of them is not there.
        Refused: there are too many.
    """
    train.require_run(ports.train, scope, run)
    head = train.check_artifact_path(under)
    found: list[tuple[str, Path]] = []
    for file in files:
        if file.is_dir():
            inside = sorted(each for each in file.rglob("*") if each.is_file())
            found += [(f"{file.name}/{each.relative_to(file).as_posix()}", each) for each in inside]
        elif file.is_file():
            found.append((file.name, file))
        else:
            raise NoSuchFile(f"there is no file {str(file)!r}", fix="check its path")
    if len(found) > _FILES:
        raise Refused(
            f"{len(found)} files at once", fix=f"at most {_FILES}; put them in an archive"
        )
    return [
        train.save_artifact_file(ports.train, scope, run, f"{head}/{name}" if head else name, file)
        for name, file in found
    ]


def fetch_artifacts(
    ports: Ports, scope: Scope, run: str, path: str, directory: Path
) -> list[train.Artifact]:
    """Write files of a run into a folder.

    Raises:
        RunNotFound: no such run.
        ArtifactNotFound: it keeps nothing there.
    """
    train.require_run(ports.train, scope, run)
    files = train.artifacts_of(ports.ledger, scope, run, path)
    if not files:
        files = [train.artifact_of(ports.ledger, scope, run, path)]
    for each in files:
        target = directory / each.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(ports.blobs.view(each.digest))
    return files


def run_progress(
    ports: Ports, scope: Scope, run: str, done: float, total: float | None, unit: str
) -> dict[str, Any]:
    """How far a run is, its speed since it began, and the time left."""
    found = train.show_run(ports.train, scope, run, shown=1).run
    spent_s = (ports.clock.now() - (found.started or found.created)).total_seconds()
    return train.progress_of("", unit, done, done if total is None else total, spent_s)


def compare_runs(ports: Ports, scope: Scope, runs: Sequence[str]) -> Comparison:
    """What two or more runs have in common, and what not.

    Raises:
        UsageError: fewer than two.
        RunNotFound: one of them is not there.
    """
    if len(runs) < 2:  # noqa: PLR2004 - a pair
        raise UsageError("one run compares with nothing", fix="visloop runs compare RUN RUN …")
    told = [_told(train.show_run(ports.train, scope, run, shown=1).run) for run in runs]
    names = dict.fromkeys(name for each in told for name in each)
    rows = [
        {"group": group, "name": name, "values": [each.get((group, name)) for each in told]}
        for group, name in names
    ]
    differs = [len({str(value) for value in row["values"]}) > 1 for row in rows]
    return Comparison(
        tuple(runs),
        tuple(row for row, other in zip(rows, differs, strict=True) if other),
        tuple(row for row, other in zip(rows, differs, strict=True) if not other),
    )


def _told(run: train.Run) -> dict[tuple[str, str], Any]:
    spent_s = (run.ended - run.started).total_seconds() if run.ended and run.started else None
    packages = run.environment.get("packages", {})
    machine = {k: v for k, v in run.environment.items() if isinstance(v, str | int)}
    about = {
        "name": run.name or None,
        "status": run.status,
        "recipe": run.recipe or None,
        "data": run.data or None,
        "seed": run.seed,
        "model": run.model,
        "commit": (run.commit or "")[:12] or None,
        "uncommitted changes": run.dirty,
        "threads": run.threads or None,
        "took_s": spent_s,
        "cpu_s": run.cpu_s,
    }
    groups: dict[str, Mapping[str, Any]] = {
        "param": run.params,
        "metric": {k: v for k, v in run.metrics.items() if not k.startswith("time.")},
        "run": {k: v for k, v in about.items() if v is not None},
        "tag": run.tags,
        "machine": machine,
        "package": packages,
    }
    return {(group, name): value for group, held in groups.items() for name, value in held.items()}


def start_of_run(ports: Ports, scope: Scope, run: str) -> dict[str, Any] | None:
    """What a run took over from another model; None where it began with none."""
    files = train.artifacts_of(ports.ledger, scope, run)
    kept = next((each for each in files if each.path == train.START), None)
    return None if kept is None else msgspec.json.decode(ports.blobs.get(kept.digest))
