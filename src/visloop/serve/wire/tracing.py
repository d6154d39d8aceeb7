"""What is told of a request to who traces: the entry point `otel` of group `visloop.tracing`.

Whether it is traced, and under which parent, its `traceparent` says (W3C Trace Context, level 1); without
one it begins a trace.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from visloop.config import load_plugin

if TYPE_CHECKING:
    from visloop.serve.wire.http import Headers
    from visloop.serve.work.lane import Answer

PARENT: Final = "traceparent"
STATE: Final = "tracestate"
REQUEST_ID: Final = "x-request-id"
ROUTES: Final = ("/predict/{name}", "/v2/models/{name}/infer")


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work; times are ns since 1970."""

    name: str
    started_ns: int
    ended_ns: int


@dataclass(frozen=True, slots=True)
class Traced:
    """One request, when its reply has gone out; `headers` are those of W3C Trace Context and the id."""

    route: str
    deployment: str
    model: str
    status: int
    pictures: int
    started_ns: int
    ended_ns: int
    headers: dict[str, str]
    stages: tuple[Stage, ...] = ()


class Tracer(Protocol):
    """Takes requests; called by workers, after the answer has gone out."""

    def record(self, traced: Traced) -> None:
        """One request."""
        ...

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        ...


def tracer_to(endpoint: str, server: str) -> Tracer | None:
    """Who sends spans to `endpoint` by OTLP/HTTP; None where nothing is named.

    Raises:
        MissingExtra: the library is not installed.
    """
    if not endpoint:
        return None
    return load_plugin("tracing", "otel", extra="otel")(endpoint, server)


def traced(
    name: str,
    headers: Headers,
    started: float,
    status: int,
    *,
    v2: bool,
    model: str = "",
    answer: Answer | None = None,
) -> Traced:
    """What is to be told of a request that came at `started` (`perf_counter`) and is answered now."""
    ended = time.time_ns()
    begun = ended - _ns(time.perf_counter() - started)
    kept = {
        key: raw.decode("latin-1")
        for key in (PARENT, STATE, REQUEST_ID)
        if (raw := headers.get(key.encode()))
    }
    pictures = answer.pictures if answer else 0
    stages = _stages(answer, begun, ended) if answer else ()
    return Traced(ROUTES[v2], name, model, status, pictures, begun, ended, kept, stages)


def _stages(answer: Answer, begun: int, ended: int) -> tuple[Stage, ...]:
    """One after the other, the last one until the reply."""
    spent = (
        ("queue", answer.queue_s),
        ("decode", answer.decode_s),
        ("infer", answer.infer_s),
        ("post", answer.post_s),
    )
    stages: list[Stage] = []
    at = ended
    for name, seconds in reversed(spent):
        before = max(begun, at - _ns(seconds))
        stages.append(Stage(name, before, at))
        at = before
    return tuple(reversed(stages))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
