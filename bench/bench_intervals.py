"""Do 95 % intervals hold the truth 95 times in 100, with few pictures?

    python bench/bench_intervals.py [--sets 400] [--redrawn 80]

`accuracy`: no simulation is needed; every count of right answers out of n is weighed by its
probability, over true accuracies from .6 to .99. `map50`: simulated detectors whose true figure is that
of 4,000 pictures, asked about n pictures at a time: `dense` with 6 to 15 objects in each, `sparse` with
1 to 3. Methods: the bootstrap's percentiles; BCa (Efron 1987); Wilson's; and the bootstrap's limit by
derivatives with Student's t in log odds, which reports use. `redrawn` draws pictures and makes the curve
anew, 100 times a set, of 10 pictures; `percentile` and `bca` of map50 redraw to first order.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import figures
import numpy as np
from bench_gate import _detector, _world  # the same simulated detectors
from scipy.stats import binom, norm

from visloop.evaluate import BoxAnswers
from visloop.evaluate.estimates import Estimate, wilson
from visloop.evaluate.kinds.box_scores import estimate
from visloop.evaluate.kinds.every import figure
from visloop.evaluate.kinds.pictures import redraws

PICTURES = (10, 20, 30, 50, 100)
TRUTHS = tuple(float(each) for each in np.linspace(0.6, 0.99, 40))
REDRAWS = 2000
REDRAWN = (10,)
Pair = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--redrawn", type=int, default=80)
    given = parser.parse_args()
    rows = [row for n in PICTURES for row in _accuracy(n)]
    for world, objects in (("dense", (6, 16)), ("sparse", (1, 4))):
        truth = figure("map50", _drawn(np.random.default_rng(3), 4000, objects))
        for n in PICTURES:
            found = _average(world, objects, truth, n, given.sets, given.redrawn)
            print(*map(json.dumps, found), sep="\n", flush=True)
            rows += found
    figures.RESULTS.mkdir(exist_ok=True)
    facts = figures.machine()
    with (figures.RESULTS / "intervals.jsonl").open("w", encoding="utf-8") as kept:
        kept.writelines(json.dumps(row | {"date": facts["date"]}) + "\n" for row in rows)


def _accuracy(n: int) -> list[dict[str, Any]]:
    methods: dict[str, Callable[[int], Pair]] = {
        "percentile": lambda right: _percentile(right, n),
        "bca": lambda right: _bca_share(right, n),
        "wilson": lambda right: wilson(right / n, n),
    }
    rows: list[dict[str, Any]] = []
    for name, method in methods.items():
        found = [method(right) for right in range(n + 1)]
        held = [
            sum(
                binom.pmf(right, n, truth)
                for right, (low, high) in enumerate(found)
                if low <= truth <= high
            )
            for truth in TRUTHS
        ]
        width = np.mean(
            [found[round(truth * n)][1] - found[round(truth * n)][0] for truth in TRUTHS]
        )
        rows.append(_row("accuracy", "exact", n, name, float(np.mean(held)), min(held), width))
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _percentile(right: int, n: int) -> Pair:
    if right in (0, n):
        return wilson(right / n, n)
    low, high = binom.ppf((0.025, 0.975), n, right / n) / n
    return float(low), float(high)


def _bca_share(right: int, n: int) -> Pair:
    if right in (0, n):
        return wilson(right / n, n)
    share = right / n
    below = binom.cdf(right, n, share) - binom.pmf(right, n, share) / 2
    speed = (1 - 2 * share) / (6 * np.sqrt(n * share * (1 - share)))
    tails = _tails(float(norm.ppf(below)), float(speed))
    low, high = binom.ppf(tails, n, share) / n
    return float(low), float(high)


def _tails(shift: float, speed: float) -> Any:
    z = shift + norm.ppf((0.025, 0.975))
    return norm.cdf(shift + z / (1 - speed * z))


def _average(
    world: str, objects: tuple[int, int], truth: float, n: int, sets: int, redrawn: int
) -> list[dict[str, Any]]:
    held: dict[str, list[Pair]] = {name: [] for name in ("reports", "percentile", "bca", "redrawn")}
    for number in range(sets):
        answers = _drawn(np.random.default_rng([number, n]), n, objects)
        found = estimate("map50", answers)
        draws = found.value + (redraws(n, REDRAWS, number) - 1) @ found.slope
        held["reports"].append(found.interval(0.95))
        held["percentile"].append(_quantiles(draws, (0.025, 0.975)))
        held["bca"].append(_quantiles(draws, _bca_tails(found, draws)))
        if number < redrawn and n in REDRAWN:
            again = [_redrawn(answers, np.random.default_rng([number, k])) for k in range(100)]
            held["redrawn"].append(_quantiles(np.array(again), (0.025, 0.975)))
    return [
        _row("map50", world, n, name, *_share(found, truth), _width(found))
        for name, found in held.items()
        if found
    ]


def _bca_tails(found: Estimate, draws: Any) -> Any:
    cubes, squares = float((found.slope**3).sum()), float((found.slope**2).sum())
    speed = cubes / (6 * squares**1.5) if squares else 0.0
    below = np.clip((draws < found.value).mean(), 1e-3, 1 - 1e-3)
    return _tails(float(norm.ppf(below)), speed)


def _quantiles(draws: Any, tails: Any) -> Pair:
    low, high = np.quantile(draws, tails)
    return float(low), float(high)


def _share(found: list[Pair], truth: float) -> tuple[float, float]:
    held = float(np.mean([low <= truth <= high for low, high in found]))
    return held, wilson(held, len(found))[0]


def _width(found: list[Pair]) -> float:
    return float(np.mean([high - low for low, high in found]))


def _drawn(rng: np.random.Generator, n: int, objects: tuple[int, int]) -> BoxAnswers:
    pictures, kinds, true = _world(rng, n)
    most = rng.integers(*objects, n)
    first = np.r_[True, np.diff(pictures) > 0]
    place = np.arange(len(pictures)) - np.maximum.accumulate(
        np.where(first, np.arange(len(first)), 0)
    )
    kept = place < most[pictures]
    return _detector(rng, n, 0.85, (pictures[kept], kinds[kept], true[kept]))


def _redrawn(answers: BoxAnswers, rng: np.random.Generator) -> float:
    return figure("map50", answers.take(np.sort(rng.integers(0, answers.n, answers.n))))


def _row(
    metric: str, world: str, n: int, method: str, held: float, least: float, width: float
) -> dict[str, Any]:
    """`least`: of accuracy the worst true value's; of map50 the lower end of what `held` may be."""
    return {
        "row": "intervals",
        "metric": metric,
        "world": world,
        "pictures": n,
        "method": method,
        "held": round(float(held), 3),
        "least": round(float(least), 3),
        "width": round(float(width), 3),
    }


if __name__ == "__main__":
    main()
