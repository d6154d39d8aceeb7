"""The command line: tables for people, `--json` for machines; derived from the operations."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.faces.cli.root import main as main
    from visloop.faces.cli.root import run as run

__getattr__, __dir__, __all__ = lazy_exports(__name__, {"root": ("main", "run")})
