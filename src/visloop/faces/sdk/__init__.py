"""Visloop from Python: the same verbs, in process or on a server."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.faces.sdk.connections import Connection as Connection
    from visloop.faces.sdk.connections import Local as Local
    from visloop.faces.sdk.connections import Remote as Remote
    from visloop.faces.sdk.connections import local as local
    from visloop.faces.sdk.connections import remote as remote
    from visloop.faces.sdk.tracking import TrackedRun as TrackedRun
    from visloop.faces.sdk.tracking import keep_surroundings as keep_surroundings
    from visloop.faces.sdk.tracking import run as run
    from visloop.faces.sdk.workspace import Workspace as Workspace
    from visloop.faces.sdk.workspace import init as init
    from visloop.faces.sdk.workspace import open as open  # noqa: A004

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "connections": ("Connection", "Local", "Remote", "local", "remote"),
        "tracking": ("TrackedRun", "keep_surroundings", "run"),
        "workspace": ("Workspace", "init", "open"),
    },
)
