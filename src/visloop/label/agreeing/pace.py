"""How fast one person labels, and how long what they have would take at that speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Final

from visloop.label.agreeing.figures import Figure
from visloop.label.together.counting import Yours, yours

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.label.records import LabelPorts

DECIDED: Final = ("label.accepted", "label.answered", "label.rejected", "label.returned")
REST_S: Final = 300.0
"""Who does nothing for so long has rested."""
_AT_ONCE_S: Final = 0.2
_LATELY: Final = timedelta(hours=24)
_ENOUGH: Final = 5
_MOST: Final = 100
_Z: Final = 1.959964


@dataclass(frozen=True)
class Progress:
    """What who asks did and has: `today` (in 24 hours), `left` in their views, and their speed.

    `per_hour` is pictures an hour, with its 95 % interval, over the last `measured` of them, without
    rests of more than five minutes; absent under five. `left_s` is what is left at that speed.
    """

    left: int
    today: int
    measured: int
    per_hour: Figure = field(default_factory=Figure)
    left_s: Figure = field(default_factory=Figure)


def progress(ports: LabelPorts, scope: Scope, dataset: str | None = None) -> Progress:
    """Of all that the views of who asks hold, or of one data set; the speed is that of all work.

    From the facts of what they decided: the time between one picture and the next is what a picture
    takes, looking and waiting with it.
    """
    known = yours(ports, scope)
    views = known.values() if dataset is None else (known.get(dataset, Yours()),)
    left = sum(each.mine + each.to_review + each.to_decide for each in views)
    mine = ports.ledger.facts(
        kinds=DECIDED,
        project=scope.project,
        actor=str(scope.actor),
        since=ports.ledger.clock.now() - _LATELY,
    )
    times = {f.subject: f.time for f in mine}
    takes = paced(sorted(times.values()))
    speed = per_picture(takes)
    return Progress(
        left=left,
        today=len(times),
        measured=len(takes),
        per_hour=_inverse(speed),
        left_s=_times(speed, left),
    )


def paced(times: Sequence[datetime]) -> list[float]:
    """Seconds from one picture to the next, the newest last; neither rests nor many at once."""
    steps = ((b - a).total_seconds() for a, b in pairwise(times))
    return [each for each in steps if _AT_ONCE_S <= each <= REST_S][-_MOST:]


def per_picture(takes: Sequence[float]) -> Figure:
    """Mean seconds a picture, with the interval of a mean; nothing under five of them."""
    n = len(takes)
    if n < _ENOUGH:
        return Figure()
    mean = sum(takes) / n
    half = _Z * sqrt(sum((each - mean) ** 2 for each in takes) / (n - 1) / n)
    return Figure(mean, max(mean - half, min(takes)), mean + half)


def _inverse(seconds: Figure) -> Figure:
    """As pictures an hour."""
    if seconds.value is None or not seconds.low or not seconds.high:
        return Figure()
    return Figure(3600 / seconds.value, 3600 / seconds.high, 3600 / seconds.low)


def _times(seconds: Figure, n: int) -> Figure:
    if seconds.value is None or seconds.low is None or seconds.high is None:
        return Figure()
    return Figure(n * seconds.value, n * seconds.low, n * seconds.high)
