"""Reports: how good a model is, where it fails, and on which pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import evaluate as judging
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Evaluate:
    """Judge a model on a data version or one of its splits: figures, slices, errors, worst pictures."""

    model: str = arg("for example reader@v1")
    on: str = opt("for example photos@v1:test")
    slice: tuple[str, ...] = opt(
        "also on the pictures that a question finds: --slice 'camera = dock'; may be repeated",
        default=(),
    )
    html: str | None = opt("write the report, one file with its pictures", default=None, path=True)


@dataclass(frozen=True)
class Evaluated:
    """Metrics with 95 % intervals; `metrics` holds the figures that scripts rely on.

    By task: classify has accuracy, detect map50 and map, segment mean_iou, regress mae and rmse;
    what only one task has (confusion, sizes, errors, baseline) is empty for the others. `beside`:
    majority class, champion and charter. `confusion` has the truth in rows over `labels`. `slices`:
    the asked ones, then the `looked_at` that suggest themselves, `q` after Benjamini and Hochberg;
    `found`: failing slices searched for among `searched` in one half of the pictures and confirmed,
    of `tested`, by the other. `loss` says what the losses of pictures and slices are.
    """

    model: str
    task: str
    on: str
    n: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: tuple[dict[str, Any], ...]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[dict[str, Any], ...]
    baseline: str
    left_out: dict[str, int]
    trained_on: int
    report: str = ""
    sizes: tuple[dict[str, Any], ...] = ()
    resamples: int = 0
    seed: int = 0
    beside: tuple[dict[str, Any], ...] = ()
    labels: tuple[str, ...] = ()
    confused: tuple[dict[str, Any], ...] = ()
    curves: tuple[dict[str, Any], ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    slices: tuple[dict[str, Any], ...] = ()
    looked_at: int = 0
    found: tuple[dict[str, Any], ...] = ()
    searched: int = 0
    tested: int = 0
    worst: tuple[dict[str, Any], ...] = ()
    loss: str = ""
    html: str | None = field(default=None)


@operation("evaluate", permission="evaluate.run")
def evaluate(ports: Ports, scope: Scope, ask: Evaluate) -> Evaluated:
    """The same path from bytes to answer as in serving; the champion is judged by the same pictures."""
    model, on = Ref.parse(ask.model), Ref.parse(ask.on)
    asked = handlers.asked_slices(ports, scope, on, ask.slice)
    report = judging.evaluate(ports.evaluate, scope, model, on)
    handlers.judge_champion(ports, scope, report, on)
    whole = handlers.whole_report(ports, scope, report, asked)
    if ask.html is not None:
        handlers.write_report(ports, whole, Path(ask.html))
    return Evaluated(**handlers.told_report(whole), html=ask.html)
