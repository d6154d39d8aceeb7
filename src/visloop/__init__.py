"""Visloop closes the loop for computer vision: from camera to model and back."""

import os
from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.faces.client import AsyncClient as AsyncClient
    from visloop.faces.client import Client as Client
    from visloop.faces.sdk import Workspace as Workspace
    from visloop.faces.sdk import init as init
    from visloop.faces.sdk import open as open  # noqa: A004
    from visloop.faces.sdk import run as run

__version__ = "0.1.0"

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
"""ONNX Runtime 1.31 files an event for each model and run below ~/.cache/Microsoft and sends them home."""

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "faces.client": ("AsyncClient", "Client"),
        "faces.sdk": ("Workspace", "init", "open", "run"),
    },
)
