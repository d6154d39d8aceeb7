"""Assessments and verdicts for people, as rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WHOLE: Final = 1000


def number(value: float | None) -> str:
    """As short as it can be said: `12,345`, `0.9012`."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) >= 1:
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


def bound_said(plain: Mapping[str, Any]) -> str:
    """What a gate asks by default."""
    bound = plain["headline"]
    ends = [f"at least {bound['at_least']:g}"] if bound["at_least"] is not None else []
    ends += [f"at most {bound['at_most']:g}"] if bound["at_most"] is not None else []
    name = bound["figure"].replace("_", " ")
    return f"a gate asks by default: {name} {' and '.join(ends)} ({bound['why']})"
