"""What to let go of before this process forks, and what to begin anew in the child.

SQLite keeps its locks in memory as well as in the system, and a fork copies the one but not the
other: a child that uses the same file beside its parent's open connections believes to hold locks
that it does not, and can lose commits. So connections are closed before a fork and opened again
after it, on both sides. (A child made by `subprocess` copies nothing and needs none of this.)
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """Something that lives through forks of its process."""

    def before_fork(self) -> None:
        """Bring everything to rest and keep it there; no other thread may move until after."""
        ...

    def after_fork(self, *, in_child: bool) -> None:
        """Go on (in the parent), or begin anew: locks held elsewhere never come free in a child."""
        ...


_living: WeakSet[Forked] = WeakSet()


def survives_forks(member: Forked) -> None:
    """Tell `member` about every fork, for as long as somebody keeps it."""
    _living.add(member)


def _before() -> None:
    for member in list(_living):
        member.before_fork()


def _after(*, in_child: bool) -> None:
    for member in list(_living):
        member.after_fork(in_child=in_child)


os.register_at_fork(
    before=_before,
    after_in_parent=lambda: _after(in_child=False),
    after_in_child=lambda: _after(in_child=True),
)
