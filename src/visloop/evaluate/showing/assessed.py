"""Assessments in HTML: figures, plots, the table of rows, notes, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from visloop.evaluate.assess.kinds import KINDS
from visloop.evaluate.assess.records import Assessment, Shot
from visloop.evaluate.showing.pictures import Album
from visloop.evaluate.showing.plots import lines
from visloop.evaluate.showing.style import POLICY, STYLE
from visloop.evaluate.showing.tables import section, spelt, table
from visloop.evaluate.study.records import Picture

_MOST_ROWS: Final = 400
_WHOLE: Final = 1000
_NOTHING: Final = 1e-12


def assessment_page(
    made: Assessment,
    picture: Callable[[str], bytes],
    whole: Callable[[str], bytes] | None = None,
) -> str:
    """One assessment as a file of its own.

    Args:
        made: the assessment.
        picture: the upright JPEG of an image by its digest, of any size; empty: it cannot be shown.
        whole: the same for sheets of pictures, at full size.
    """
    on = f" on {escape(made.data)}" if made.data else ""
    head = f"<h1>{escape(made.kind)} of {escape(made.model)}{on}</h1>"
    return paged(f"{made.kind} of {made.model}", head + assessed(made, Album(picture, whole)))


def paged(title: str, inside: str) -> str:
    """A whole page around its parts."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        f"{inside}\n</main></body></html>\n"
    )


def assessed(made: Assessment, album: Album) -> str:
    """One assessment as a section of a page."""
    outcome = made.outcome
    figures = (
        (
            spelt(name),
            figure(each.value),
            spread(each.low, each.high),
            f"{each.n:,}" if each.n else "",
        )
        for name, each in outcome.figures.items()
    )
    parts = [table(("figure", "n:", "n:95 %", "n:of"), figures)]
    parts += [f"<p>{escape(note)}</p>" for note in outcome.notes]
    drawn = "".join(f"<div>{lines(outcome.rows, each)}</div>" for each in outcome.plots)
    parts += [f'<div class="columns">{drawn}</div>'] if drawn else []
    parts += [album.whole(each.image, each.said) for each in outcome.pictures if each.whole]
    parts += [_rows(outcome.rows)] if outcome.rows else []
    small = [_picture(each) for each in outcome.pictures if not each.whole]
    parts += [album.sheet(small)] if small else []
    settings = ", ".join(f"{key} {_told(value)}" for key, value in made.settings.items())
    how = f"{f'Settings: {settings}. ' if settings else ''}Seed {made.seed}; {made.id}."
    parts.append(f'<p class="muted">{escape(how)}</p>')
    about = KINDS[made.kind].about if made.kind in KINDS else ""
    return section(escape(made.kind), about, "".join(parts))


def figure(value: float) -> str:
    """A number as short as it can be said: whole ones whole, others with four digits."""
    if abs(value) < _NOTHING:
        return "0"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= _WHOLE else f"{value:.4g}"


def spread(low: float | None, high: float | None) -> str:
    """An interval, one-sided where an end is open."""
    if low is None and high is None:
        return ""
    return f"{'' if low is None else figure(low)} … {'' if high is None else figure(high)}"


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    keys = list(rows[0])
    numbers = {key for key in keys if all(_number(row.get(key)) for row in rows)}
    head = tuple(f"{'n:' if key in numbers else ''}{spelt(key)}" for key in keys)
    body = (tuple(escape(_told(row.get(key))) for key in keys) for row in rows[:_MOST_ROWS])
    more = len(rows) - _MOST_ROWS
    rest = f'<p class="muted">{more:,} more rows (--json has all)</p>' if more > 0 else ""
    return f'<div class="scroll">{table(head, body)}</div>{rest}'


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _told(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(value)
    return ", ".join(map(_told, value)) if isinstance(value, list | tuple) else str(value)


def _picture(shot: Shot) -> Picture:
    return Picture(sample="", path="", image=shot.image, loss=0.0, said=shot.said)
