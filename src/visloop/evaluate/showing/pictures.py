"""Pictures in a report, each in the file once, with what is drawn over it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from visloop.evaluate.study.records import Outline, Picture

_COLOURS: Final = {"right": "#22c55e", "wrong": "#ef4444", "missed": "#f59e0b"}
_OUTLINES: Final = {"true": "#22c55e", "answered": "#e879f9"}
_SQUARE: Final = 300
_MOST_WORDS: Final = 6


class Album:
    """Draws pictures; `read` gives the JPEG of an image by digest, or nothing; `whole` at full size."""

    def __init__(
        self, read: Callable[[str], bytes], whole: Callable[[str], bytes] | None = None
    ) -> None:
        self._read = read
        self._whole = whole or read
        self._known: dict[str, str] = {}

    def sheet(self, pictures: Sequence[Picture]) -> str:
        """Pictures side by side."""
        return f'<div class="sheet">{"".join(map(self._figure, pictures))}</div>'

    def whole(self, image: str, said: str) -> str:
        """One picture as large as it is."""
        code = base64.b64encode(self._whole(image)).decode()
        return (
            f'<figure class="whole"><img alt="{escape(said, quote=True)}" '
            f'src="data:image/jpeg;base64,{code}"><figcaption>{escape(said)}</figcaption></figure>'
        )

    def small(self, image: str, said: str) -> str:
        """One picture in a cell of a table, in its own shape."""
        raw = self._read(image)
        if not raw:
            return '<span class="muted">not kept any more</span>'
        code = base64.b64encode(raw).decode()
        alt = escape(said, quote=True)
        return f'<img class="small" alt="{alt}" src="data:image/jpeg;base64,{code}">'

    def _figure(self, picture: Picture) -> str:
        width, height = picture.width or _SQUARE, picture.height or _SQUARE
        size = max(width, height) / 26
        marks = "".join(_outline(each, size) for each in picture.outlines)
        marks += "".join(_mark(each, size) for each in reversed(picture.boxes))
        told = [each for each in picture.boxes if each[0] != "right"]
        marks += "".join(_words(each, size, width) for each in told[:_MOST_WORDS])
        return (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(picture.path, quote=True)}">{self._image(picture, width, height)}'
            f"{marks}</svg><figcaption>{escape(picture.said)}"
            f'<span class="path">{escape(picture.path)}</span></figcaption></figure>'
        )

    def _image(self, picture: Picture, width: int, height: int) -> str:
        known = self._known.get(picture.image)
        if known:
            return f'<use href="#{known}"/>'
        raw = self._read(picture.image)
        if not raw:
            return (
                f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" '
                f'font-size="{width / 16:.1f}">cannot be shown</text>'
            )
        name = self._known[picture.image] = f"p{len(self._known)}"
        code = base64.b64encode(raw).decode()
        return (
            f'<image id="{name}" width="{width}" height="{height}" preserveAspectRatio="none" '
            f'href="data:image/jpeg;base64,{code}"/>'
        )


def key(pictures: Sequence[Picture] | None = None) -> str:
    """Which colour is which mark, of boxes or of what these pictures have; nothing without any."""
    colours = _COLOURS
    if pictures is not None and not any(each.boxes for each in pictures):
        colours = _OUTLINES if any(each.outlines for each in pictures) else {}
    rows = [f'<li style="--kind:{colour}">{kind}</li>' for kind, colour in colours.items()]
    if not rows:
        return ""
    return f'<ul class="legend">{"".join(rows)}</ul>'


def _mark(mark: tuple[str, str, tuple[float, ...]], size: float) -> str:
    kind, _, (x1, y1, x2, y2) = mark
    place = (
        f'x="{x1:.1f}" y="{y1:.1f}" width="{max(0, x2 - x1):.1f}" height="{max(0, y2 - y1):.1f}"'
    )
    dashed = f' stroke-dasharray="{size / 2:.1f}"' if kind == "missed" else ""
    return (
        f'<rect class="halo" {place}/>'
        f'<rect class="mark" {place} stroke="{_COLOURS[kind]}"{dashed}/>'
    )


def _outline(outline: Outline, size: float) -> str:
    kind, label, ring = outline
    points = " ".join(f"{value:g}" for value in ring)
    dashed = f' stroke-dasharray="{size / 2:.1f}"' if kind == "answered" else ""
    return (
        f'<polygon class="halo" points="{points}"/><polygon class="mark" points="{points}" '
        f'stroke="{_OUTLINES[kind]}"{dashed}><title>{escape(kind)}: {escape(label)}</title></polygon>'
    )


def _words(mark: tuple[str, str, tuple[float, ...]], size: float, width: int) -> str:
    _, words, (x1, y1, _, _) = mark
    x = max(0.0, min(x1, width - 0.6 * size * len(words)))
    y = y1 - size / 4 if y1 > 1.3 * size else y1 + size
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" stroke-width="{size / 6:.1f}">'
        f"{escape(words)}</text>"
    )
