"""The closed loop: accepted labels become a version, a model, a verdict, a champion."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.loop.cycles import switch as switch
    from visloop.loop.cycles import switched_on as switched_on
    from visloop.loop.engine import status as status
    from visloop.loop.engine import step as step
    from visloop.loop.gathering import GATHERING as GATHERING
    from visloop.loop.kept import LOOP_ROOTS as LOOP_ROOTS
    from visloop.loop.records import Cycle as Cycle
    from visloop.loop.records import LoopPolicy as LoopPolicy
    from visloop.loop.records import LoopPorts as LoopPorts
    from visloop.loop.records import LoopStatus as LoopStatus
    from visloop.loop.records import Stepped as Stepped

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "kept": ("LOOP_ROOTS",),
        "cycles": ("switch", "switched_on"),
        "engine": ("status", "step"),
        "gathering": ("GATHERING",),
        "records": ("Cycle", "LoopPolicy", "LoopPorts", "LoopStatus", "Stepped"),
    },
)
