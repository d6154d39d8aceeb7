"""Copies stand still while anything is answered: they take processor time, caches and memory from nobody.

An idle-class process gives way to others on its own processor only. On the next one it goes on, and what
it reads and writes there slows the answer down. So its whole process stands still (SIGSTOP) from the moment
in which a worker gets something to do until the last one has nothing more. Answers of under a millisecond,
given on the event loop, stop nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """What can be made to stand still."""

    def stand(self, *, still: bool) -> None:
        """Stand still, or go on; it may do so already."""
        ...


class Aside:
    """Who has to stand aside in one serving process; `answering` is the event loop's, the rest anybody's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._here: set[Stoppable] = set()
        self._busy = False

    def answering(self, busy: bool) -> None:
        """The first of several requests begins to be computed, or the last has been."""
        self._busy = busy
        if self._here:
            with self._lock:
                for each in self._here:
                    each.stand(still=self._busy)

    @contextmanager
    def holding(self, one: Stoppable) -> Generator[None]:
        """Meanwhile it stands still whenever something is answered."""
        try:
            with self._lock:
                self._here.add(one)
                one.stand(still=self._busy)
            yield
        finally:
            self.let_go(one)

    def let_go(self, one: Stoppable) -> bool:
        """It goes on, whatever is answered; whether it had to stand aside until now."""
        with self._lock:
            held = one in self._here
            self._here.discard(one)
            if held:
                one.stand(still=False)
            return held
