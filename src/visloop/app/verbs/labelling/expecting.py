"""Verbs about what is left to label: how fast it goes, what it would bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import plain

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class LabelProgress:
    """Say how much is left for you, how fast you label, and how long it would take at that speed."""

    dataset: str | None = arg("only in this data set", default=None)


@dataclass(frozen=True)
class Progressed:
    """`left` in your views, `today` in 24 hours; `per_hour` and `left_s` with their 95 % intervals.

    The speed is over the last `measured` pictures, without rests of five minutes; absent under five.
    """

    left: int
    today: int
    measured: int
    per_hour: dict[str, Any]
    left_s: dict[str, Any]


@operation("label.progress", permission="label.read")
def label_progress(ports: Ports, scope: Scope, ask: LabelProgress) -> Progressed:
    """From the facts of what was decided."""
    return Progressed(**plain(label.progress(ports.label, scope, ask.dataset)))


@dataclass(frozen=True)
class LabelGain:
    """Say what labelling more would bring the model: a learning curve through its versions, with doubt.

    Through versions of one recipe that learnt from at least three different numbers of pictures and
    were judged on the same ones. Where there are too few, it says what is missing, and no number.
    """

    dataset: str = arg("the data set")
    more: int = opt("so many more labels (0: all that wait)", default=0)


@dataclass(frozen=True)
class Gained:
    """`metric` of `model` on the pictures `on` is `now`, and `then` with `more` labels.

    `gain` is between `low` and `high` with 95 % confidence: below 0, the curve does not say that it
    helps. All are absent where something is `missing`; `fix` then says what to do. `judged` are the
    versions behind the curve. Of `mae` less is better, and the gain is by how much it would fall.
    """

    dataset: str
    model: str
    metric: str
    on: str
    more: int
    now: float | None
    then: float | None
    gain: float | None
    low: float | None
    high: float | None
    judged: tuple[dict[str, Any], ...]
    missing: str
    fix: tuple[str, ...]


@operation("label.gain", permission="label.read")
def label_gain(ports: Ports, scope: Scope, ask: LabelGain) -> Gained:
    """From the reports that there are; nothing is trained or judged."""
    more = ask.more or label.counts(ports.label, scope, ask.dataset).waiting
    found = handlers.gain_of(ports, scope, ask.dataset, more)
    curve = found.improved
    error = found.metric == "mae"
    return Gained(
        dataset=ask.dataset,
        model=found.model,
        metric=found.metric,
        on=found.on,
        more=curve.more if curve else more,
        now=(curve.now if error else 1 - curve.now) if curve else None,
        then=(curve.then if error else 1 - curve.then) if curve else None,
        gain=curve.gain if curve else None,
        low=curve.low if curve else None,
        high=curve.high if curve else None,
        judged=tuple(plain(each) for each in found.judged),
        missing=found.missing,
        fix=found.fix,
    )
