"""`python -m visloop`."""

from __future__ import annotations

import gc
from typing import Final

from visloop.faces import cli

_COLLECT_AT: Final = 50_000
"""Objects made between two looks for garbage: at Python's 700 these took 60 ms of an `add` of one file."""


def main() -> None:
    """The console script."""
    gc.set_threshold(_COLLECT_AT)
    cli.main()


if __name__ == "__main__":
    main()
