"""A comparison of runs as one HTML file: tables, and curves as SVG; no script, no server, no net."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from visloop.app.handlers.tracking import Comparison
    from visloop.train import Curve

_COLOURS: Final = ("#0b6bcb", "#c2410c", "#15803d", "#9333ea", "#b91c1c", "#0f766e", "#a16207")
_WIDTH, _HEIGHT, _LEFT, _BELOW = 460, 200, 52, 22
_STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #1c2024;
  padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 2rem } th, td { padding: .25rem .8rem;
  border-bottom: 1px solid #e3e6ea; text-align: left; vertical-align: top }
td + td + td { font-variant-numeric: tabular-nums } td.best { font-weight: 650 }
.plots { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0 } figcaption { color: #5b636d }
summary { cursor: pointer; color: #5b636d } svg text { font: 11px system-ui; fill: #5b636d }
"""


def comparison_page(done: Comparison, curves: Sequence[Curve]) -> str:
    """The whole file."""
    keys = dict.fromkeys(curve.key for curve in curves if len(curve.steps) > 1)
    plots = "".join(_plot(key, done.runs, [c for c in curves if c.key == key]) for key in keys)
    drawn = f'<h2>Curves</h2><div class="plots">{plots}</div>' if plots else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Runs compared</title>'
        f"<style>{_STYLE}</style><h1>Runs compared</h1>"
        f"<h2>What differs</h2>{_table(done.runs, done.differing)}{drawn}"
        f"<details><summary>What is the same ({len(done.same)})</summary>"
        f"{_table(done.runs, done.same)}</details></html>"
    )


def _table(runs: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    head = "".join(
        f'<th><span style="color:{_colour(place)}">●</span> {escape(run)}</th>'
        for place, run in enumerate(runs)
    )
    body = "".join(
        f"<tr><td>{escape(row['group'])}</td><td>{escape(row['name'])}</td>"
        + "".join(f"<td>{escape(_said(value))}</td>" for value in row["values"])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr><th></th><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _said(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _plot(key: str, runs: Sequence[str], curves: Sequence[Curve]) -> str:
    steps = [step for curve in curves for step in curve.steps]
    values = [value for curve in curves for value in curve.values if math.isfinite(value)]
    if not values:
        return ""
    x0, x1 = min(steps), max(steps)
    y0, y1 = min(values), max(values)
    lines = "".join(
        f'<path d="{_path(curve, (x0, x1, y0, y1))}" fill="none" stroke-width="1.6" '
        f'stroke="{_colour(runs.index(curve.run))}"><title>{escape(curve.run)}</title></path>'
        for curve in curves
    )
    bottom = _HEIGHT - _BELOW
    axes = (
        f'<path d="M{_LEFT} 8V{bottom}H{_WIDTH - 8}" fill="none" stroke="#c9ced4"/>'
        f'<text x="{_LEFT - 6}" y="14" text-anchor="end">{y1:.4g}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">{y0:.4g}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{x0}</text>'
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 6}" text-anchor="end">step {x1}</text>'
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{escape(key, quote=True)}">{axes}{lines}</svg>'
        f"<figcaption>{escape(key)}</figcaption></figure>"
    )


def _path(curve: Curve, box: tuple[int, int, float, float]) -> str:
    """An SVG path; a gap where a value is no number."""
    x0, x1, y0, y1 = box
    across, up = _WIDTH - 8 - _LEFT, _HEIGHT - _BELOW - 8
    parts: list[str] = []
    pen = "M"
    for step, value in zip(curve.steps, curve.values, strict=True):
        if not math.isfinite(value):
            pen = "M"
            continue
        x = _LEFT + across * (step - x0) / ((x1 - x0) or 1)
        y = 8 + up * (1 - (value - y0) / ((y1 - y0) or 1))
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)
