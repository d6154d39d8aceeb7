"""Assessments and verdicts for people, as rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

_WHOLE: Final = 1000
_NOTHING: Final = 1e-12
_MANY: Final = 30


def number(value: float | None) -> str:
    """As short as it can be said: `12,345`, `0.9012`."""
    if value is None:
        return "–"
    if abs(value) < _NOTHING:
        return "0"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= _WHOLE else f"{value:.4g}"


def between(low: float | None, high: float | None) -> str:
    """`[0.81, 0.93]`; an open end is left empty."""
    if low is None and high is None:
        return ""
    return f"[{'' if low is None else number(low)}, {'' if high is None else number(high)}]"


def figure_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An assessment's figures."""
    return [
        {
            "figure": name.replace("_", " "),
            "value": number(each["value"]),
            "95 %": between(each["low"], each["high"]),
            "of": f"{each['n']:,}" if each["n"] else "",
        }
        for name, each in plain["figures"].items()
    ]


def table_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An assessment's rows; many that are drawn as lines become one row a line, as the plot has them."""
    rows, plot = plain["rows"], next((each for each in plain["plots"] if each["by"]), None)
    if len(rows) <= _MANY or plot is None:
        return [{key: _cell(value) for key, value in row.items()} for row in rows]
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = lines.setdefault(row[plot["by"]], {plot["by"]: row[plot["by"]]})
        line[f"{plot['y']} at {plot['x']} {_cell(row[plot['x']])}"] = _cell(row[plot["y"]])
    return list(lines.values())


def _cell(value: Any) -> Any:
    told = number(value) if isinstance(value, float) else value
    return f"{told:,}" if isinstance(told, int) and not isinstance(told, bool) else told


def bound_said(plain: Mapping[str, Any]) -> str:
    """What a gate asks by default."""
    bound = plain["headline"]
    ends = [f"at least {bound['at_least']:,.12g}"] if bound["at_least"] is not None else []
    ends += [f"at most {bound['at_most']:,.12g}"] if bound["at_most"] is not None else []
    name = bound["figure"].replace("_", " ")
    return f"a gate asks by default: {name} {' and '.join(ends)} ({bound['why']})"


def check_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A verdict's checks: found, interval, how many, evidence."""
    kinds = {each["assessment"]: each["kind"] for each in plain["assessments"]}
    return [
        {
            "": mark(passed=each["passed"]),
            "check": each["name"].replace("_", " "),
            "wanted": each["wanted"],
            "found": number(each["value"]),
            "95 %": between(*each["interval"]) if each["interval"] else "",
            "n": f"{each['n']:,}" if each["n"] else "",
            "evidence": kinds.get(each["evidence"], "report" if each["evidence"] else ""),
        }
        for each in plain["checks"]
    ]


def mark(*, passed: bool) -> str:
    """Pass or FAIL, coloured for whoever sees colours."""
    return "[green]pass[/]" if passed else "[bold red]FAIL[/]"


def verdict_lines(plain: Mapping[str, Any]) -> list[str]:
    """What the checks have to say beyond their figures, and how it ended."""
    lines = [
        f"{each['name'].replace('_', ' ')}: {each['detail']}"
        for each in plain["checks"]
        if each["detail"]
    ]
    failed = sum(not check["passed"] for check in plain["checks"])
    against = f" against {plain['against']}" if plain["against"] else ""
    if failed:
        lines.append(
            f"{failed} of {len(plain['checks'])} checks failed; {plain['model']} stays out."
        )
    else:
        lines.append(f"{plain['model']} passed on {plain['on']}{against}.")
    if plain["changes"]:
        lines += ["the policy in force is another one:", *(f"  {x}" for x in plain["changes"])]
    if plain["html"]:
        lines.append(f"written: {plain['html']}")
    return lines


def policy_shown(plain: Mapping[str, Any]) -> None:
    """The checks in force, since when, and what visloop.yaml says otherwise."""
    if plain["since"]:
        why = f": {plain['reason']}" if plain["reason"] else ""
        click.echo(
            f"in force for {plain['model']} since {plain['since'][:19].replace('T', ' ')} "
            f"by {plain['actor']}{why}"
        )
    else:
        click.echo(f"nothing is in force for {plain['model']}: its first gate takes")
    for line in plain["checks"]:
        click.echo(f"  {line}")
    if plain["changes"]:
        click.echo("visloop.yaml says otherwise:")
        _changes(plain)
        click.echo(f"approve that: visloop policy approve {plain['model']} -m WHY")


def policy_changes(plain: Mapping[str, Any]) -> None:
    """What visloop.yaml says otherwise."""
    if not plain["changes"]:
        click.echo(f"visloop.yaml says nothing else of {plain['model']} than what is in force")
    _changes(plain)


def policy_approved(plain: Mapping[str, Any]) -> None:
    """What changed."""
    _changes(plain)
    click.echo(f"in force for {plain['model']} from now on: judge it again (visloop gate)")


def _changes(plain: Mapping[str, Any]) -> None:
    for line in plain["changes"]:
        click.secho(f"  {line}", fg="green" if line.startswith("+") else "red")
