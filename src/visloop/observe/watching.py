"""One tick of a monitor: everything that was answered since the last one is looked at.

Two cursors follow the prediction log: one for capture, picture by picture, one for the windows that
are tested. Each moves in the transaction of what it caused and only from where it was read, so ticks
may be killed at any moment, and two at once do the work once. Serving is never asked or waited for.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from visloop import serve
from visloop.observe import capture, reference, state, windows
from visloop.observe.records import Monitor, TickResult

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.observe.detectors import Profile
    from visloop.observe.policy import ObservePolicy, ObservePorts
    from visloop.store import Claim

_log = logging.getLogger("visloop.observe")
_ROUNDS: Final = 64


def tick(
    ports: ObservePorts,
    scope: Scope,
    deployment: str,
    policy: ObservePolicy,
    *,
    fence: Claim | None = None,
) -> TickResult:
    """Look at the answers since the last tick: capture, test full windows, raise alerts.

    The first tick after a change of model sets that model's own held-out answers as reference.

    Args:
        ports: where everything is.
        scope: who watches.
        deployment: its name.
        policy: what to test and to capture.
        fence: the claim under which this is done.

    Raises:
        DeploymentNotFound: no such name.
        LeaseLost: `fence` was taken over; what is committed stays.
    """
    done = TickResult()
    try:
        monitor = _ensure(ports, scope, deployment, policy, fence)
        if _up_to_date(ports, scope, monitor, policy):
            return done
        monitor, profile = _profile(ports, scope, monitor, policy, fence)
        done = _capture(ports, scope, monitor, profile, policy, fence)
        if profile is None:
            return done
        return _test(ports, scope, deployment, profile, policy, fence, done)
    except state.Overtaken:
        _log.info("observe.overtaken", extra={"deployment": deployment})
        return done


def _ensure(
    ports: ObservePorts,
    scope: Scope,
    deployment: str,
    policy: ObservePolicy,
    fence: Claim | None,
) -> Monitor:
    """The monitor of the model that is served now.

    The monitor is read before the deployment, so that it never is the newer one of the two.
    """
    monitor = _read(ports, scope, deployment)
    served = serve.deployment(ports.serve, scope, deployment)
    if monitor is None or monitor.package != served.package:
        window = policy.monitor.window
        reference.follow_model(ports, scope, monitor, served, window=window, fence=fence)
        monitor = _read(ports, scope, deployment)
    assert monitor is not None
    return monitor


def _up_to_date(ports: ObservePorts, scope: Scope, monitor: Monitor, policy: ObservePolicy) -> bool:
    """Whether nothing was answered since the last tick, and no window can be full."""
    name, window = monitor.deployment, policy.monitor.window
    newest = serve.predictions(ports.serve, scope, name, limit=1)
    if newest and newest[0].seq > monitor.cursor:
        return False
    after = monitor.tested
    return len(serve.predictions(ports.serve, scope, name, after=after, limit=window)) < window


def _profile(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    policy: ObservePolicy,
    fence: Claim | None,
) -> tuple[Monitor, Profile | None]:
    """The monitor's profile, its null for the policy's window simulated once and kept."""
    profile, window = state.load_profile(ports, monitor), policy.monitor.window
    if profile is None or profile.axes is None or window in profile.nulls:
        return monitor, profile
    profile.null(window)
    digest = ports.blobs.put(profile.to_bytes())
    ports.blobs.flush()
    with ports.ledger.write(scope, fence=fence) as write:
        state.move(write, monitor, profile=digest)
    return replace(monitor, profile=digest), profile


def _read(ports: ObservePorts, scope: Scope, deployment: str) -> Monitor | None:
    with ports.ledger.read() as connection:
        return state.find(connection, scope.project, deployment)


def _capture(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    profile: Profile | None,
    policy: ObservePolicy,
    fence: Claim | None,
) -> TickResult:
    looked_at = missed = captured = 0
    for _ in range(_ROUNDS):
        one = capture.look_at_batch(ports, scope, monitor, profile, policy.capture, fence)
        looked_at, missed = looked_at + one.looked_at, missed + one.missed
        captured += one.captured
        if one.looked_at < capture.BATCH:
            break
        found = _read(ports, scope, monitor.deployment)
        assert found is not None
        monitor = found
    return TickResult(looked_at=looked_at, missed=missed, captured=captured)


def _test(
    ports: ObservePorts,
    scope: Scope,
    deployment: str,
    profile: Profile,
    policy: ObservePolicy,
    fence: Claim | None,
    done: TickResult,
) -> TickResult:
    full = alarms = captured = 0
    alert: str | None = None
    for _ in range(_ROUNDS):
        monitor = _read(ports, scope, deployment)
        assert monitor is not None
        tested = windows.test_next(ports, scope, monitor, profile, policy, fence)
        if tested is None:
            break
        full, alarms = full + 1, alarms + tested.alarm
        captured, alert = captured + tested.captured, tested.alert or alert
    return TickResult(
        looked_at=done.looked_at,
        missed=done.missed,
        windows=full,
        alarms=alarms,
        captured=done.captured + captured,
        alert=alert,
    )
