"""What the loop keeps alive: whatever the facts of its cycles name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from visloop.loop.tables import cycles
from visloop.store import Link, Look, Roots, named_in


def _digests(look: Look) -> Iterator[Link]:
    for column in (cycles.c.facts, cycles.c.because):
        yield from named_in(look, column, "a cycle of the loop")


LOOP_ROOTS: Final = Roots(
    room="loop",
    columns=frozenset({"cycles.facts", "cycles.because"}),
    digests=_digests,
)
