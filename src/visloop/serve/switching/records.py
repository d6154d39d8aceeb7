"""What is known of a candidate beside a deployment's model."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from visloop.errors import Conflict, NotFound
from visloop.serve.switching.sequential import START

Kind = Literal["canary", "shadow"]
State = Literal["running", "promoted", "stopped"]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Verdict = Literal["not enough", "go on", "promote", "stop"]

TESTS: Final = ("errors", "latency", "disagreement", "labels")
"""The signs of harm, in the order in which they are told."""


class RolloutNotFound(NotFound):
    """No candidate runs beside that deployment's model."""

    code = "serve.rollout_not_found"


class RolloutRunning(Conflict):
    """The deployment has a candidate of that kind already, or one that stands in the way."""

    code = "serve.rollout_running"


class CanaryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a canary is judged.

    `steps`: shares of the traffic, in order. `alpha`: the chance that a canary as good as the champion
    is stopped. `min_requests`: answers of the canary in a step before the next. `margin`: promoted once
    its rates of errors and of slow answers are shown to be at most so much above the champion's.
    `slower`: it may be over the champion's 95th percentile so many times as often. `disagreement`: the
    share of pictures on which the two may differ. `promote` off: a person promotes.
    """

    steps: tuple[Share, ...] = (0.1, 0.5)
    alpha: Annotated[float, msgspec.Meta(gt=0, lt=0.5)] = 0.05
    min_requests: Annotated[int, msgspec.Meta(ge=1)] = 200
    max_hours: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.05
    slower: Annotated[float, msgspec.Meta(ge=1)] = 2.0
    disagreement: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.3
    promote: bool = True


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """What the canary, or the champion beside it, did: `timed` answers met the limit of latency."""

    requests: int = 0
    errors: int = 0
    timed: int = 0
    slow: int = 0


class Point(msgspec.Struct, frozen=True):
    """A place on the test's path: requests of both arms, and log₁₀ of each sign's evidence and of all."""

    requests: int
    signs: tuple[float, ...]
    together: float


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen of a candidate so far; the tests need nothing else.

    `limit_ms` is the champion's 95th percentile, fixed before the answers that it judges; `logs` has
    the log likelihood ratios of each sign; `keys` one bit for each request key that failed already;
    `step_from` the canary's requests when the present step began. `better` and `worse` count reviewed
    pictures on which exactly one of the two was right: the candidate, or the champion.
    """

    limit_ms: float | None = None
    candidate: Arm = Arm()
    champion: Arm = Arm()
    compared: int = 0
    disagreed: int = 0
    score_difference: float = 0.0
    copy_failures: int = 0
    better: int = 0
    worse: int = 0
    step_from: int = 0
    logs: dict[str, tuple[float, ...]] = msgspec.field(
        default_factory=lambda: dict.fromkeys(TESTS, START)
    )
    keys: dict[str, str] = {}
    path: tuple[Point, ...] = ()


class Cursors(msgspec.Struct, frozen=True, kw_only=True):
    """Sequence numbers up to which each log was looked at; `labels` is of facts."""

    predictions: int = 0
    failures: int = 0
    copies: int = 0
    labels: int = 0


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate (`model`) beside the model of a deployment (`against`).

    `share` is of the traffic: answered by a canary, copied to a shadow. `verdict` is the last one,
    `because` says why in words.
    """

    id: str
    project: str
    deployment: str
    kind: Kind
    model: str
    package: str
    against: str
    against_package: str
    share: float
    state: State
    verdict: Verdict
    because: str
    policy: CanaryPolicy
    evidence: Evidence
    cursors: Cursors
    generation: int
    opened: datetime
    stepped: datetime
    ended: datetime | None


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pictures offered to a copy: `failed` the model refused, the rest was dropped."""

    offered: int = 0
    answered: int = 0
    dropped: int = 0
    failed: int = 0
    hung: int = 0
    crashed: int = 0
