"""The sheet as one PNG: a row a changed sample, old on the left, new on the right."""

from __future__ import annotations

import io
from functools import cache
from typing import Final, TypeAlias

from PIL import Image, ImageChops, ImageDraw, ImageFont

from visloop.data.comparing.records import SampleChange
from visloop.data.comparing.sheets.marks import (
    COLOURS,
    Mark,
    Ring,
    corner,
    dots,
    is_area,
    marks,
    outlines,
    told,
)
from visloop.data.records import Sample

SIDE_PX: Final = 480
GAP_PX: Final = 16
HEAD_PX: Final = 78
ABOVE_PX: Final = 26
BELOW_PX: Final = 44
_BACK, _PAPER, _TEXT, _MUTED = "#f4f5f8", "#dfe3ea", "#18202e", "#566072"
_HALO: Final = "#000000"
_DASH_PX: Final = 6.0
_LINE_PX: Final = 3
_TINT: Final = 70
_WIDE: Final = 2 * SIDE_PX + 3 * GAP_PX
Row: TypeAlias = tuple[SampleChange, tuple[bytes, bytes]]


def drawn(title: str, counts: str, names: tuple[str, str], rows: list[Row], more: int) -> bytes:
    """The whole sheet as PNG; `more` is said when samples are left out."""
    strips = [_strip(change, names, pictures) for change, pictures in rows]
    foot = 40 if more else GAP_PX
    sheet = Image.new("RGB", (_WIDE, HEAD_PX + sum(each.height for each in strips) + foot), _BACK)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (GAP_PX, 12), title, 20, _TEXT)
    _write(draw, (GAP_PX, 40), counts, 13, _MUTED)
    _legend(draw, 60)
    y = HEAD_PX
    for each in strips:
        sheet.paste(each, (0, y))
        y += each.height
    if more:
        _write(draw, (GAP_PX, y + 8), f"{more:,} more changed samples are not drawn", 14, _MUTED)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _legend(draw: ImageDraw.ImageDraw, y: int) -> None:
    x = GAP_PX
    for kind, colour in COLOURS.items():
        draw.rectangle((x, y + 2, x + 10, y + 12), fill=colour)
        _write(draw, (x + 16, y), kind or "unchanged", 12, _MUTED)
        x += 110


def _strip(
    change: SampleChange, names: tuple[str, str], pictures: tuple[bytes, bytes]
) -> Image.Image:
    sides = (change.was, change.now)
    shapes = [_size(each) for each in sides if each is not None]
    height = max(h for _, h in shapes)
    strip = Image.new("RGB", (_WIDE, ABOVE_PX + height + BELOW_PX), _BACK)
    draw = ImageDraw.Draw(strip)
    _write(draw, (GAP_PX, 5), change.path, 13, _TEXT)
    for at, (sample, picture, found) in enumerate(zip(sides, pictures, marks(change), strict=True)):
        x = GAP_PX + at * (SIDE_PX + GAP_PX)
        if sample is None:
            draw.rectangle((x, ABOVE_PX, x + SIDE_PX, ABOVE_PX + height), fill=_PAPER)
            _write(draw, (x + 12, ABOVE_PX + 10), f"not in {names[at]}", 13, _MUTED)
        else:
            strip.paste(_side(sample, picture, found), (x, ABOVE_PX))
    said = ",  ".join(f"{kind} {words}" for kind, words in told(change))
    _write(draw, (GAP_PX, ABOVE_PX + height + 6), said, 13, _MUTED)
    return strip


def _size(sample: Sample) -> tuple[int, int]:
    scale = SIDE_PX / max(sample.width, sample.height)
    return max(1, round(sample.width * scale)), max(1, round(sample.height * scale))


def _side(sample: Sample, picture: bytes, found: list[Mark]) -> Image.Image:
    size = _size(sample)
    if picture:
        side = Image.open(io.BytesIO(picture)).convert("RGB").resize(size)
    else:
        side = Image.new("RGB", size, _PAPER)
        _write(ImageDraw.Draw(side), (12, 10), "the picture cannot be shown", 13, _MUTED)
    scale = size[0] / sample.width
    for mark in found:
        _mark(side, mark, scale)
    for mark in found:
        _words(side, mark, scale)
    return side


def _mark(side: Image.Image, mark: Mark, scale: float) -> None:
    rings = [[(x * scale, y * scale) for x, y in ring] for ring in outlines(mark.annotation)]
    colour = COLOURS[mark.kind]
    if rings and is_area(mark.annotation) and not mark.ghost:
        _tint(side, rings, colour)
    draw = ImageDraw.Draw(side)
    for ring in rings:
        if mark.kind and not mark.dashed:
            draw.line([*ring, ring[0]], fill=_HALO, width=_LINE_PX + 2, joint="curve")
        width = _LINE_PX if mark.kind and not mark.ghost else 1
        for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
            _line(draw, start, end, colour, width, dashed=mark.dashed)
    points = [(x * scale, y * scale) for x, y in dots(mark.annotation)]
    for x, y in points:
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour, outline=_HALO)


def _words(side: Image.Image, mark: Mark, scale: float) -> None:
    at = corner(mark.annotation)
    if not mark.words or at is None:
        return
    x, y = (each * scale for each in at)
    x = max(0.0, min(x, side.width - _font(13).getlength(mark.words) - 4))
    place = (x + 2, y - 16 if y > 18 else y + 3)  # noqa: PLR2004 - the height of a line of text
    draw = ImageDraw.Draw(side)
    draw.text(place, mark.words, "#ffffff", _font(13), stroke_width=2, stroke_fill=_HALO)


def _tint(side: Image.Image, rings: list[Ring], colour: str) -> None:
    """Even-odd, so that a hole stays one."""
    inside = Image.new("1", side.size)
    for ring in rings:
        one = Image.new("1", side.size)
        if len(ring) > 1:
            ImageDraw.Draw(one).polygon(ring, fill=1)
        inside = ImageChops.logical_xor(inside, one)
    tint = inside.convert("L").point([0] * 255 + [_TINT])
    side.paste(Image.new("RGB", side.size, colour), mask=tint)


def _line(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    width: int,
    *,
    dashed: bool,
) -> None:
    if not dashed:
        draw.line([start, end], fill=colour, width=width)
        return
    (x1, y1), (x2, y2) = start, end
    number = max(1, round(max(abs(x2 - x1), abs(y2 - y1)) / _DASH_PX))
    for k in range(0, number, 2):
        shares = (k / number, min(k + 1, number) / number)
        part = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share) for share in shares]
        draw.line(part, fill=colour, width=width)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu where the system has it, for the letters of most languages; else Pillow's own, Latin."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, fill: str) -> None:
    """One line, shortened to the sheet's width."""
    font, text = _font(size), " ".join(text.replace("→", "->").split())
    room = _WIDE - GAP_PX - at[0]
    while text and draw.textlength(text, font) > room:
        text = text[: -max(2, len(text) // 20)].rstrip("… ") + "…"
    draw.text(at, text, fill, font)
