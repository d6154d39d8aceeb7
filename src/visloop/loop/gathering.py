"""What gates need from rooms above `evaluate`: the kinds of assessment that a running server measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.deploy import assess_load

if TYPE_CHECKING:
    from visloop.evaluate import Gathering

GATHERING: Final[Gathering] = {"load": assess_load}
"""Kind → function, handed to `evaluate.make_assessment` and `evaluate.run_gate`."""
