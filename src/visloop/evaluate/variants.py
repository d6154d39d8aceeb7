"""A model beside another form of itself: what it loses, how alike it answers, how fast it is."""

from __future__ import annotations

import os
import time
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from visloop import data, train
from visloop.errors import Refused
from visloop.evaluate import paired
from visloop.evaluate.answering import ask
from visloop.evaluate.estimates import wilson
from visloop.evaluate.kinds.answering import Question
from visloop.evaluate.kinds.every import COMPARED
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.records import Answers

if TYPE_CHECKING:
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.events import Scope
    from visloop.ids import Ref
    from visloop.infer import Outputs, Predictor, Prepared
    from visloop.train import Labelled

_TIMED: Final = 40
_WARM: Final = 3


class VariantReport(msgspec.Struct, frozen=True, kw_only=True):
    """`metric` of the model and of its variant on `n` pictures of `on`; the gain, positive is better.

    `low` and `high` bound the gain, each one-sided at the policy's confidence, by paired bootstrap.
    `same` is the share of pictures of the same class, with `same_low` at 95 % (None but of classifiers).
    `ms` are the median milliseconds of the network for one picture on one thread, taken in turns.
    """

    on: str
    metric: str
    n: int
    before: float
    after: float
    gain: float
    low: float
    high: float
    same: float | None
    same_low: float | None
    ms_before: float
    ms_after: float


class Sides(NamedTuple):
    """The model as it is, and its variant."""

    model: Predictor
    variant: Predictor


def judge_variant(
    ports: EvaluatePorts,
    scope: Scope,
    sides: Sides,
    ref: Ref,
    policy: GatePolicy,
    confidence: float,
) -> VariantReport:
    """Ask both about the same labelled pictures.

    Raises:
        NotFound: there is no such data.
        Refused: no picture with a clear truth for the model's task.
    """
    snapshot = data.open(ports.data, ref, scope.project)
    task = sides.model.contract.decode.task
    chosen = train.choose(snapshot.samples(), snapshot.classes, task).pictures
    if not chosen:
        raise Refused(f"no picture of {ref} can be judged by", fix="label some first")

    def place(predictor: Predictor, picture: Labelled) -> Prepared:
        return predictor.place(ports.blobs.get(picture.sample.image))

    def keep(_outputs: Outputs) -> None:
        """Embeddings are not compared."""

    names, cores = snapshot.classes.lookup(), os.cpu_count() or 1
    question = Question(chosen, names, place, cores, keep)
    first, second = (ask(each, question, ports.progress) for each in sides)
    metric = COMPARED[task][0]
    gain, draws = paired.gain(metric, second, first, policy)
    low, high = paired.one_sided(draws, confidence)
    same = _same(first, second)
    ms_before, ms_after = _speeds(sides, [place(sides.model, each) for each in chosen[:_TIMED]])
    return VariantReport(
        on=str(ref),
        metric=metric,
        n=first.n,
        before=paired.figure(metric, first),
        after=paired.figure(metric, second),
        gain=gain,
        low=low,
        high=high,
        same=same,
        same_low=None if same is None else wilson(same, first.n)[0],
        ms_before=ms_before,
        ms_after=ms_after,
    )


def _same(first: object, second: object) -> float | None:
    if isinstance(first, Answers) and isinstance(second, Answers):
        return float((first.predicted == second.predicted).mean())
    return None


def _speeds(sides: Sides, ready: list[Prepared]) -> tuple[float, float]:
    """In turns, so that whatever else the machine does falls on both."""
    spent: tuple[list[float], list[float]] = [], []
    for turn in range(-_WARM, _TIMED):
        array = ready[turn % len(ready)].array[None]
        for predictor, taken in zip(sides, spent, strict=True):
            begun = time.perf_counter()
            predictor.run(np.ascontiguousarray(array))
            if turn >= 0:
                taken.append((time.perf_counter() - begun) * 1e3)
    return median(spent[0]), median(spent[1])
