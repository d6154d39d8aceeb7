"""What a search needs of the library that chooses: a study that several processes may work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from visloop import config

if TYPE_CHECKING:
    from visloop.train.tuning.space import Space

Direction = Literal["maximize", "minimize"]
Pruning = Literal["median", "hyperband", "none"]
Evaluator = Literal["fanova", "ped-anova"]
State = Literal["waiting", "running", "done", "pruned", "failed", "lost"]
GROUP: Final = "searches"
LIBRARY: Final = "optuna"
EXTRA: Final = "tune"


@dataclass(frozen=True)
class Trial:
    """One trial: `value` is what it reached, `curve` what it reported by step on the way.

    `lost`: its process died, and another trial was queued in its place. `hand` is who works on it,
    `run` its run.
    """

    number: int
    state: State
    recipe: str
    params: Mapping[str, Any]
    value: float | None = None
    curve: Mapping[int, float] = field(default_factory=dict[int, float])
    started: datetime | None = None
    ended: datetime | None = None
    run: str = ""
    hand: str = ""
    why: str = ""


@dataclass(frozen=True)
class Importance:
    """How much of the figures' spread a parameter explains; of one recipe, or ("") the choice of it."""

    recipe: str
    parameter: str
    share: float


class Study(Protocol):
    """A study in its storage; each call is durable when it returns."""

    def ask(self, spaces: Mapping[str, Space], hand: str) -> Trial:
        """Begin the next trial: one that waits to be done again, else with new parameters."""
        ...

    def note(self, number: int, **said: str) -> None:
        """Remember words about a trial: its `run`, or `why` it failed."""
        ...

    def report(self, number: int, step: int, value: float) -> bool:
        """What the trial reached at a step; True when it is hopeless."""
        ...

    def tell(
        self, number: int, state: Literal["done", "pruned", "failed"], value: float | None
    ) -> None:
        """End a trial; a pruned one keeps what it last reported."""
        ...

    def again(self, number: int) -> None:
        """Mark a trial whose process died as lost, and queue the same parameters once more."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

    def trials(self) -> Sequence[Trial]:
        """All of them, by number."""
        ...

    def importance(self, by: Evaluator) -> Sequence[Importance]:
        """What mattered, greatest first; nothing while there is too little to judge by."""
        ...


@dataclass(frozen=True)
class Beginning:
    """How a study chooses: by what it is judged, whom it stops early, and where its dice begin."""

    name: str
    metric: str
    direction: Direction
    pruning: Pruning
    seed: int


class Library(Protocol):
    """Opens studies."""

    def __call__(self, file: Path, beginning: Beginning) -> Study:
        """The study in that file; made when it is not there."""
        ...


def library() -> Library:
    """The library that chooses.

    Raises:
        MissingExtra: it is not installed.
    """
    return config.load_plugin(GROUP, LIBRARY, extra=EXTRA)
