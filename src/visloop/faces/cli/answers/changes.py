"""What a change of many samples did, and what takes it back: bulk, bulk undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from visloop.faces.cli.answers.upkeep import counted


def made(plain: Mapping[str, Any]) -> None:
    """How many of those that were meant change, and how to have it otherwise."""
    if plain["again"]:
        click.echo(f"made before as {plain['key']}: {_what(plain)}; nothing was changed now")
    else:
        click.echo(f"{'would change' if plain['dry_run'] else 'changed'} {_what(plain)}")
    if plain["queued"]:
        click.echo(f"{counted(plain['queued'], 'new task')} for the labelling queue")
    if plain["undone"]:
        click.echo("it was taken back since; another --key makes it again")
    elif plain["key"] and plain["changed"]:
        click.echo(f"staged; take it back: visloop bulk undo {plain['key']}")


def undone(plain: Mapping[str, Any]) -> None:
    """How many are as they were."""
    said = "were as before already" if plain["again"] else "as before"
    click.echo(f"{counted(plain['changed'], 'sample')} of {plain['dataset']} {said}")


def _what(plain: Mapping[str, Any]) -> str:
    changed, matched = counted(plain["changed"], "sample"), plain["matched"]
    if plain["objects"]:
        return f"{counted(plain['objects'], 'object')} on {changed} of {plain['dataset']}"
    of = "" if matched == plain["changed"] else f", {matched:,} asked for"
    return f"{changed} of {plain['dataset']}{of}"
