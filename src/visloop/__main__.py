"""`python -m visloop`."""

from __future__ import annotations

import gc
from typing import Final

from visloop.faces import cli

_COLLECT_AT: Final = 200_000
"""Objects made between two looks for garbage: more than loading a command makes."""


def main() -> None:
    """The console script."""
    gc.set_threshold(_COLLECT_AT)
    try:
        cli.main()
    finally:
        gc.freeze()  # the system takes back everything at once: no last look for garbage


if __name__ == "__main__":
    main()
