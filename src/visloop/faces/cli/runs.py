"""Runs for people: a list with the figures that most runs have, one run, a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import click

_FIGURES: Final = 3
_HIDDEN: Final = ("time.", "images_per_s", "progress.")
_BARS: Final = "▁▂▃▄▅▆▇█"
_SPARK: Final = 40
_EPOCH: Final = "/epoch-"


def list_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table: what is told of each run, and the metrics that most of them have."""
    rows: Sequence[Mapping[str, Any]] = plain["rows"]
    counted = Counter(key for row in rows for key in row["metrics"] if _is_figure(key))
    figures = [key for key, _ in counted.most_common(_FIGURES)]
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "status": row["status"] + _left(row["progress"]),
            "experiment": row["experiment"],
            "recipe": row["recipe"] or ("" if row["source"] == "script" else row["source"]),
            "data": row["data"],
            "model": row["model"] or "",
            **{key: row["metrics"].get(key) for key in figures},
            "cpu_s": row["cpu_s"],
            "started": row["started"],
        }
        for row in rows
    ]


def _is_figure(key: str) -> bool:
    return not key.startswith(_HIDDEN) and key not in ("c", "temperature")


def _left(progress: Mapping[str, Any] | None) -> str:
    if not progress or not progress.get("total"):
        return ""
    share = 100 * progress["done"] / progress["total"]
    left_s = progress.get("left_s")
    return f" {share:.0f} %" + ("" if left_s is None else f", {duration(left_s)} left")


def duration(seconds: float) -> str:
    """`12 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def shown(plain: Mapping[str, Any]) -> None:
    """One run, in sections."""
    run = plain["run"]
    title = f"  {run['name']}" if run["name"] else ""
    click.echo(
        click.style(run["id"], bold=True) + f"{title}  {run['status']}{_left(run['progress'])}"
    )
    if run["error"]:
        click.echo(click.style(f"  {run['error']['code']}: ", fg="red") + run["error"]["what"])
    if run["recipe"] and run["status"] in ("lost", "failed"):
        click.echo(f"  go on where it was: visloop runs resume {run['id']}")
    for section, values in _sections(run):
        told = {key: value for key, value in values.items() if value not in (None, "", {}, [])}
        if told:
            click.echo(click.style(section, bold=True))
            width = max(map(len, told))
            for key, value in told.items():
                click.echo(f"  {key:<{width}}  {_said(value)}")
    _curves(plain["metrics"])
    if run["notes"]:
        click.echo(click.style("notes", bold=True) + f"\n{run['notes']}")
    if looks := [path for path in plain["predictions"] if _EPOCH in path]:
        numbers = [int(path.rpartition(_EPOCH)[2].removesuffix(".jpg")) for path in looks]
        fetched = f"visloop runs fetch {run['id']} FOLDER --path predictions"
        click.echo(f"what it said after epochs {', '.join(map(str, numbers))}: {fetched}")
    click.echo(f"its files: visloop runs artifacts {run['id']}")


def _sections(run: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    took = None
    if run["started"] and run["ended"]:
        started, ended = map(datetime.fromisoformat, (run["started"], run["ended"]))
        took = duration((ended - started).total_seconds())
    yield (
        "run",
        {
            "experiment": run["experiment"],
            "part of": run["parent"],
            "recipe": run["recipe"],
            "data": run["data"],
            "model": run["model"],
            "seed": run["seed"],
            "started": str(run["started"] or "")[:19].replace("T", " "),
            "took": took,
            "computed": None if run["cpu_s"] is None else duration(run["cpu_s"]),
            "attempt": run["attempt"] if run["attempt"] > 1 else None,
            "code": _code(run),
        },
    )
    yield "parameters", run["params"]
    yield "tags", run["tags"]
    yield "measured", run["metrics"]
    yield "environment", {k: v for k, v in run["environment"].items() if k != "packages"}


def _code(run: Mapping[str, Any]) -> str:
    if not run["commit"]:
        return ""
    return run["commit"][:12] + (" with changes (see code.diff)" if run["dirty"] else "")


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, dict):
        told: dict[str, Any] = value
        return "  ".join(f"{key} {_said(each)}" for key, each in told.items() if each is not None)
    return str(value)


def _curves(metrics: Sequence[Mapping[str, Any]]) -> None:
    by_key: dict[str, list[float]] = {}
    for each in metrics:
        if each["value"] is not None:
            by_key.setdefault(each["key"], []).append(each["value"])
    long = {key: values for key, values in by_key.items() if len(set(values)) > 1}
    if long:
        click.echo(click.style("curves", bold=True))
        width = max(map(len, long))
        for key, values in long.items():
            ends = f"{values[0]:.4g} → {values[-1]:.4g}"
            click.echo(f"  {key:<{width}}  {sparkline(values)}  {ends}")


def sparkline(values: Sequence[float]) -> str:
    """The values as bars, at most 40."""
    step = max(1.0, len(values) / _SPARK)
    picked = [values[int(place * step)] for place in range(min(len(values), _SPARK))]
    low, high = min(picked), max(picked)
    scale = (len(_BARS) - 1) / ((high - low) or 1.0)
    return "".join(_BARS[round((value - low) * scale)] for value in picked)


def compared_rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table with a column a run: what differs."""
    return [
        {"": f"{row['group']} {row['name']}"} | dict(zip(plain["runs"], row["values"], strict=True))
        for row in plain["rows"]
    ]


def curves(plain: Mapping[str, Any]) -> None:
    """`runs curves`: a line each, from the first value to the last."""
    for row in plain["rows"]:
        values = [value for value in row["values"] if value is not None]
        if values:
            ends = f"{values[0]:.4g} → {values[-1]:.4g}"
            click.echo(f"{row['run']}  {row['key']:<20} {sparkline(values)}  {ends}  n={row['n']}")
