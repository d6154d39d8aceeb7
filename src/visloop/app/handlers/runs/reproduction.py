"""A model made again: in this process, or in an environment of its own."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop import registry, train
from visloop.errors import Refused
from visloop.ids import Ref
from visloop.progress import Silent

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_SAID: Final = 2_000


class ReproductionFailed(Refused):
    """The training did not come to its end in the environment that was built for it."""

    code = "train.reproduction_failed"


def reproduce_here(ports: Ports, scope: Scope, model: str, threads: int | None) -> dict[str, Any]:
    """Train once more in this process.

    Raises:
        NotFound: there is no such model, or its run or data is gone.
        Refused: there is no recipe to repeat.
    """
    return asdict(train.reproduce(ports.train, scope, Ref.parse(model), threads=threads))


def plan_reproduction(ports: Ports, scope: Scope, model: str) -> dict[str, Any]:
    """What a fresh environment would consist of.

    Raises:
        EnvironmentNotBuilt: a package cannot be had.
    """
    version, run = _run_of(ports, scope, model)
    with tempfile.TemporaryDirectory() as folder:
        found = train.plan_environment(ports.train, scope, run, Path(folder))
    planned = [asdict(each) for each in sorted(found, key=lambda each: each.name.lower())]
    return {"model": version.ref, "run": run.id, "data": run.data, "planned": planned}


def reproduce_afresh(ports: Ports, scope: Scope, model: str, threads: int | None) -> dict[str, Any]:
    """Build the environment that the run recorded, and let its Python train once more.

    Raises:
        EnvironmentNotBuilt: a package cannot be had.
        ReproductionFailed: the training ended with an error there.
    """
    version, run = _run_of(ports, scope, model)
    cache = ports.inner / "cache" / "environments"
    cache.mkdir(parents=True, exist_ok=True)
    python = train.build_environment(ports.train, scope, run, cache)
    ports.progress.note("trains once more in there")
    command = [str(python), "-m", "visloop", "reproduce", version.ref, "--json"]
    command += ["--workspace", str(ports.root), "--project", scope.project]
    command += ["--threads", str(threads)] if threads else []
    command += ["--quiet"] if isinstance(ports.progress, Silent) else []
    done = subprocess.run(  # noqa: S603 - our own command line, in the environment just built
        command,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=train.surroundings_of(run),
        cwd=ports.root,
    )
    told = _answer(done.stdout)
    told["environment"] = str(python.parent.parent)
    for each in told["differs"]:
        if each["what"].startswith("packages.") and each["now"] == "not there":
            each["now"] = "left out: nothing asks for it"
    return told


def _run_of(ports: Ports, scope: Scope, model: str) -> tuple[registry.ModelVersion, train.Run]:
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    run = train.show_run(ports.train, scope, version.run, shown=1).run
    if not run.recipe:
        raise Refused(
            f"{version.ref} was not made by a recipe", fix="run its script, or import it, again"
        )
    return version, run


def _answer(said: str) -> dict[str, Any]:
    lines = said.strip().splitlines()
    told: dict[str, Any] = msgspec.json.decode(lines[-1]) if lines else {}
    if "equal" in told:
        return told
    error = told.get("error", {})
    raise ReproductionFailed(
        f"training again in its own environment failed: {error.get('what', said[-_SAID:])}",
        fix=error.get("fix") or "look at what it printed above",
    )
