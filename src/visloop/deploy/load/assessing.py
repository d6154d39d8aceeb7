"""From what was seen under load to the figures of an assessment.

Latencies of one moment resemble each other, so intervals come from redrawing whole stretches of the run,
not single answers (Künsch 1989, the block bootstrap). A model so slow that there are fewer than four
stretches gets no intervals. A request that failed counts as one that took a minute: else a server that
gives up would look fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import evaluate
from visloop.deploy.load.measuring import Level, Loaded, under_load

if TYPE_CHECKING:
    from visloop.deploy.load.clients import Stretch

Floats: TypeAlias = NDArray[np.float64]

_RESAMPLES: Final = 400
_FEW: Final = 4
_QUANTILES: Final = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
_NOISY: Final = 0.1
_MS: Final = 1e3
_FAILED_S: Final = 60.0
_BUSY: Final = 429


def assess_load(case: evaluate.Case[evaluate.LoadSettings]) -> evaluate.Outcome:
    """The assessment `load`: the model's test pictures against a serving process of its own.

    Raises:
        NotServed: the process did not answer the first picture.
        Refused: no picture with a clear truth.
    """
    chosen, ports = case.pictures, case.ports
    places = np.random.default_rng(case.seed).permutation(len(chosen))[: case.settings.pictures]
    pictures = [ports.blobs.get(chosen[place].sample.image) for place in sorted(places.tolist())]
    return outcome_of(under_load(case.package, pictures, case.settings, ports.progress), case.seed)


def outcome_of(seen: Loaded, seed: int) -> evaluate.Outcome:
    """Figures of the first level by their plain names, of the others with `_at_CONNECTIONS`."""
    figures: dict[str, evaluate.Figure] = {}
    rows: list[dict[str, Any]] = []
    for place, level in enumerate(seen.levels):
        found = _of_level(level, seed)
        tail = f"_at_{level.connections}" if place else ""
        figures |= {name + tail: figure for name, figure in found.items()}
        told = {name: round(figure.value, 4) for name, figure in found.items()}
        rows.append({"connections": level.connections, **told, "answers": found["p50_ms"].n})
    figures["memory_mb"] = _spread(seen.memory_mb, max)
    figures["start_s"] = _spread(seen.starts_s, np.median)
    figures["elsewhere"] = evaluate.Figure(value=round(_elsewhere(seen), 4))
    return evaluate.Outcome(figures=figures, rows=tuple(rows), notes=tuple(_notes(seen)))


def _of_level(level: Level, seed: int) -> dict[str, evaluate.Figure]:
    stretches = level.stretches
    refused = sum(one.others[_BUSY] for one in stretches)
    failed = sum(_failed(one) for one in stretches)
    asked = refused + failed + sum(len(one.waits_s) for one in stretches)
    figures = {
        name: _redrawn(stretches, seed, _quantile(share)) for name, share in _QUANTILES.items()
    }
    figures["answers_per_s"] = _redrawn(stretches, seed, _rate)
    figures["cpu_ms"] = _redrawn(stretches, seed, _cpu_ms)
    figures["failed"] = _share(failed, asked)
    figures["refused"] = _share(refused, asked)
    return figures


def _quantile(share: float) -> Callable[[Sequence[Stretch]], float]:
    def of(some: Sequence[Stretch]) -> float:
        waits = np.concatenate(
            [np.r_[one.waits_s, np.full(_failed(one), _FAILED_S)] for one in some]
        )
        return float(np.quantile(waits, share) if len(waits) else _FAILED_S) * _MS

    return of


def _rate(some: Sequence[Stretch]) -> float:
    return sum(len(one.waits_s) for one in some) / sum(one.seconds for one in some)


def _cpu_ms(some: Sequence[Stretch]) -> float:
    return sum(one.cpu_s for one in some) / max(1, sum(len(one.waits_s) for one in some)) * _MS


def _failed(one: Stretch) -> int:
    return one.others.total() - one.others[_BUSY]


def _redrawn(
    stretches: Sequence[Stretch], seed: int, figure: Callable[[Sequence[Stretch]], float]
) -> evaluate.Figure:
    """A figure with the middle 95 % of what redrawn stretches give."""
    value = round(figure(stretches), 4)
    n = sum(len(one.waits_s) for one in stretches)
    if len(stretches) < _FEW:
        return evaluate.Figure(value=value, n=n)
    random = np.random.default_rng(seed)
    places = random.integers(0, len(stretches), (_RESAMPLES, len(stretches))).tolist()
    draws = [figure([stretches[place] for place in drawn]) for drawn in places]
    low, high = np.quantile(draws, (0.025, 0.975)).tolist()
    return evaluate.Figure(value=value, low=round(low, 4), high=round(high, 4), n=n)


def _share(count: int, of: int) -> evaluate.Figure:
    low, high = evaluate.wilson(count / of, of)
    return evaluate.Figure(value=round(count / of, 6), low=round(low, 6), high=round(high, 6), n=of)


def _spread(values: Sequence[float], summary: Callable[[Sequence[float]], Any]) -> evaluate.Figure:
    """A figure of few tries, between the smallest and the largest."""
    told = (float(summary(values)), min(values), max(values))
    value, low, high = (round(each, 4) for each in told)
    return evaluate.Figure(value=value, low=low, high=high, n=len(values))


def _elsewhere(seen: Loaded) -> float:
    """The share of the machine's cores that others used meanwhile."""
    every = [one for level in seen.levels for one in level.stretches]
    cores = seen.machine.cores * sum(one.seconds for one in every)
    return sum(one.elsewhere_s for one in every) / cores


def _notes(seen: Loaded) -> Iterator[str]:
    yield f"measured on {seen.machine}"
    share = _elsewhere(seen)
    if share > _NOISY:
        yield (
            f"others used {share:.0%} of the machine meanwhile: latency and throughput are worse than on "
            "a quiet one, and not to be compared with those of another day; cpu_ms, failed and "
            "memory_mb hold"
        )
