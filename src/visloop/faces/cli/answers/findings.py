"""What is wrong with a data set, for people: a line a kind, and of a single kind what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

_INDENT = " " * 22


def told(plain: Mapping[str, Any]) -> None:
    """`findings`: how many of each kind, from where on, what mends them."""
    name = plain["ref"].partition("@")[0]
    for row in plain["rows"]:
        count = "–" if row["count"] is None else f"{row['count']:,}"
        click.echo(f"{row['kind']:<11}{count:>9}  {row['title']}{_bound(row)}")
        problem = row.get("problem")
        if problem:
            click.echo(f"{_INDENT}{problem['what']}: {problem['fix']}")
        elif row["count"] is None:
            click.echo(f"{_INDENT}not looked for yet")
        if row["stale"]:
            click.echo(f"{_INDENT}the data changed since: visloop findings {plain['ref']} --fresh")
        if row.get("where"):
            does = f"--fix {row['kind']}" if row["mend"] else f"--queue {row['kind']}"
            click.echo(f"{_INDENT}visloop bulk {name} --where '{row['where']}' {does}")
        for note in row.get("notes", ()):
            click.echo(f"{_INDENT}{note}")
    if len(plain["rows"]) == 1:
        _found(plain["rows"][0])


def _bound(row: Mapping[str, Any]) -> str:
    if not row["measure"]:
        return ""
    return f" ({row['measure']}: {'≥' if row['least'] else '≤'} {row['bound']:g})"


def _found(row: Mapping[str, Any]) -> None:
    for each in row.get("found", ()):
        mended = ", settled" if each["settled"] else ""
        click.echo(f"{each['path']}  {each['value']:g}  {each['said']}{mended}")
