"""Answers about metadata for people: values whole, with their units; changes as `was → now`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

_WIDE = 60


def exact(value: Any) -> str:
    """A value as it is: no digit and no offset left out."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"


def shown(plain: Mapping[str, Any]) -> None:
    """`meta show`: one line a value."""
    rows: Sequence[Mapping[str, Any]] = plain["rows"]
    width = max(len(row["field"]) for row in rows)
    for row in rows:
        unit = f" {row['unit']}" if row["unit"] else ""
        click.echo(f"{row['field']:<{width}}  {exact(row['value'])}{unit}")


def field_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`meta fields`: the columns that a person looks at."""
    return [
        {
            "field": row["field"],
            "type": row["type"] + (" (learnt)" if row["learnt"] else ""),
            "unit": row["unit"],
            "samples": row["samples"],
            "values": _spread(row),
            "example": exact(row["example"]),
        }
        for row in plain["rows"]
    ]


def _spread(row: Mapping[str, Any]) -> str:
    if row["least"] is not None:
        return f"{exact(row['least'])} … {exact(row['most'])}"
    return ", ".join(f"{value} ({number})" for value, number in (row["top"] or {}).items())


def changed(plain: Mapping[str, Any]) -> None:
    """`meta set`, `meta field …`, `camera apply`."""
    click.echo(f"{plain['changed']} of {plain['matched']} samples changed")
    for note in plain["notes"]:
        click.echo(f"  {note}")


def imported(plain: Mapping[str, Any]) -> None:
    """`meta import`: with every row that was not taken."""
    found = f"{plain['matched']} of {plain['rows']} rows found their sample"
    click.echo(f"{found}, {plain['changed']} samples changed")
    for note in plain["notes"]:
        click.echo(f"  {note}")
    for row in plain["unplaced"]:
        click.echo(f"  line {row['line']}: {row['key']}: {row['why']}")


def aligned(plain: Mapping[str, Any]) -> None:
    """`camera align`: one line a group."""
    for group in plain["groups"]:
        told = "  ".join(f"{shot['camera']}: {shot['path']}" for shot in group["shots"])
        click.echo(f"{group['moment']}  ±{group['spread_s'] / 2:g} s  {told}")
    n = len(plain["groups"])
    click.echo(f"{n} groups; {plain['alone']} samples are alone in their moment")
    if plain["without_camera"]:
        click.echo(f"{plain['without_camera']} have no camera: visloop camera add …, camera apply")
    if plain["without_time"]:
        click.echo(f"{plain['without_time']} have no true time: visloop camera set --utc-offset …")
    if plain["changed"]:
        click.echo(f"{plain['changed']} samples changed")
    for note in plain["notes"]:
        click.echo(f"  {note}")
