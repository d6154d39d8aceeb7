"""The parts a workspace is made of, put together once and handed down as arguments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import data, evaluate, label, loop, observe, query, registry, serve, train

if TYPE_CHECKING:
    from visloop.config import Config, Settings
    from visloop.events import Clock
    from visloop.progress import Progress
    from visloop.store import Blobs, Ledger, Spool


@dataclass(frozen=True)
class Ports:
    """Everything an operation may touch; each room is given its own part of it."""

    root: Path
    inner: Path
    settings: Settings
    ledger: Ledger
    blobs: Blobs
    spool: Spool
    clock: Clock
    progress: Progress
    secret: str = ""
    columns: query.Kept = field(default_factory=lambda: query.Kept())  # noqa: PLW0108 - found when it is used
    finder: data.Finder | None = None

    @property
    def config(self) -> Config:
        """All of `visloop.yaml`, with its types; reading it takes as long as most commands."""
        return self.settings.config

    @property
    def data(self) -> data.DataPorts:
        """For the data room."""
        ingest, privacy = self.settings.plain["ingest"], self.settings.plain["privacy"]
        limits = {key: value for key, value in ingest.items() if key != "frames_per_video"}
        return data.DataPorts(
            self.ledger,
            self.blobs,
            self.progress,
            scratch=self.inner / "scratch",
            limits=data.Limits(**limits),
            privacy=data.Policy(**privacy),
            secret=self.secret,
            columns=self.columns,
            finder=self.finder,
        )

    @property
    def label(self) -> label.LabelPorts:
        """For the queue."""
        return label.LabelPorts(self.ledger, self.data)

    @property
    def registry(self) -> registry.RegistryPorts:
        """For the registry."""
        return registry.RegistryPorts(self.ledger, self.blobs)

    @property
    def train(self) -> train.TrainPorts:
        """For training; the code that a run records is the folder of the workspace."""
        return train.TrainPorts(
            ledger=self.ledger,
            blobs=self.blobs,
            progress=self.progress,
            code=self.root,
            scratch=self.inner / "runs",
        )

    @property
    def evaluate(self) -> evaluate.EvaluatePorts:
        """For reports and gates."""
        return evaluate.EvaluatePorts(self.ledger, self.blobs, self.progress)

    @property
    def serve(self) -> serve.ServePorts:
        """For deployments and the prediction log."""
        return serve.ServePorts(self.ledger, self.blobs, self.inner)

    @property
    def observe(self) -> observe.ObservePorts:
        """For monitors, alerts and capture."""
        return observe.ObservePorts(
            ledger=self.ledger,
            blobs=self.blobs,
            spool=self.spool,
            serve=self.serve,
            registry=self.registry,
            label=self.label,
        )

    @property
    def loop(self) -> loop.LoopPorts:
        """For the loop."""
        return loop.LoopPorts(
            ledger=self.ledger,
            clock=self.clock,
            data=self.data,
            label=self.label,
            train=self.train,
            evaluate=self.evaluate,
            registry=self.registry,
            serve=self.serve,
            observe=self.observe,
        )


def with_progress(ports: Ports, progress: Progress) -> Ports:
    """The same parts, watched by somebody else."""
    return replace(ports, progress=progress)
