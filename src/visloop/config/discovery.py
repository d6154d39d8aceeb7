"""Plug-ins are found by entry point: `"visloop.recipes": my-recipe = "package:Recipe"`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from visloop.errors import MissingExtra, NotFound, did_you_mean


class PluginNotFound(NotFound):
    """No installed package offers a plug-in of that name."""

    code = "plugin.not_found"


def plugins(group: str) -> dict[str, EntryPoint]:
    """Name → entry point of every plug-in of `visloop.<group>`; nothing is imported yet."""
    return {point.name: point for point in entry_points(group=f"visloop.{group}")}


def load_plugin(group: str, name: str, *, extra: str = "") -> Any:
    """Import the plug-in `name` of `visloop.<group>`.

    Raises:
        PluginNotFound: nobody offers it.
        MissingExtra: it is there, and a library that it needs is not installed.
    """
    known = plugins(group)
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise PluginNotFound(
            f"no plug-in {name!r} in 'visloop.{group}'",
            fix=did_you_mean(name, known, otherwise=f"installed: {listed}"),
        )
    try:
        return known[name].load()
    except ModuleNotFoundError as error:
        wanted = extra or name
        raise MissingExtra(
            f"{error.name!r} is not installed"
            if error.name == name
            else f"{name!r} needs {error.name!r}, which is not installed",
            fix=f"pip install 'visloop[{wanted}]'",
        ) from error
