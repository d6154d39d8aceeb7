"""The sheet as one HTML page that needs nothing else: pictures inside it, marks as SVG, no script."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import Final

from visloop.data.comparing.records import SampleChange
from visloop.data.comparing.sheets.marks import (
    COLOURS,
    Mark,
    corner,
    dots,
    is_area,
    marks,
    outlines,
    told,
)
from visloop.data.records import Sample

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LINES: Final = 14
_WIDE_LETTER: Final = 0.62  # of its height
_STYLE: Final = """
:root { color-scheme: light dark; font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; }
body { margin: 0 auto; padding: 24px; max-width: 1400px;
  background: light-dark(#f4f5f8, #0f1218); color: light-dark(#18202e, #e8ebf1); }
h1 { font-size: 21px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; margin: 0 0 10px;
  overflow-wrap: anywhere; }
p, ul { margin: 0; padding: 0; list-style: none; }
.muted { color: light-dark(#566072, #a3adbd); }
.legend, .said { display: flex; flex-wrap: wrap; gap: 4px 18px; }
.legend { margin: 12px 0 20px; }
li::before { content: ""; display: inline-block; width: 11px; height: 11px; border-radius: 3px;
  margin-right: 7px; background: var(--kind, light-dark(#7d8797, #707b8c)); }
section { background: light-dark(#fff, #181c24); border: 1px solid light-dark(#dde1e8, #2b323e);
  border-radius: 10px; padding: 16px 18px; margin-bottom: 16px; break-inside: avoid; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 12px; margin-bottom: 4px; }
svg { display: block; width: 100%; height: auto; max-height: 70vh;
  background: light-dark(#eceef2, #10141b); border-radius: 6px; }
.none { display: grid; place-items: center; min-height: 120px; border-radius: 6px;
  background: light-dark(#eceef2, #10141b); }
.said { margin-top: 10px; overflow-wrap: anywhere; }
.line { fill: none; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.halo { stroke: #000; stroke-opacity: .55; stroke-width: 4.6; }
.mark { stroke: var(--kind); stroke-width: 2.4; }
.same { stroke: var(--kind); stroke-width: 1; stroke-opacity: .8; }
.dashed { stroke-dasharray: 6 4; }
.ghost { stroke-width: 1.4; }
.area { fill: var(--kind); fill-opacity: .3; fill-rule: evenodd; stroke: none; }
text { fill: #fff; stroke: #000; paint-order: stroke; font-weight: 650; }
@media (max-width: 700px) { .pair { grid-template-columns: 1fr; } body { padding: 12px; } }
"""


def head(a: str, b: str, counts: str) -> str:
    """Everything before the first sample."""
    legend = "".join(
        f'<li style="--kind:{colour}">{kind or "unchanged"}</li>'
        for kind, colour in COLOURS.items()
    )
    title = f"{escape(a)} → {escape(b)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style></head>\n<body>\n<main>\n"
        f'<h1>{title}</h1>\n<p class="muted">{escape(counts)}</p>\n'
        f'<ul class="legend" aria-label="colours">{legend}</ul>\n'
    )


def foot(more: int) -> str:
    """Everything behind the last one."""
    said = f'<p class="muted">{more:,} more changed samples are not drawn.</p>\n' if more else ""
    return f"{said}</main>\n</body></html>\n"


def pair(
    number: int, change: SampleChange, names: tuple[str, str], pictures: tuple[bytes, bytes]
) -> str:
    """One changed sample: both sides, and in words what happened."""
    sides = zip(
        names,
        (change.was, change.now),
        _unders(number, change, pictures),
        marks(change),
        strict=True,
    )
    drawn = "\n".join(_side(*side) for side in sides)
    said = list(told(change))
    lines = "".join(
        f'<li style="--kind:{COLOURS.get(kind) or "#94a3b8"}">{escape(kind.replace("_", " "))} '
        f"{escape(words)}</li>"
        for kind, words in said[:_LINES]
    )
    if len(said) > _LINES:
        lines += f"<li>{len(said) - _LINES:,} more changes</li>"
    return (
        f"<section>\n<h2>{escape(change.path)}</h2>\n"
        f'<div class="pair">\n{drawn}\n</div>\n<ul class="said">{lines}</ul>\n</section>\n'
    )


def _unders(number: int, change: SampleChange, pictures: tuple[bytes, bytes]) -> tuple[str, str]:
    """What lies under the marks of both sides; the same picture is in the page once."""
    was, now = change.was, change.now
    name = f"p{number}"
    before = _under(was, pictures[0], name) if was else ""
    same = was and now and pictures[0] and (was.image, was.width) == (now.image, now.width)
    after = f'<use href="#{name}"/>' if same else _under(now, pictures[1]) if now else ""
    return before, after


def _under(sample: Sample, picture: bytes, name: str = "") -> str:
    width, height = sample.width, sample.height
    if not picture:
        return (
            f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" '
            f'font-size="{max(width, height) / 30:.1f}">the picture cannot be shown</text>'
        )
    code = base64.b64encode(picture).decode()
    named = f'id="{name}" ' if name else ""
    return (
        f'<image {named}width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="data:image/jpeg;base64,{code}"/>'
    )


def _side(name: str, sample: Sample | None, under: str, found: list[Mark]) -> str:
    caption = f'<figcaption class="muted">{escape(name)}</figcaption>'
    if sample is None:
        return f'<figure>{caption}<div class="none muted">not in this version</div></figure>'
    width, height = sample.width, sample.height
    shown = f"{escape(sample.path)} in {escape(name)}"
    size = max(width, height) / 42
    inside = "".join(line for mark in found for line in _mark(mark, size))
    inside += "".join(_words(mark, size, width) for mark in found)
    return (
        f'<figure>{caption}<svg viewBox="0 0 {width} {height}" role="img" aria-label="{shown}">'
        f"{under}{inside}</svg></figure>"
    )


def _mark(mark: Mark, size: float) -> Iterator[str]:
    kind = f'style="--kind:{COLOURS[mark.kind]}"'
    rings = outlines(mark.annotation)
    way = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in rings)
    if way and is_area(mark.annotation) and not mark.ghost:
        yield f'<path class="area" {kind} d="{way}"/>'
    if way:
        dashed = " dashed" * mark.dashed + " ghost" * mark.ghost
        if mark.kind and not mark.ghost:
            yield f'<path class="line halo" d="{way}"/>'
        look = f"mark{dashed}" if mark.kind else "same"
        yield f'<path class="line {look}" {kind} data-kind="{mark.kind}" d="{way}"/>'
    for x, y in dots(mark.annotation):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size / 4:.1f}" fill="{COLOURS[mark.kind]}"/>'


def _words(mark: Mark, size: float, width: int) -> str:
    at = corner(mark.annotation)
    if not mark.words or at is None:
        return ""
    x, y = at
    x = max(0.0, min(x, width - _WIDE_LETTER * size * len(mark.words)))
    y = y - size / 3 if y > size * 1.4 else y + size * 1.2
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" '
        f'stroke-width="{size / 5:.1f}">{escape(mark.words)}</text>'
    )
