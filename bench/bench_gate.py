"""Are gate verdicts right? Pairs of models that are truly equal, and truly three points apart.

    python bench/bench_gate.py [--pairs 200]

A pair is two models' answers to the same pictures, drawn so that its true difference is known:

- `digits`: real answers of two classifiers to 899 real pictures (scikit-learn's handwritten digits,
  half of them held out). Pictures are redrawn; where only one model is right, a coin says which one
  is called the candidate, loaded so that the candidate gains what it should.
- `skills`: simulated classifiers that find the same pictures hard.
- `boxes`: simulated detectors (objects of three classes found with some luck); the second misses as
  many more as make three points of map50 in 4,000 pictures.

Each row says how often the gate passed, with its interval, and what it states: a rate for equal models,
and for others the power that it claims on each pair, averaged.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import figures
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from visloop.evaluate import Answers, AnyAnswers, BetterThanChampion, BoxAnswers, GatePolicy, judge
from visloop.evaluate.estimates import wilson
from visloop.evaluate.kinds.every import figure
from visloop.evaluate.paired import gain, pair, power

POINTS = 0.03
RESAMPLES = 2000
Pair = Callable[[np.random.Generator, float], tuple[AnyAnswers, AnyAnswers]]
MODES = (
    # mode, margin, metric or None, true gain
    ("better", 0.0, None, 0.0),
    ("better", 0.0, None, POINTS),
    ("not_worse", 0.02, None, 0.0),
    ("not_worse", 0.0, None, -POINTS),
    ("non_inferior", POINTS, None, -POINTS),
    ("non_inferior", POINTS, None, 0.0),
    ("better", 0.0, "macro_f1", 0.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    worlds: list[tuple[str, int, Pair]] = [("digits", n, _digits(n)) for n in (300, 900, 3000)]
    worlds += [("skills", 1000, _skills(1000)), ("boxes", 200, _boxes(200))]
    for world, n, drawn in worlds:
        for mode, margin, metric, true in MODES:
            if metric and world == "boxes":
                continue
            rows.append(told(world, n, drawn, (mode, margin, metric, true), given.pairs))
            print(json.dumps(rows[-1]), flush=True)
    figures.RESULTS.mkdir(exist_ok=True)
    facts = figures.machine()
    with (figures.RESULTS / "gate.jsonl").open("w", encoding="utf-8") as kept:
        kept.writelines(json.dumps(row | {"date": facts["date"]}) + "\n" for row in rows)


def told(world: str, n: int, drawn: Pair, case: tuple[Any, ...], pairs: int) -> dict[str, Any]:
    """One row: how often the gate passes, and what it claims."""
    mode, margin, metric, true = case
    check = BetterThanChampion(mode=mode, margin=margin, metric=metric)
    passed, claims = 0, list[float]()
    for number in range(pairs):
        rng = np.random.default_rng([number, n, round(1000 * abs(true)), len(mode)])
        candidate, champion = drawn(rng, true)
        policy = GatePolicy(checks=(check,), resamples=RESAMPLES, seed=number)
        passed += judge(policy, candidate, champion).passed
        first, second = pair(candidate, champion)
        name = metric or ("map50" if isinstance(first, BoxAnswers) else "accuracy")
        _, draws = gain(name, first, second, policy)
        claims.append(_claim(mode, true, margin, draws))
    low, high = wilson(passed / pairs, pairs)
    return {
        "row": "gate",
        "world": world,
        "pictures": n,
        "mode": mode,
        "margin": margin,
        "metric": metric or ("map50" if world == "boxes" else "accuracy"),
        "true": true,
        "pairs": pairs,
        "passed": round(passed / pairs, 3),
        "interval": [round(low, 3), round(high, 3)],
        "claimed": round(float(np.mean(claims)), 3),
    }


def _claim(mode: str, true: float, margin: float, draws: Any) -> float:
    if mode == "not_worse":  # it says no when a drop of more than the margin is shown
        return 1 - power(-true, margin, draws, 0.95)
    return power(true, margin if mode == "better" else -margin, draws, 0.95)


def _answers(right: Any, classes: int, truth: Any) -> Answers:
    n = len(truth)
    said = np.where(right, truth, (truth + 1) % classes)
    sure = np.full((n, classes), 0.1 / (classes - 1), np.float32)
    sure[np.arange(n), said] = 0.9
    names = tuple(f"sample-{i}" for i in range(n))
    labels = tuple(f"class-{i}" for i in range(classes))
    return Answers(labels, classes, names, names, names, truth, sure)


def _digits(n: int) -> Pair:
    """Two real classifiers of unlike kind: one sees the left of the picture, one all but coarser."""
    pixels, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(truth))
    learnt, held = order[: len(order) // 2], order[len(order) // 2 :]
    warnings.simplefilter("ignore", ConvergenceWarning)  # unlike and imperfect is what is wanted
    views = [np.arange(64).reshape(8, 8)[:, :5].ravel(), np.arange(64).reshape(8, 8)[::2].ravel()]
    right = [
        LogisticRegression(C=0.01, max_iter=500)
        .fit(pixels[learnt][:, view], truth[learnt])
        .predict(pixels[held][:, view])
        == truth[held]
        for view in views
    ]
    apart = float((right[0] != right[1]).mean())

    def drawn(rng: np.random.Generator, true: float) -> tuple[Answers, Answers]:
        rows = rng.integers(0, len(held), n)
        one, other, labels = right[0][rows], right[1][rows], truth[held][rows].astype(np.int64)
        mine = rng.random(n) < (1 + true / apart) / 2
        differ = one != other
        first = np.where(differ, mine, one)
        second = np.where(differ, ~mine, one)
        return _answers(first, 10, labels), _answers(second, 10, labels)

    return drawn


def _skills(n: int) -> Pair:
    """Right with the odds of skill less difficulty; skills are set for the gain in a large set."""
    hard = np.random.default_rng(1).normal(0, 1.5, 200_000)

    def accuracy(skill: float) -> float:
        return float((1 / (1 + np.exp(hard - skill))).mean())

    grid = np.linspace(0.5, 3, 251)
    rates = np.array([accuracy(skill) for skill in grid])

    def drawn(rng: np.random.Generator, true: float) -> tuple[Answers, Answers]:
        pictures = rng.normal(0, 1.5, n)
        truth = rng.integers(0, 5, n)
        base = 0.8
        skills = [float(np.interp(rate, rates, grid)) for rate in (base + true, base)]
        both = [rng.random(n) < 1 / (1 + np.exp(pictures - skill)) for skill in skills]
        return _answers(both[0], 5, truth), _answers(both[1], 5, truth)

    return drawn


def _detector(rng: np.random.Generator, n: int, recall: float, world: Any) -> BoxAnswers:
    pictures, kinds, true = world
    seen = rng.random(len(true)) < recall
    found = true[seen] + rng.normal(0, 3, (int(seen.sum()), 4))
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
    said = np.where(rng.random(len(found)) < 0.93, kinds[seen], rng.integers(0, 3, len(found)))
    corner = rng.uniform(0, 560, (2 * n, 2))
    wrong = np.concatenate([corner, corner + rng.uniform(12, 110, (2 * n, 2))], axis=1)
    picture = np.r_[pictures[seen], rng.integers(0, n, 2 * n)]
    order = np.argsort(picture, kind="stable")
    names = tuple(f"sample-{i}" for i in range(n))
    return BoxAnswers(
        classes=("red", "white", "platelet"),
        known=3,
        samples=names,
        paths=names,
        images=names,
        true_picture=pictures,
        true_class=kinds,
        true_xyxy=true.astype(np.float32),
        crowd=np.zeros(len(true), np.bool_),
        found_picture=picture[order],
        found_class=np.r_[said, rng.integers(0, 3, 2 * n)][order],
        found_xyxy=np.concatenate([found, wrong])[order].astype(np.float32),
        score=np.r_[rng.beta(5, 2, len(found)), rng.beta(2, 5, 2 * n)][order].astype(np.float32),
        threshold=0.5,
    )


def _world(rng: np.random.Generator, n: int) -> Any:
    counts = rng.integers(6, 16, n)
    corner = rng.uniform(0, 560, (int(counts.sum()), 2))
    size = rng.uniform(24, 110, corner.shape)
    kinds = rng.choice(3, p=(0.6, 0.2, 0.2), size=len(corner))
    return np.repeat(np.arange(n), counts), kinds, np.concatenate([corner, corner + size], axis=1)


def _boxes(n: int) -> Pair:
    rng = np.random.default_rng(2)
    large = _world(rng, 4000)
    recalls = np.linspace(0.7, 0.95, 6)
    reached = [
        figure("map50", _detector(np.random.default_rng(3), 4000, recall, large))
        for recall in recalls
    ]
    base = float(np.interp(0.85, recalls, reached))

    def drawn(rng: np.random.Generator, true: float) -> tuple[BoxAnswers, BoxAnswers]:
        world = _world(rng, n)
        both = [float(np.interp(base + gained, reached, recalls)) for gained in (true, 0.0)]
        first, second = (_detector(rng, n, recall, world) for recall in both)
        return first, replace(second, samples=first.samples)

    return drawn


if __name__ == "__main__":
    main()
