"""The environment of a run built anew: a virtual environment with the packages that it recorded.

Pip installs them as it is set up for the user (indexes, proxies, certificates), each in the version that
the run had; only what Visloop, the recipe and their needs ask for. Visloop itself is the one that runs
here: an older one could not open a workspace that a newer one has migrated. Where its code is another
than then, `reproduce` says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from visloop.errors import Unavailable
from visloop.events import Scope
from visloop.ids import digest_of
from visloop.store import Jobs
from visloop.train.lease import held
from visloop.train.recipe import EXTRAS
from visloop.train.records import Run, TrainPorts
from visloop.train.reproducing.code import CODE, SOURCES, kept_code
from visloop.train.reproducing.wheels import own_wheel, recipe_wheel
from visloop.train.tracking.artifacts import artifact_of

_TOOLS: Final = frozenset({"pip", "setuptools", "wheel", "visloop"})
_HELD: Final = 2
_DONE: Final = "complete"
_SAID: Final = 2_000
_NOT_HAD: Final = re.compile(
    r"(?:No matching distribution found for|requested \(constraint\)) ([A-Za-z0-9][\w.-]*?)(?=[\s=<>~!;]|$)"
)
_FOREIGN: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class EnvironmentNotBuilt(Unavailable):
    """The environment that a run had cannot be built here."""

    code = "train.environment_not_built"


@dataclass(frozen=True)
class Lock:
    """What a run's environment consisted of: Python, package → version, and the extra of its recipe."""

    python: str
    packages: Mapping[str, str]
    extra: str

    @property
    def constraints(self) -> str:
        """As pip takes it: whatever is installed, is installed in this version."""
        known = sorted(self.packages.items())
        return "".join(f"{name}=={version}\n" for name, version in known if name not in _TOOLS)


@dataclass(frozen=True)
class Package:
    """A package that would be installed, and where from."""

    name: str
    version: str
    source: str


def lock_of(ports: TrainPorts, scope: Scope, run: Run) -> Lock:
    """What the run recorded of its environment.

    Raises:
        ArtifactNotFound: it recorded none.
    """
    found = artifact_of(ports.ledger, scope, run.id, "environment.json")
    told: dict[str, Any] = msgspec.json.decode(ports.blobs.get(found.digest))
    return Lock(str(told["python"]), told["packages"], EXTRAS.get(run.recipe, ""))


def plan_environment(
    ports: TrainPorts, scope: Scope, run: Run, folder: Path
) -> tuple[Package, ...]:
    """What `build_environment` would install, as pip finds it now; `folder` is for wheels, and left behind.

    Raises:
        EnvironmentNotBuilt: a package cannot be had in the version that the run recorded.
    """
    lock = lock_of(ports, scope, run)
    python = _virtual(folder / "bare", lock)
    report = folder / "report.json"
    words = ("--dry-run", "--ignore-installed", "--report", str(report))
    _pip(python, lock, words, _wanted(ports, scope, run, lock, folder))
    return tuple(
        Package(
            name=each["metadata"]["name"],
            version=each["metadata"]["version"],
            source=each["download_info"]["url"],
        )
        for each in msgspec.json.decode(report.read_bytes())["install"]
    )


def build_environment(ports: TrainPorts, scope: Scope, run: Run, cache: Path) -> Path:
    """The Python of an environment as the run had it; built once, the last two are kept.

    Args:
        ports: where the run's files are; its progress hears of the steps.
        scope: who asks.
        run: whose environment.
        cache: a folder for environments.

    Raises:
        EnvironmentNotBuilt: a package cannot be had in the version that the run recorded.
    """
    lock = lock_of(ports, scope, run)
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    with tempfile.TemporaryDirectory() as making:
        wanted = _wanted(ports, scope, run, lock, Path(making))
        folder = cache / _key(lock, wanted)
        with held(jobs, f"environment-{folder.name}", scope.project, ports.lease_s):
            if (folder / _DONE).exists():
                ports.progress.note(f"the environment is there already: {folder}")
            else:
                _install(ports, folder, lock, wanted)
            os.utime(folder)
    _forget_others(cache)
    return _inside(folder)


