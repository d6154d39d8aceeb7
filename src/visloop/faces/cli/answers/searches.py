"""Searches for people: how one ended, the best so far as bars, what mattered, the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from visloop.faces.cli import runs

_BAR: Final = 30
_SHOWN: Final = 30
_TOO_GOOD: Final = "the best of many is too good to be true: judge it on pictures it never saw"


def ended(plain: Mapping[str, Any]) -> None:
    """A search that has ended, or (dry run) that could be begun."""
    if plain["dry_run"]:
        click.echo(f"would search {plain['data']}: {plain['budget']} trials, {_aim(plain)}")
        _space(plain)
        return
    _head(plain)
    click.echo(f"{plain['model']}   ({_TOO_GOOD})")
    name = plain["data"].partition(":")[0]
    click.echo(f"  visloop evaluate {plain['model']} --on {name}:test")
    click.echo(f"  visloop tune show {plain['run']}")


def _aim(plain: Mapping[str, Any]) -> str:
    stops = "" if plain["prune"] == "none" else f", stopped early by {plain['prune']}"
    return f"{plain['direction']} {plain['metric']}{stops}"


def _space(plain: Mapping[str, Any]) -> None:
    width = max(len(row["parameter"]) for row in plain["space"])
    for row in plain["space"]:
        click.echo(f"  {row['parameter']:<{width}}  {row['values']}")
    if plain["combinations"] is not None:
        click.echo(f"  {plain['combinations']} different trials in all")


def _head(plain: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{n} {state}" for state, n in plain["trials"].items()) or "no trial yet"
    click.echo(
        click.style(plain["run"], bold=True)
        + f"  {_aim(plain)} on {plain['data']}; {counts} of {plain['budget']}"
    )
    best = plain["trial"]
    if best is not None:
        click.echo(
            f"best: {plain['metric']} {plain['value']:.4g}, trial {best['number']} with {_with(best)}"
        )


def _with(row: Mapping[str, Any]) -> str:
    told = ", ".join(f"{key}={_short(value)}" for key, value in row["params"].items())
    return f"{row['recipe']} {told}".strip()


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def shown(plain: Mapping[str, Any]) -> None:
    """A search as it stands."""
    _head(plain)
    so_far = [row["so_far"] for row in plain["rows"] if row["so_far"] is not None]
    if len(so_far) > 1:
        ends = f"{so_far[0]:.4g} → {so_far[-1]:.4g}"
        click.echo(f"best so far  {runs.sparkline(so_far)}  {ends}")
    _importance(plain["importance"])
    _trials(plain)
    if plain["model"]:
        click.echo(f"{plain['model']}   ({_TOO_GOOD})")
    click.echo(f"the study itself: optuna-dashboard sqlite:///{plain['file']}")
    if plain["html"]:
        click.echo(f"written: {plain['html']}")


def _importance(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    click.echo(click.style("what mattered", bold=True))
    names = [f"{row['recipe']} {row['parameter']}".strip() for row in rows]
    for name, row in zip(names, rows, strict=True):
        bar = "█" * max(1, round(_BAR * row["share"]))
        click.echo(f"  {name:<{max(map(len, names))}}  {bar} {100 * row['share']:.0f} %")


def _trials(plain: Mapping[str, Any]) -> None:
    rows = [row for row in plain["rows"] if row["state"] != "waiting"]
    best = plain["trial"] and plain["trial"]["number"]
    if rows:
        click.echo(click.style("trials", bold=True))
    for row in rows[-_SHOWN:]:
        value = "–" if row["value"] is None else f"{row['value']:.4g}"
        mark = "*" if row["number"] == best else " "
        said = f"  {row['why']}" if row["why"] else ""
        click.echo(
            f"{mark} {row['number']:>3}  {row['state']:<7}  {value:>8}  {_with(row)}  {row['run']}{said}"
        )
    if len(rows) > _SHOWN:
        click.echo(f"  the last {_SHOWN} of {len(rows)} (--json shows all)")
