"""One turn of the loop, as its steps see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.loop.records import Cycle, LoopPolicy, LoopPorts
    from visloop.store import Claim


@dataclass(frozen=True)
class Turn:
    """What every step is given."""

    ports: LoopPorts
    scope: Scope
    policy: LoopPolicy
    cycle: Cycle
    claim: Claim
