"""Holding a run while working on it: a lease renewed in the background until the work ends."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from visloop.errors import LeaseLost
from visloop.store import Claim, Jobs, heartbeats, worker_name
from visloop.train.records import RunBusy
from visloop.train.runs import DUTY

_POLL_S: Final = 0.2


@contextmanager
def held(jobs: Jobs, run: str, project: str, lease_s: float) -> Generator[Claim, None, None]:
    """Hold the run: its claim fences every write; the lease is renewed three times as it lasts.

    A process that is killed stops renewing: whoever comes next waits for its lease to run out.

    Raises:
        RunBusy: another process holds it, and renews.
    """
    claim = _take(jobs, run, project, lease_s)
    try:
        with heartbeats(jobs, claim):
            yield claim
    finally:
        with suppress(LeaseLost):
            jobs.complete(claim)


def _take(jobs: Jobs, run: str, project: str, lease_s: float) -> Claim:
    worker = worker_name()
    until = time.monotonic() + 1.2 * lease_s
    while True:
        claim = jobs.hold(worker, DUTY, run, lease_s, project=project)
        if claim is not None:
            return claim
        if time.monotonic() > until:
            raise RunBusy(f"another process is working on {run}", fix=f"visloop runs show {run}")
        time.sleep(_POLL_S)
