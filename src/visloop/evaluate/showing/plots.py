"""Rows drawn as lines, as `Plot` says: SVG of one figure over another, a line for each of a third."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, isfinite, log10
from typing import Any, Final, NamedTuple

from visloop.evaluate.assess.records import Plot
from visloop.evaluate.showing.charts import COLOURS

_WIDE, _HIGH, _LEFT, _BELOW, _ABOVE = 340, 220, 58, 36, 10
_TICKS: Final = 5


class _Axis(NamedTuple):
    """From values to pixels: `least` lies at `start`, `most` at `end`; `log`: by powers of ten."""

    least: float
    most: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        if self.log:
            share = log10(max(value, self.least) / self.least) / log10(self.most / self.least)
            return self.start + share * (self.end - self.start)
        share = (value - self.least) / ((self.most - self.least) or 1.0)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers between the ends."""
        if self.log:
            powers = range(floor(log10(self.least)), floor(log10(self.most)) + 1)
            many = (base * 10.0**power for power in powers for base in (1, 2, 5))
            return [tick for tick in many if self.least * 0.999 <= tick <= self.most * 1.001]
        step = _round((self.most - self.least) / _TICKS)
        first = floor(self.least / step) * step
        made = (first + number * step for number in range(2 * _TICKS + 3))
        return [tick for tick in made if self.least - 1e-9 <= tick <= self.most + 1e-9]


def lines(rows: Sequence[Mapping[str, Any]], plot: Plot) -> str:
    """The chart with its legend; nothing where no row has both figures."""
    mine = [row for row in rows if not plot.part or str(row.get(plot.part)) == plot.of]
    kept = [row for row in mine if _number(row.get(plot.x)) and _number(row.get(plot.y))]
    if not kept:
        return ""
    named: dict[str, list[Mapping[str, Any]]] = {}
    for row in kept:
        named.setdefault(str(row.get(plot.by, "")) if plot.by else "", []).append(row)
    values = [row[key] for row in kept for key in (plot.y, plot.low, plot.high) if _of(row, key)]
    places = [row[plot.x] for row in kept]
    if plot.log:
        across, up = (
            _powers(places, _LEFT, _LEFT + _WIDE),
            _powers(values, _ABOVE + _HIGH, _ABOVE),
        )
    else:
        across = _axis(places, _LEFT, _LEFT + _WIDE, from_zero=False)
        up = _axis(values, _ABOVE + _HIGH, _ABOVE, from_zero=True)
    drawn = "".join(
        _line(name, sorted(part, key=lambda row: row[plot.x]), plot, (across, up), number)
        for number, (name, part) in enumerate(named.items())
    )
    head = f"<h3>{escape(plot.of)}</h3>" if plot.of else ""
    return head + _frame(plot, across, up, drawn) + _legend([*named])


def _of(row: Mapping[str, Any], key: str) -> bool:
    return bool(key) and _number(row.get(key))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _axis(values: Sequence[float], start: float, end: float, *, from_zero: bool) -> _Axis:
    least, most = min(values), max(values)
    if from_zero:
        least = min(0.0, least)
    if least == most:
        most = least + 1.0
    return _Axis(least, most, start, end)


def _powers(values: Sequence[float], start: float, end: float) -> _Axis:
    """From the least positive value to the greatest."""
    positive = [value for value in values if value > 0] or [1.0]
    least, most = min(positive), max(positive)
    return _Axis(least, most if most > least else least * 10, start, end, log=True)


def _round(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least `step`."""
    power = 10.0 ** floor(log10(step))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= step * 0.999)


def _line(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    plot: Plot,
    axes: tuple[_Axis, _Axis],
    number: int,
) -> str:
    across, up = axes
    colour = COLOURS[number % len(COLOURS)]
    points = [(across.at(row[plot.x]), up.at(row[plot.y])) for row in rows]
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    made = f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
    for row, (x, y) in zip(rows, points, strict=True):
        if _of(row, plot.low) and _of(row, plot.high):
            ends = f"V{up.at(row[plot.low]):.1f}M{x:.1f} {y:.1f}V{up.at(row[plot.high]):.1f}"
            made += f'<path class="whisker" d="M{x:.1f} {y:.1f}{ends}"/>'
        said = f"{name} {plot.x} {row[plot.x]:g}: {row[plot.y]:.4g}".strip()
        place = f'cx="{x:.1f}" cy="{y:.1f}" r="2.6"'
        made += f'<circle {place} fill="{colour}"><title>{escape(said)}</title></circle>'
    return made


def _frame(plot: Plot, across: _Axis, up: _Axis, drawn: str) -> str:
    foot = _ABOVE + _HIGH
    grid = "".join(
        f'<path class="grid" d="M{across.at(t):.1f} {_ABOVE}v{_HIGH}"/>'
        f'<text x="{across.at(t):.1f}" y="{foot + 14}" text-anchor="middle">{t:g}</text>'
        for t in across.ticks
    )
    grid += "".join(
        f'<path class="grid" d="M{_LEFT} {up.at(t):.1f}h{_WIDE}"/>'
        f'<text x="{_LEFT - 6}" y="{up.at(t) + 4:.1f}" text-anchor="end">{t:g}</text>'
        for t in up.ticks
    )
    words = (
        f'<text x="{_LEFT + _WIDE / 2}" y="{foot + 30}" text-anchor="middle">'
        f"{_spelt(plot.x)}</text>"
        f'<text x="12" y="{_ABOVE + _HIGH / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {_ABOVE + _HIGH / 2})">{_spelt(plot.y)}</text>'
    )
    wide, high = _LEFT + _WIDE + 14, foot + _BELOW
    return (
        f'<svg class="chart" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" '
        f'aria-label="{_spelt(plot.y)} over {_spelt(plot.x)}">{grid}{drawn}{words}</svg>'
    )


def _legend(names: Sequence[str]) -> str:
    if names == [""]:
        return ""
    rows = (
        f'<li style="--kind:{COLOURS[number % len(COLOURS)]}">{escape(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{"".join(rows)}</ul>'


def _spelt(name: str) -> str:
    return escape(name.replace("_", " "))
