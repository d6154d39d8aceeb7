"""Answers about versions, for people: what a merge did, which conflicts wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

_WIDE = 44


def merged(plain: Mapping[str, Any]) -> None:
    """A merge or revert: the version, or its conflicts and how to go on."""
    samples = f"{plain['samples']:,} {'sample' if plain['samples'] == 1 else 'samples'}"
    number = plain["total"]
    settled = number - plain["open"]
    told = f", {settled} {'conflict' if settled == 1 else 'conflicts'} settled" if settled else ""
    if plain["version"]:
        click.echo(f"{plain['what']}: {samples} changed{told}")
        click.echo(f"{plain['dataset']}@{plain['version']}")
        return
    if not number:
        click.echo(f"{plain['what']}: {samples} would change")
        return
    click.echo(f"{plain['what']}: {plain['open']} of {number} conflicts open; nothing is recorded")
    for each in plain["conflicts"]:
        _conflict(each)
    if number > len(plain["conflicts"]):
        click.echo(f"… {len(plain['conflicts']):,} of {number:,} are shown: --offset, --open")
    if not plain["open"] and not plain["dry_run"]:
        click.echo(f"next: visloop merge finish {plain['dataset']}")
    if plain["open"] and not plain["dry_run"]:
        name = plain["dataset"]
        click.echo(f"next: visloop merge resolve {name} ID --take ours|theirs|base|both")
        click.echo(
            f"      or visloop merge resolve {name} --rule theirs, visloop merge abort {name}"
        )


def given_up(plain: Mapping[str, Any]) -> None:
    """A merge or revert that nobody finishes."""
    click.echo(f"given up: {plain['what']}; nothing is recorded")


def _conflict(each: Mapping[str, Any]) -> None:
    place = "  ".join(part for part in (each["path"], each["object"][:24]) if part)
    taken = f"  → {each['take']}" if each["take"] else ""
    click.echo(f"{click.style(each['id'], bold=True)}  {place}  {each['field']}{taken}")
    for side in ("base", "ours", "theirs"):
        click.echo(f"  {side:<7} {_short(each[side])}")


def _short(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        parts = [f"{key} {_short(inner)}" for key, inner in value.items() if key != "id"]  # pyright: ignore[reportUnknownVariableType]
        text = "  ".join(parts)
    elif isinstance(value, list):
        text = ", ".join(_short(inner) for inner in value)  # pyright: ignore[reportUnknownVariableType]
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDE * 2 else text[: _WIDE * 2 - 1] + "…"


def shown_conflict(plain: Mapping[str, Any]) -> None:
    """One conflict, and how many objects its sample has on each side."""
    _conflict(plain["conflict"])
    for side in ("base", "ours", "theirs"):
        sample = plain[side]
        if sample:
            objects = len(sample.get("annotations", ()))
            click.echo(f"  {side:<7} {sample['path']}, {objects} objects")
