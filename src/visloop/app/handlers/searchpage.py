"""A search as one HTML file: plots as SVG, tables; no script, no server, no net."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from visloop import train

_W, _H, _LEFT, _TOP, _BELOW = 720, 300, 62, 12, 34
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2024; --muted: #5b636d; --line: #d5d9de; --paper: #fff;
  --accent: #0b6bcb; --bad: #b91c1c }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --muted: #a3acb8; --line: #3a414a;
  --paper: #15181c; --accent: #5aa9f5; --bad: #f87171 } }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: var(--ink);
  background: var(--paper); padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 2rem } th, td { padding: .25rem .8rem;
  border-bottom: 1px solid var(--line); text-align: left; font-variant-numeric: tabular-nums }
tr.best td { font-weight: 650 } .muted { color: var(--muted) } svg { max-width: 100%; height: auto }
svg text { font: 11px system-ui; fill: var(--muted) } svg .axis { stroke: var(--line); fill: none }
svg .best { stroke: var(--accent); fill: none; stroke-width: 2 } svg .dot { fill: var(--muted) }
svg .cut { fill: none; stroke: var(--bad); stroke-width: 1.5 } svg .bar { fill: var(--accent) }
.figures { display: flex; flex-wrap: wrap; gap: 2.5rem } .figures b { display: block; font-size: 1.6rem }
"""
_TOO_GOOD: Final = (
    "The best of many trials on one held-out set is too good to be true of new pictures: judge the "
    "model on a split that the search never saw."
)


def search_page(shape: train.Shape) -> str:
    """The whole file."""
    plan, best = shape.plan, shape.best
    title = f"Search: {', '.join(plan.searched)} on {shape.run.data}"
    figures = {
        plan.metric: "–" if best is None else _said(best.value),
        "best trial": "–" if best is None else str(best.number),
        "trials": f"{sum(e.state == 'done' for e in shape.trials)} of {plan.wanted.trials}",
        "stopped early": str(sum(e.state == "pruned" for e in shape.trials)),
        "model": shape.run.model or "–",
    }
    told = "".join(
        f"<div><b>{escape(value)}</b><span class=muted>{escape(name)}</span></div>"
        for name, value in figures.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f'<div class="figures">{told}</div><p class="muted">{_TOO_GOOD}</p>'
        f"<h2>Best so far</h2>{_progress(shape)}{_importance(shape.importance)}"
        f"<h2>Trials</h2>{_table(shape)}</html>"
    )


def _said(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _progress(shape: train.Shape) -> str:
    """A dot a trial, and the best by then as a stair."""
    values = [
        each.value for each in shape.trials if each.state == "done" and each.value is not None
    ]
    if not values:
        return '<p class="muted">No trial has ended yet.</p>'
    low, high = min(values), max(values)
    last = max(1, shape.trials[-1].number)
    wide, tall = _W - _LEFT - 12, _H - _TOP - _BELOW

    def x(number: int) -> float:
        return _LEFT + wide * number / last

    def y(value: float) -> float:
        return _TOP + tall * (1 - (value - low) / ((high - low) or 1))

    dots, stairs, pen = [], "", "M"
    for each, so_far in zip(shape.trials, shape.so_far, strict=True):
        name = f"<title>trial {each.number}: {each.state} {_said(each.value)}</title>"
        if each.state == "done" and each.value is not None:
            place = f'cx="{x(each.number):.1f}" cy="{y(each.value):.1f}"'
            dots.append(f'<circle class="dot" {place} r="3.5">{name}</circle>')
        elif each.state == "pruned":
            at, foot = x(each.number), _TOP + tall
            dots.append(
                f'<path class="cut" d="M{at - 3:.1f} {foot - 8}l6 6m0 -6l-6 6">{name}</path>'
            )
        if so_far is not None:
            step = f"{x(each.number):.1f}"
            stairs += f"M{step} {y(so_far):.1f}" if pen == "M" else f"H{step}V{y(so_far):.1f}"
            pen = "H"
    metric = escape(shape.plan.metric, quote=True)
    return (
        f'<svg viewBox="0 0 {_W} {_H}" width="{_W}" height="{_H}" role="img" '
        f'aria-label="{metric} of each trial, and the best so far">'
        f'<path class="axis" d="M{_LEFT} {_TOP}V{_TOP + tall}H{_W - 12}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 9}" text-anchor="end">{high:.4g}</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + tall}" text-anchor="end">{low:.4g}</text>'
        f'<text x="{_LEFT}" y="{_H - 16}">trial 0</text>'
        f'<text x="{_W - 12}" y="{_H - 16}" text-anchor="end">{last}</text>'
        f'<text x="{(_LEFT + _W) // 2}" y="{_H - 2}" text-anchor="middle">{metric}: dots trials, '
        f"line the best so far, crosses stopped early</text>"
        f'{"".join(dots)}<path class="best" d="{stairs}"/></svg>'
    )


def _importance(rows: Sequence[train.Importance]) -> str:
    if not rows:
        return ""
    height = 26 * len(rows) + 8
    bars = "".join(_bar(each, 26 * place) for place, each in enumerate(rows))
    return (
        f'<h2>What mattered</h2><svg viewBox="0 0 {_W} {height}" width="{_W}" height="{height}" '
        f'role="img" aria-label="importance of parameters">{bars}</svg>'
    )


def _bar(each: train.Importance, top: int) -> str:
    wide = 440 * each.share
    return (
        f'<text x="188" y="{top + 18}" text-anchor="end">{escape(_name(each))}</text>'
        f'<rect class="bar" x="196" y="{top + 6}" width="{max(1.0, wide):.1f}" height="16" rx="2"/>'
        f'<text x="{204 + wide:.1f}" y="{top + 18}">{100 * each.share:.0f} %</text>'
    )


def _name(each: train.Importance) -> str:
    return each.parameter if each.recipe == "" else f"{each.recipe}: {each.parameter}"


def _table(shape: train.Shape) -> str:
    several = len(shape.plan.searched) > 1
    names = list(dict.fromkeys(key for each in shape.trials for key in each.params))
    heads = ["trial", "state", shape.plan.metric, *(["recipe"] if several else []), *names, "run"]
    rows = ""
    for each in shape.trials:
        value = each.value if each.state == "done" else None
        cells = [str(each.number), each.state, _said(value), *([each.recipe] if several else [])]
        cells += [_said(each.params.get(name)) for name in names] + [each.run]
        best = shape.best is not None and each.number == shape.best.number
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows += f"<tr{' class=best' if best else ''}>{told}</tr>"
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
