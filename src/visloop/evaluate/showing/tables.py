"""Sections, tables and figures in HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_SPELT: Final = {
    "map50": "mAP at overlap .5",
    "map": "mAP at overlaps .5 to .95",
    "map75": "mAP at overlap .75",
    "map_small": "mAP of small objects",
    "map_medium": "mAP of medium objects",
    "map_large": "mAP of large objects",
    "mean_iou": "mean IoU",
    "mean_dice": "mean Dice",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "f1": "F1",
    "macro_f1": "macro F1",
    "macro_ap": "macro average precision",
    "brier": "Brier score",
    "ap50": "AP at .5",
    "ap": "AP",
    "iou": "IoU",
}


def section(title: str, said: str, inside: str) -> str:
    """A titled part of the page."""
    words = f'<p class="muted">{escape(said)}</p>' if said else ""
    return f"<section><h2>{title}</h2>{words}{inside}</section>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Headings that begin with `n:` stand over numbers."""
    kinds = [' class="n"' if name.startswith("n:") else "" for name in head]
    top = "".join(
        f"<th{kind}>{name.removeprefix('n:')}</th>" for kind, name in zip(kinds, head, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def spelt(name: str) -> str:
    """The name of a figure, for people."""
    return escape(_SPELT.get(name, name.replace("_", " ")))


def cell(value: float | None) -> str:
    """A figure."""
    return "–" if value is None else f"{value:.3f}"


def between(interval: tuple[float, float] | None) -> str:
    """An interval."""
    return f"{interval[0]:.3f} … {interval[1]:.3f}" if interval else ""


def heat(n: int, most: int) -> int:
    """How dark a cell of counts is, in per cent."""
    return round(12 + 60 * n / most) if n else 0
