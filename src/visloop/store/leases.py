"""A lease kept alive while its holder works."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

from visloop.errors import LeaseLost, Unavailable
from visloop.store.claims import Claim
from visloop.store.jobs import Jobs


@contextmanager
def heartbeats(jobs: Jobs, claim: Claim) -> Generator[None]:
    """Renew the lease from a thread, three times as often as it runs out, until the block is left.

    When it is lost all the same, the thread ends and the fenced writes of the holder are refused.
    """
    done = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(jobs, claim, done), name=f"heartbeat-{claim.kind}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(jobs: Jobs, claim: Claim, done: threading.Event) -> None:
    with suppress(LeaseLost):
        while not done.wait(claim.lease_s / 3):
            with suppress(Unavailable):  # a busy ledger may be free at the next beat
                jobs.heartbeat(claim)
