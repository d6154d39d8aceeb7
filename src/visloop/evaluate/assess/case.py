"""What the function of a kind is given: a model, and lazily whatever it asks of model and data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from visloop import data, registry, train
from visloop.errors import Refused
from visloop.evaluate.reporting import evaluate, load_answers
from visloop.ids import Ref
from visloop.infer import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.data import Snapshot
    from visloop.evaluate.kinds.every import AnyAnswers
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.evaluate.records import Report
    from visloop.events import Scope
    from visloop.registry import ModelVersion, Package
    from visloop.train import Labelled
    from visloop.vision import Task

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Case(Generic[Settings]):
    """One model version before one kind of assessment.

    `ref` names the labelled pictures (None of kinds without data); `settings` is the kind's own record;
    whatever is drawn by chance is drawn from `seed`. Of long work people see how far it is:
    `for each in case.ports.progress.track(pictures, doing="corrupt", unit="image"):`; a picture's bytes
    are `case.ports.blobs.get(picture.sample.image)`.
    """

    ports: EvaluatePorts
    scope: Scope
    version: ModelVersion
    ref: Ref | None
    settings: Settings
    seed: int

    @property
    def threads(self) -> int:
        """How many may be used."""
        return os.cpu_count() or 1

    @property
    def task(self) -> Task:
        """What the model answers."""
        return self.package.contract.decode.task

    @cached_property
    def package(self) -> Package:
        """Network, contract, reference, card: as bytes."""
        return registry.load(self.ports.registry, self.version)

    @cached_property
    def predictor(self) -> Predictor:
        """The same path from bytes to answer as in serving, on all threads."""
        package = self.package
        return Predictor.load(package.onnx, package.contract, threads=self.threads)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The data that is looked at."""
        return data.open(self.ports.data, self._ref, self.scope.project)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every name and alias of a class → what the data calls it now."""
        return self.snapshot.classes.lookup()

    @cached_property
    def pictures(self) -> tuple[Labelled, ...]:
        """Those with a clear truth for the model's task, in the order of their paths.

        Raises:
            Refused: there is none.
        """
        found = train.choose(self.snapshot.samples(), self.snapshot.classes, self.task)
        if not found.pictures:
            raise Refused(f"no picture of {self._ref} has a clear truth", fix="label some first")
        return found.pictures

    @cached_property
    def report(self) -> Report:
        """The model's plain report on the same data; made where there is none."""
        return evaluate(self.ports, self.scope, self.version, self._ref)

    @cached_property
    def answers(self) -> AnyAnswers:
        """The answers behind the report: of `pictures`, in their order."""
        return load_answers(self.ports, self.report)

    @cached_property
    def training(self) -> Snapshot:
        """The data version that the model learnt from, whole (all of its splits).

        Raises:
            Refused: the model was made elsewhere, or its data is gone.
        """
        if not self.package.data:
            raise Refused(
                f"{self.version.ref} was made elsewhere: its training data is not here",
                fix="train a model of your own on data of this workspace",
            )
        learnt = Ref.parse(self.package.data)
        return data.open(self.ports.data, Ref(learnt.name, learnt.version), self.scope.project)

    @cached_property
    def learnt(self) -> tuple[Labelled, ...]:
        """The pictures that training read, each once, ordered by image digest."""
        split = train.training_split(Ref.parse(self.package.data), self.training.splits)
        return train.choose_pictures(self.training, split, self.task).pictures

    def keep(self, image: bytes) -> str:
        """Put an encoded picture into the store; its digest belongs into a `Shot`."""
        return self.ports.blobs.put(image)

    @property
    def _ref(self) -> Ref:
        if self.ref is None:
            raise AssertionError("this kind of assessment was told to look at no data")
        return self.ref
