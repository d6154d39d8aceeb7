"""Counters and histograms in Prometheus' text format; written on the event loop only, so no locks.

Source: Prometheus exposition format 0.0.4.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Final

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
_HELP: Final = {
    "visloop_requests_total": "Requests answered, by deployment and HTTP status.",
    "visloop_predictions_total": "Pictures answered, by deployment and model.",
    "visloop_stage_seconds": "Time spent in each stage of a request.",
    "visloop_request_seconds": "Time from the request's first byte to its answer.",
    "visloop_batch_pictures": "Pictures that went through the network in one run, by request.",
    "visloop_batch_limit": "Pictures that may go through the network in one run.",
    "visloop_queue_length": "Requests waiting or being computed.",
    "visloop_queue_limit": "Requests that may wait or be computed before 429.",
    "visloop_log_rows_total": "Predictions written to the log.",
    "visloop_log_dropped_total": "Predictions not logged because the log's queue was full.",
    "visloop_log_queue_length": "Predictions on their way to the log.",
    "visloop_key_requests": "Pictures asked for with each API key today, in this process.",
    "visloop_key_signs": "Of each API key today: refused, repeated, near, unsure.",
    "visloop_deployment_generation": "What this process serves: 1 row for each deployment.",
}

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """Cumulative buckets over seconds, or over what else `bounds` are in."""

    def __init__(self, bounds: tuple[float, ...] = _BOUNDS_S) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one duration, or size."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def lines(self, name: str, labels: Labels) -> Iterable[str]:
        """The buckets, the sum and the count."""
        running = 0
        for bound, count in zip((*self._bounds, float("inf")), self.counts, strict=True):
            running += count
            edge = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield f"{name}_bucket{_braces((*labels, ('le', edge)))} {running}"
        yield f"{name}_sum{_braces(labels)} {self.total:.9g}"
        yield f"{name}_count{_braces(labels)} {running}"


class Metrics:
    """What one serving process counts; `server` labels every series, as several may share a port."""

    def __init__(self, server: str) -> None:
        self._server: Labels = (("server", server),)
        self._counters: dict[str, dict[Labels, int]] = {}
        self._histograms: dict[str, dict[Labels, Histogram]] = {}

    def count(self, name: str, labels: Labels, by: int = 1) -> None:
        """Add to a counter."""
        series = self._counters.setdefault(name, {})
        series[labels] = series.get(labels, 0) + by

    def histogram(
        self, name: str, labels: Labels, bounds: tuple[float, ...] = _BOUNDS_S
    ) -> Histogram:
        """Where durations (or sizes) of one series are counted; made when it is asked for first."""
        series = self._histograms.setdefault(name, {})
        return series.setdefault(labels, Histogram(bounds))

    def render(self, gauges: Mapping[str, Mapping[Labels, float]]) -> bytes:
        """Everything as text, with `gauges` read by the caller just now."""
        lines: list[str] = []
        for name, values in (*self._counters.items(), *gauges.items()):
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += _head(name, kind)
            lines += [f"{name}{_braces(self._server + k)} {v:g}" for k, v in values.items()]
        for name, series in self._histograms.items():
            lines += _head(name, "histogram")
            for labels, histogram in series.items():
                lines += histogram.lines(name, self._server + labels)
        return ("\n".join(lines) + "\n").encode()


def _head(name: str, kind: str) -> list[str]:
    return [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} {kind}"]


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels)
    return "{" + pairs + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
