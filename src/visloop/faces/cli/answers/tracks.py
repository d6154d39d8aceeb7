"""The tracks of a film, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

_MOST = 8


def head(plain: Mapping[str, Any]) -> None:
    """Which film it is, and how much of it there is."""
    frames, tracks = len(plain["frames"]), len(plain["tracks"])
    counted = f"{tracks} track" + ("" if tracks == 1 else "s")
    click.echo(f"{plain['film']}: {frames} frames, {counted}")


def rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each track: where it is in sight, and where somebody placed it."""
    return [
        {
            "track": each["track"][:_MOST],
            "class": each["label"],
            "shape": "box" if each["type"] == "track" else each["type"],
            "from": _when(plain["frames"][each["first"]]),
            "to": _when(plain["frames"][each["last"]]),
            "frames": each["frames"],
            "key frames": _keys(each["keys"]),
        }
        for each in plain["tracks"]
    ]


def _keys(keys: list[dict[str, Any]]) -> str:
    shown = ", ".join(str(each["frame"]) for each in keys[:_MOST])
    return shown if len(keys) <= _MOST else f"{shown} … ({len(keys)})"


def _when(frame: Mapping[str, Any]) -> str:
    if frame["time_s"] is None:
        return str(frame["path"]).rpartition("/")[2]
    return f"{frame['time_s']:.3f} s"
