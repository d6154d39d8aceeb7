"""The API and the page over HTTP; routes are derived from the operations."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.faces.web.process import run as run
    from visloop.faces.web.server import build as build

__getattr__, __dir__, __all__ = lazy_exports(__name__, {"process": ("run",), "server": ("build",)})
