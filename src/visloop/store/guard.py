"""Telling a collector of garbage that this process is in the middle of writing.

Between storing bytes (or finding them stored) and naming them in the ledger nothing shows that they
are wanted. So whoever puts or asks holds a share of the writers' lock meanwhile: to the end of the
piece of work that it does it in, or, where it does it outside of any, as long as the store is open.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from visloop.store.housekeeping.sweeping import begin_writing


class Guard:
    """This process's share of the writers' lock; callers see to it that one thread is in it at a time.

    A thread that is in no piece of work is believed to mean its bytes for ever: it may name them at
    any time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = -1
        self._at_work = 0
        self._for_ever = False
        self._here = threading.local()

    @property
    def settled(self) -> bool:
        """Whether nothing would change if this thread wrote."""
        return self._fd >= 0 and (self._for_ever or self._depth > 0)

    def hold(self) -> None:
        """This thread puts, or relies on what is stored."""
        if not self._depth:
            self._for_ever = True
        if self._fd < 0:
            self._fd = begin_writing(self._folder)

    def begin(self) -> None:
        """A piece of work of this thread begins; they nest."""
        self._at_work += 1
        self._here.depth = self._depth + 1

    def end(self) -> bool:
        """It ended: whatever it stored is named by now, or never. Whether all work has ended."""
        self._at_work = max(0, self._at_work - 1)
        self._here.depth = max(0, self._depth - 1)
        return not self._at_work and not self._for_ever

    def let_go(self) -> None:
        """Give the share back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @property
    def _depth(self) -> int:
        return getattr(self._here, "depth", 0)