def _install(ports: TrainPorts, folder: Path, lock: Lock, wanted: Sequence[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    ports.progress.note(f"builds an environment with Python {lock.python}: {folder}")
    python = _virtual(folder, lock)
    ports.progress.note("installs the packages that the run had, by pip (this may take minutes)")
    _pip(python, lock, ("--no-compile",), wanted)
    (folder / _DONE).touch()


def _key(lock: Lock, wanted: Sequence[str]) -> str:
    """Another lock, interpreter, Visloop or recipe is another environment."""
    wheels = [Path(each.partition("[")[0]).read_bytes() for each in wanted]
    return digest_of(_interpreter(lock), lock.constraints, lock.extra, *wheels)[:16]


def surroundings_of(run: Run) -> dict[str, str]:
    """Variables for a process in the environment: those of here, numbers of threads as the run had."""
    told: Mapping[str, str | None] = run.environment.get("threads", {})
    kept = {name: value for name, value in os.environ.items() if name not in {*_FOREIGN, *told}}
    return kept | {name: value for name, value in told.items() if value is not None}


def _wanted(ports: TrainPorts, scope: Scope, run: Run, lock: Lock, folder: Path) -> list[str]:
    """What pip is asked for: Visloop with the recipe's extra, and an own recipe."""
    extra = f"[{lock.extra}]" if lock.extra else ""
    found = [f"{own_wheel(folder)}{extra}"]
    told = run.environment.get(CODE, {}).get(SOURCES)
    if told:
        sources = kept_code(ports, scope, run)
        wheel = recipe_wheel(folder, run.recipe, told["entry"], told["needs"], sources)
        found.append(str(wheel))
    return found


def _interpreter(lock: Lock) -> str:
    """A Python of the run's minor version where there is one, else that which runs."""
    minor = ".".join(lock.python.split(".")[:2])
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sys.executable if minor == here else shutil.which(f"python{minor}") or sys.executable


def _inside(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _virtual(folder: Path, lock: Lock) -> Path:
    command = [_interpreter(lock), "-m", "venv", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise EnvironmentNotBuilt(
            f"Python makes no virtual environment: {(done.stderr or done.stdout)[-_SAID:].strip()}",
            fix="Debian keeps what it needs in a package: apt install python3-venv",
        )
    return _inside(folder)


def _pip(python: Path, lock: Lock, words: Sequence[str], wanted: Sequence[str]) -> None:
    """`pip install` of what is wanted, in the versions of the lock.

    Raises:
        EnvironmentNotBuilt: it ended otherwise than well.
    """
    constraints = Path(wanted[0].partition("[")[0]).parent / "constraints.txt"
    constraints.write_text(lock.constraints, "utf-8")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    done = subprocess.run(  # noqa: S603 - our own wheels and constraints; pip as the user set it up
        [*command, "--constraint", str(constraints), *words, *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=kept,
    )
    if done.returncode != 0:
        raise EnvironmentNotBuilt(
            f"the environment cannot be built: {_because(done.stdout, lock)}",
            fix="name an index that has it (PIP_EXTRA_INDEX_URL=…), or reproduce here and read "
            "what differs",
        )


def _because(said: str, lock: Lock) -> str:
    names = dict.fromkeys(found.lower().replace("_", "-") for found in _NOT_HAD.findall(said))
    if names:
        exactly = ", ".join(f"{name} {lock.packages.get(name, '')}".strip() for name in names)
        return f"{exactly} cannot be had where pip looks"
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return f"pip ended with an error: {' '.join(errors)[-_SAID:] or said[-_SAID:]}"


def _forget_others(cache: Path) -> None:
    """Keep the environments that were used last: each is as large as what it holds."""
    built = sorted(cache.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in built[_HELD:]:
        shutil.rmtree(old, ignore_errors=True)
