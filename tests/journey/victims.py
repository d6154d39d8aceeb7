"""Workspaces that are killed at: what must be true of them after every kill."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.journey import endings, killing, worlds
from visloop import data
from visloop.events import Fact
from visloop.faces import sdk
from visloop.ids import Ref

ROUND = ("worker", "--once", "--lease-s", str(killing.LEASE_S))
ROUNDS = 60
_CHANGES = (
    ("gate:\n", "gate:\n  approval: true\n"),
    ("labels: 40", "labels: 20"),
    ("every_s: 0.2", "every_s: 0.02"),
    ("limit: 60", "limit: 500"),
)
_ENDED = object()


@dataclass
class Victim:
    """A workspace that is being killed at; it must stand after every kill, and remember everything."""

    root: Path
    facts: list[Fact] = field(default_factory=list)
    head: str | None = None
    _rested_at: float = 0.0

    def begin_rest(self) -> None:
        """A worker was killed here: its leases run out by and by."""
        self._rested_at = time.monotonic() + killing.LEASE_S + 0.05

    def rest(self) -> None:
        """Wait until nobody can hold a lease any more."""
        time.sleep(max(0.0, self._rested_at - time.monotonic()))

    def must_stand(self) -> None:
        """Versions are whole, bytes are right, the chain is unbroken, no fact is gone."""
        with sdk.local(self.root) as here:
            ports = here.ports
            facts = ports.ledger.facts()
            assert facts[: len(self.facts)] == self.facts, "a fact was lost"
            ports.ledger.seal()
            verified = ports.ledger.verify(self.head)
            assert verified.ok, verified.broken
            self.facts, self.head = facts, verified.head
            assert list(ports.blobs.verify()) == []
            for version in endings.versions(ports):
                samples = list(data.open(ports.data, Ref.parse(version.ref)).samples())
                assert len(samples) == version.count
                assert all(ports.blobs.has(each.image) for each in samples)


def copied(template: Path, to: Path) -> Victim:
    """A workspace like the template."""
    shutil.copytree(template, to)
    return Victim(to)


def in_turns(*journeys: Iterator[None]) -> None:
    """Go on with one while another rests, until all have ended."""
    left = list(journeys)
    while left:
        left = [each for each in left if next(each, _ENDED) is not _ENDED]


def quick(world: worlds.World, to: Path) -> Path:
    """The world with a shorter loop, in which a person has the last word."""
    root = world.copy(to)
    settings = root / "visloop.yaml"
    text = settings.read_text("utf-8")
    for before, after in _CHANGES:
        assert before in text
        text = text.replace(before, after)
    settings.write_text(text, "utf-8")
    return root
