"""Charts of a report as SVG: reliability, precision over recall, bars with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from visloop.evaluate.records import Calibrated
from visloop.evaluate.study.records import PrecisionRecall

COLOURS: Final = (
    "#0b6bcb", "#c2410c", "#15803d", "#9333ea", "#b91c1c", "#0f766e", "#a16207", "#475569",
    "#be185d", "#4d7c0f",
)  # fmt: skip
_SIDE, _LEFT, _BELOW, _ABOVE = 260, 38, 34, 8
_BAR: Final = 150


def reliability(bins: Sequence[Calibrated]) -> str:
    """How often answers are right over how sure the model was; the diagonal is honesty."""
    most = max((each.n for each in bins), default=1)
    marks = "".join(
        f'<path class="whisker" d="M{_x(b.confidence)} {_y(b.interval[0])}V{_y(b.interval[1])}"/>'
        f'<circle cx="{_x(b.confidence)}" cy="{_y(b.accuracy)}" r="{2.5 + 3 * b.n / most:.1f}" '
        f'fill="{COLOURS[0]}"><title>{b.n} answers: claimed {b.confidence:.2f}, '
        f"right {b.accuracy:.2f}</title></circle>"
        for b in bins
    )
    line = "L".join(f"{_x(b.confidence)} {_y(b.accuracy)}" for b in bins)
    path = f'<path d="M{line}" fill="none" stroke="{COLOURS[0]}" stroke-width="1.4"/>'
    honest = f'<path class="rule" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>'
    return _square("reliability", "confidence", "right", honest + path + marks)


def precision_recall(curves: Sequence[PrecisionRecall]) -> str:
    """One line a class."""
    lines: list[str] = []
    for number, each in enumerate(curves[: len(COLOURS)]):
        points = zip(each.recall, each.precision, strict=True)
        way = "L".join(f"{_x(r)} {_y(p)}" for r, p in points)
        lines.append(
            f'<path d="M{way}" fill="none" stroke="{COLOURS[number]}" stroke-width="1.6">'
            f"<title>{escape(each.name)}: average {each.average:.3f}</title></path>"
        )
    return _square("precision and recall", "recall", "precision", "".join(lines))


def legend(curves: Sequence[PrecisionRecall]) -> str:
    """Which colour is which class, with its average."""
    rows = (
        f'<li style="--kind:{COLOURS[number]}">{escape(each.name)} '
        f'<span class="muted">{each.average:.3f}</span></li>'
        for number, each in enumerate(curves[: len(COLOURS)])
    )
    return f'<ul class="legend">{"".join(rows)}</ul>'


def bar(value: float, interval: tuple[float, float] | None = None, most: float = 1.0) -> str:
    """A bar in a cell of a table, with a whisker."""
    scale = _BAR / (most or 1.0)
    width = max(0.0, min(_BAR, value * scale))
    whisker = ""
    if interval is not None:
        low, high = (max(0.0, min(_BAR, bound * scale)) for bound in interval)
        whisker = (
            f'<path class="whisker" d="M{low:.1f} 7H{high:.1f}M{low:.1f} 4v6M{high:.1f} 4v6"/>'
        )
    return (
        f'<svg class="bar" width="{_BAR + 2}" height="14" aria-hidden="true">'
        f'<rect class="track" width="{_BAR}" height="14" rx="3"/>'
        f'<rect class="fill" width="{width:.1f}" height="14" rx="3"/>{whisker}</svg>'
    )


def _square(name: str, below: str, beside: str, inside: str) -> str:
    ticks = "".join(
        f'<text x="{_x(t)}" y="{_SIDE + _ABOVE + 14}" text-anchor="middle">{t:g}</text>'
        f'<text x="{_LEFT - 6}" y="{float(_y(t)) + 4:.1f}" text-anchor="end">{t:g}</text>'
        f'<path class="grid" d="M{_LEFT} {_y(t)}h{_SIDE}M{_x(t)} {_ABOVE}v{_SIDE}"/>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    middle = _LEFT + _SIDE / 2
    words = (
        f'<text x="{middle}" y="{_SIDE + _ABOVE + 30}" text-anchor="middle">{below}</text>'
        f'<text x="12" y="{_ABOVE + _SIDE / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {_ABOVE + _SIDE / 2})">{beside}</text>'
    )
    width, height = _LEFT + _SIDE + 12, _ABOVE + _SIDE + _BELOW
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{name}">{ticks}{inside}{words}</svg>'
    )


def _x(share: float) -> str:
    return f"{_LEFT + share * _SIDE:.1f}"


def _y(share: float) -> str:
    return f"{_ABOVE + (1 - share) * _SIDE:.1f}"
