"""How fast and how heavy a model answers under load. Measured by `deploy`, which starts the server."""

from __future__ import annotations

import os
from typing import Annotated, Final

import msgspec

from visloop import train
from visloop.evaluate.assess.records import Bound, Kind

_MOST_MS: Final = 250.0
_Some: Final = msgspec.Meta(ge=1)


class LoadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much: `seconds` and at most `requests` at each of `connections`, by so many `pictures`.

    Every connection is a closed loop: it sends its next picture when the answer to the one before has
    come. `starts` are cold starts. `threads` of the serving process; 0: one for each core.
    """

    connections: Annotated[tuple[Annotated[int, _Some], ...], msgspec.Meta(min_length=1)] = (1, 8)
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 4.0
    requests: Annotated[int, _Some] = 2000
    pictures: Annotated[int, _Some] = 64
    starts: Annotated[int, _Some] = 3
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was measured; `cores` are those that this process may use."""

    cpu: str
    cores: int
    system: str

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        cores = len(os.sched_getaffinity(0))
        return cls(
            cpu=train.cpu_model(), cores=cores, system=f"{os.uname().sysname} {os.uname().machine}"
        )

    def __str__(self) -> str:
        """As one line."""
        return f"{self.cores} cores of {self.cpu}, {self.system}"


KIND: Final = Kind(
    name="load",
    about="latency, throughput, CPU, memory and start of a serving process on this machine",
    headline=Bound(
        "p95_ms",
        at_most=_MOST_MS,
        why="250 ms: with the network's own 100 to 200 ms an answer stays below half a second",
    ),
    assess=None,
    settings=LoadSettings,
    here=lambda: str(Machine.here()),
)
