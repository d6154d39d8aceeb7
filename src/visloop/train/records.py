"""What training takes and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from visloop.data import DataPorts
from visloop.errors import Conflict, NotFound, Refused
from visloop.registry import RegistryPorts

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store import Blobs, Ledger

LEASE_S: Final = 10.0
CHECKPOINT_S: Final = 30.0

Status = Literal["queued", "running", "lost", "done", "pruned", "failed"]


class RunNotFound(NotFound):
    """No run with that id."""

    code = "train.run_not_found"


class RunBusy(Conflict):
    """Another process is working on this run."""

    code = "train.run_busy"


class Pruned(Refused):
    """A search stopped this training early: others were further by then."""

    code = "train.pruned"


class RunKeyTaken(Conflict):
    """The key names a run that does something else."""

    code = "train.key_taken"


@dataclass(frozen=True)
class TrainPorts:
    """What training needs from outside.

    `code` is the folder whose Git commit a run records (default: the current one); `lease_s` how
    long a run that stopped answering is waited for. `scratch` is a folder for checkpoints, one of
    which is kept every `checkpoint_s` seconds; without it a killed training begins anew.
    """

    ledger: Ledger
    blobs: Blobs
    progress: Progress
    code: Path | None = None
    lease_s: float = LEASE_S
    scratch: Path | None = None
    checkpoint_s: float = CHECKPOINT_S

    @property
    def data(self) -> DataPorts:
        """The ports of the data room."""
        return DataPorts(ledger=self.ledger, blobs=self.blobs, progress=self.progress)

    @property
    def registry(self) -> RegistryPorts:
        """The ports of the registry."""
        return RegistryPorts(ledger=self.ledger, blobs=self.blobs)


@dataclass(frozen=True)
class Run:
    """One run, as recorded: a training by a recipe, or a script (`source` says which).

    `data` is what was read (`cards@v3:train`), `data_root` that version's digest; `pictures`
    counts those used and those left out by reason; `commit` and `dirty` describe the code that
    called; `status` is `lost` when the process that worked on it stopped answering,
    `pruned` when a search stopped it early. `parent` is the
    run of which this is a trial or a part; `progress` has `done`, `total`, `unit`, `per_s` and
    `left_s`; `cpu_s` is what it cost in seconds of computing (user and system, with its children).
    """

    id: str
    project: str
    key: str | None
    recipe: str
    params: Mapping[str, Any]
    seed: int
    threads: int
    data: str
    data_root: str
    model_name: str
    status: Status
    attempt: int
    created: datetime
    started: datetime | None
    ended: datetime | None
    commit: str | None
    dirty: bool | None
    environment: Mapping[str, Any]
    pictures: Mapping[str, int]
    metrics: Mapping[str, float]
    model: str | None
    error: Mapping[str, str] | None
    actor: str
    source: str = "recipe"
    experiment: str = ""
    name: str = ""
    parent: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: str = ""
    progress: Mapping[str, Any] | None = None
    cpu_s: float | None = None
    removed: bool = False


@dataclass(frozen=True)
class RunLine:
    """One run as a row of a list; the fields mean what they mean in `Run`."""

    id: str
    status: Status
    recipe: str
    data: str
    model_name: str
    model: str | None
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    seed: int
    created: datetime
    started: datetime | None
    ended: datetime | None
    actor: str
    source: str = "recipe"
    experiment: str = ""
    name: str = ""
    parent: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    progress: Mapping[str, Any] | None = None
    cpu_s: float | None = None


@dataclass(frozen=True)
class Metric:
    """One number that a run reported; `step` counts within its key."""

    key: str
    step: int
    value: float
    time: datetime


@dataclass(frozen=True)
class RunDetail:
    """A run and its curves in the order reported; long ones thinned out (see `curves`)."""

    run: Run
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class TrainResult:
    """A finished run (its id), the model that it registered (`net@v2`), and what was measured."""

    run: str
    model: str
    metrics: Mapping[str, float]
