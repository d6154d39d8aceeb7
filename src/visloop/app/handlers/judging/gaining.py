"""What labelling more would bring a model: from the models that learnt from fewer and more pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, Final

from visloop import data, evaluate, registry, train
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_LOOKED_AT: Final = 60
_TEST: Final = "test"
_ERROR: Final = "mae"
"""Of which less is better, and which has no bound; every other figure is a share."""
_WIDTH: Final = 2 * 1.959964
"""Of a 95 % interval, in standard errors."""


@dataclass(frozen=True)
class Sized:
    """A version of a model, how many pictures it learnt from, and by which parameters."""

    ref: str
    package: str
    pictures: int
    params: dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """A version with its figure on the `n` pictures on which all of them were judged."""

    ref: str
    pictures: int
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """What more labels would bring, or in `missing` why nobody can say, and in `fix` what to do."""

    model: str = ""
    metric: str = ""
    on: str = ""
    judged: tuple[Judged, ...] = ()
    improved: evaluate.Improved | None = None
    missing: str = ""
    fix: tuple[str, ...] = ()


def gain_of(ports: Ports, scope: Scope, dataset: str, more: int) -> Gain:
    """Of the newest model that learnt from the data set; models of other parameters have no say."""
    sized = _sized(ports, scope, dataset)
    if not sized:
        return Gain(
            missing=f"no model has learnt from {dataset}", fix=(f"visloop train {dataset}@main",)
        )
    name = sized[0].ref.split("@")[0]
    judged, on, task = _judged(ports, scope, name, sized)
    metric = evaluate.HEADLINES[task] if task else ""
    known = tuple(sorted(judged, key=lambda each: each.pictures))
    errors = [_learnt(each, metric) for each in known]
    improved = evaluate.expect(errors, more, inf if metric == _ERROR else 1.0)
    if improved is not None or more < 1:
        return Gain(name, metric, on, known, improved, "" if improved else "nothing waits")
    sizes = {each.pictures for each in sized}
    if len(sizes) < evaluate.SIZES:
        return Gain(name, metric, on, known, None, _too_few(name, len(sizes)))
    on = on or _held_out(ports, scope, dataset)
    if not on:
        first = f"{dataset} has no pictures that {name} has not learnt from"
        split = f"visloop split {dataset} --set train=0.8 --set test=0.2"
        return Gain(name, metric, "", known, None, first, (split,))
    unjudged = [each for each in sized if each.ref not in {known.ref for known in judged}]
    wanted = {each.pictures: each.ref for each in reversed(unjudged)}
    fix = tuple(f"visloop evaluate {ref} --on {on}" for ref in wanted.values())
    said = f"{name} is known at {len(sizes)} sizes, and was judged on {on} at {len(known)}"
    return Gain(name, metric, on, known, None, f"{said}; {evaluate.SIZES} are needed", fix)


def _held_out(ports: Ports, scope: Scope, dataset: str) -> str:
    """The newest test pictures, where there are any: `parts@v4:test`."""
    newest = data.open(ports.data, Ref(dataset, "main"), scope.project)
    at = newest.version.ref if newest.version else ""
    return f"{at}:{_TEST}" if at and newest.splits.get(_TEST) else ""


def _too_few(name: str, sizes: int) -> str:
    return (
        f"{name} has learnt from {sizes} different number{'s' * (sizes != 1)} of pictures so far;"
        f" a curve needs {evaluate.SIZES}: each training on more labels adds one"
    )


def _learnt(each: Judged, metric: str) -> evaluate.Learnt:
    """Who made no mistake on n pictures has made half of one: that the error is 0 nobody has seen."""
    doubt = (each.high - each.low) / _WIDTH
    if metric == _ERROR:
        return evaluate.Learnt(each.pictures, each.value, doubt)
    error = max(1 - each.value, 0.5 / each.n)
    return evaluate.Learnt(each.pictures, error, max(doubt, sqrt(error * (1 - error) / each.n)))


def _sized(ports: Ports, scope: Scope, dataset: str) -> list[Sized]:
    """Versions of the newest model of the data set, newest first, by its recipe and parameters."""
    lines = [
        each
        for each in registry.list_models(ports.registry, scope)
        if each.recipe and each.run and each.data and Ref.parse(each.data).name == dataset
    ]
    lines.sort(key=lambda each: each.created, reverse=True)
    found: list[Sized] = []
    for each in [e for e in lines if (e.model, e.recipe) == (lines[0].model, lines[0].recipe)]:
        run = train.show_run(ports.train, scope, each.run, shown=1).run
        used = int(run.pictures.get("used", 0))
        if used and (not found or dict(run.params) == found[0].params):
            found.append(Sized(each.ref, each.package, used, dict(run.params)))
        if len(found) == _LOOKED_AT:
            break
    return found


def _judged(
    ports: Ports, scope: Scope, name: str, sized: Sequence[Sized]
) -> tuple[list[Judged], str, Any]:
    """The pictures on which most sizes were judged (the newest of equals), and how; no training ones."""
    sizes = {each.package: each for each in sized}
    by: dict[tuple[str, str], dict[str, evaluate.Report]] = defaultdict(dict)
    for report in evaluate.list_reports(ports.evaluate, scope, model=name, limit=4 * _LOOKED_AT):
        if report.package in sizes and not report.trained_on:
            split = report.data.partition(":")[2]
            by[report.root, split].setdefault(report.package, report)
    if not by:
        return [], "", None
    best = max(by.values(), key=lambda those: len({sizes[each].pictures for each in those}))
    one = next(iter(best.values()))
    metric = evaluate.HEADLINES[one.task]
    found = [
        Judged(sizes[p].ref, sizes[p].pictures, r.n, r.metrics[metric], *r.intervals[metric])
        for p, r in best.items()
        if metric in r.intervals
    ]
    return found, one.data, one.task
