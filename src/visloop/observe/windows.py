"""Windows filled from the prediction log and tested; an alarm opens an alert or joins the open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert

from visloop.observe import alerts, capture, state
from visloop.observe.detectors import describe, window_test
from visloop.observe.reading import Seen, features_of, follow, testable
from visloop.observe.tables import windows

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.observe.detectors import Profile, WindowVerdict
    from visloop.observe.policy import ObservePolicy, ObservePorts
    from visloop.observe.records import Monitor
    from visloop.store import Claim, Write


@dataclass(frozen=True)
class Filled:
    """A window's answers, not yet as many as it takes when the log ends before.

    `passed` counts every answer up to its last one. `barren` of those, the last at `barren_seq`,
    stand before its first: of another model, or gone from the spool.
    """

    seen: tuple[Seen, ...]
    passed: int
    barren: int
    barren_seq: int


@dataclass(frozen=True)
class Tested:
    """What one window came to."""

    alarm: bool
    captured: int
    alert: str | None


def fill(
    ports: ObservePorts, scope: Scope, monitor: Monitor, profile: Profile, size: int
) -> Filled:
    """The next window behind what is tested, as far as the log goes."""
    found: list[Seen] = []
    passed = barren = barren_seq = 0
    rows = follow(ports, scope, monitor.deployment, after=monitor.tested)
    for passed, seen in enumerate(rows, start=1):
        if seen.row.package == monitor.package and testable(seen, profile):
            found.append(seen)
        elif not found:
            barren, barren_seq = passed, seen.row.seq
        if len(found) == size:
            break
    return Filled(tuple(found), passed, barren, barren_seq)


def test_next(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    profile: Profile,
    policy: ObservePolicy,
    fence: Claim | None,
) -> Tested | None:
    """Test the next full window, if there is one: one transaction for all that it causes.

    Raises:
        Overtaken: another process did it first.
    """
    size = policy.monitor.window
    filled = fill(ports, scope, monitor, profile, size)
    if len(filled.seen) < size:
        if filled.barren >= size:  # so that they are not looked at again and again
            images = monitor.images + filled.barren
            with ports.ledger.write(scope, fence=fence) as write:
                state.move(write, monitor, tested=filled.barren_seq, images=images)
        return None
    verdict = window_test(profile, features_of(filled.seen, profile), alpha=policy.monitor.alpha)
    proposals = _proposals(ports, scope, monitor, policy, filled) if verdict.alarm else []
    with ports.ledger.write(scope, fence=fence) as write:
        last = filled.seen[-1].row.seq
        images = monitor.images + filled.passed
        state.move(write, monitor, tested=last, images=images)
        alert = None
        if verdict.alarm:
            span = (monitor.images + filled.barren + 1, images)
            alert = alerts.raise_alert(write, monitor, verdict, span)
            proposals = [
                msgspec.structs.replace(each, reasons=(f"alarm {alert}",)) for each in proposals
            ]
        captured = capture.record(write, monitor.deployment, policy.capture, proposals)
        _insert(write, monitor, filled, verdict, alert)
    return Tested(verdict.alarm, captured, alert)


def _proposals(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    policy: ObservePolicy,
    filled: Filled,
) -> list[capture.label.Proposal]:
    if not policy.capture.dataset:
        return []
    telling = [
        capture.Telling(each, (), 1.0 - (each.row.confidence or 0.0))
        for each in filled.seen
        if each.has_picture
    ]
    return capture.prepare(ports, scope, monitor, policy.capture, telling)


def _insert(
    write: Write, monitor: Monitor, filled: Filled, verdict: WindowVerdict, alert: str | None
) -> None:
    first, last = filled.seen[0].row, filled.seen[-1].row
    row = {
        "project": monitor.project,
        "deployment": monitor.deployment,
        "model": monitor.model,
        "package": monitor.package,
        "profile": monitor.profile,
        "first_seq": first.seq,
        "last_seq": last.seq,
        "first_image": monitor.images + filled.barren + 1,
        "last_image": monitor.images + filled.passed,
        "first_time": first.time,
        "last_time": last.time,
        "n": verdict.n,
        "p": verdict.p,
        "alpha": verdict.alpha,
        "alarm": verdict.alarm,
        "families": {name: family.p for name, family in verdict.families.items()},
        "mean_confidence": verdict.mean_confidence,
        "what": describe(verdict),
        "alert": alert,
    }
    write.execute(insert(windows), row)
