"""What the values and colours of mask pictures mean: class names by number and by colour.

labelmap.txt        cat:128,0,0::                    CVAT, Pascal VOC
label_colors.txt    64 128 64<tab>Animal             CamVid; also class_dict.csv: name,r,g,b
classes.txt         a name a line, its number from 0; classes.json: {"0": "background", …}
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import colorsys
import json
import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visloop.data.records import ClassEntry

Colour: TypeAlias = tuple[int, int, int]
BACKGROUND: Final = frozenset({"", "background", "_background_", "__background__", "bg"})
VOID: Final = frozenset({"void", "ignore", "ignored", "unlabeled", "unlabelled", "border"})
VOID_NUMBER: Final = 255
WIDE_VOID: Final = 65_535
"""Void in masks of 16 bits, which have more classes than 254."""
_MOST_BYTES: Final = 4 << 20
_LEVELS: Final = 256
_NAMES: Final = ("classes.txt", "class_names.txt", "names.txt")
_MAPS: Final = ("labelmap.txt", "label_colors.txt", "colormap.txt", "class_dict.csv", "classes.csv")
_LINES: Final = (
    re.compile(r"^(?P<name>[^:#][^:]*):(?P<r>\d+),(?P<g>\d+),(?P<b>\d+)(:.*)?$"),
    re.compile(r"^(?P<r>\d+)[ ,\t]+(?P<g>\d+)[ ,\t]+(?P<b>\d+)[ ,\t]+(?P<name>\S.*)$"),
    re.compile(r"^(?P<name>[^,]+),\s*(?P<r>\d+),\s*(?P<g>\d+),\s*(?P<b>\d+)\s*$"),
)


class Palette(NamedTuple):
    """Class names by number and by colour; empty where nothing says them."""

    names: dict[int, str]
    colours: dict[Colour, str]

    @property
    def classes(self) -> dict[int, str]:
        """Number → name, of what is a class and no background or void."""
        named = self.names or dict(enumerate(dict.fromkeys(self.colours.values())))
        return {number: name for number, name in named.items() if is_class(name)}


def is_class(name: str) -> bool:
    """Whether a name is neither background nor void."""
    return name.lower() not in BACKGROUND | VOID


def written_name(entry: ClassEntry) -> str:
    """A class's name as files of classes can hold it: one line, no colon, not that of no class."""
    name = " ".join(entry.name.replace(":", " ").split())
    return name if is_class(name) else f"class {entry.id}"


def palette_of(folder: str) -> Palette:
    """What the files in a folder say."""
    names: dict[int, str] = {}
    colours: dict[Colour, str] = {}
    for file in _NAMES:
        lines = [line.strip() for line in _text(folder, file).split("\n")]
        names = names or dict(enumerate(lines if any(lines) else ()))
    names = names or _json(_text(folder, "classes.json"), colours)
    for file in _MAPS:
        for line in _text(folder, file).splitlines() if not colours else ():
            for form in _LINES:
                if found := form.match(line.strip()):
                    colour = (int(found["r"]), int(found["g"]), int(found["b"]))
                    if max(colour) < _LEVELS:
                        colours.setdefault(colour, found["name"].strip())
                    break
    return Palette(names, colours)


def _text(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="utf-8-sig", errors="replace") as opened:
            return opened.read(_MOST_BYTES).rstrip()
    except (OSError, ValueError):
        return ""


def _json(text: str, colours: dict[Colour, str]) -> dict[int, str]:
    """A list of names, names by number, or colours by name."""
    try:
        said: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if isinstance(said, list):
        return {at: str(name) for at, name in enumerate(cast("list[Any]", said))}
    names: dict[int, str] = {}
    for key, value in cast("dict[str, Any]", said).items() if isinstance(said, dict) else ():
        if isinstance(value, str) and key.isascii() and key.isdigit() and len(key) < 10:  # noqa: PLR2004
            names[int(key)] = value
        elif isinstance(value, list):
            levels = cast("list[Any]", value)
            if len(levels) == 3 and all(type(one) is int and 0 <= one < 256 for one in levels):  # noqa: PLR2004
                colours[cast("Colour", tuple(levels))] = key
    return names


def colours_for(entries: Iterable[ClassEntry]) -> list[Colour]:
    """A colour a class, its own where it has one, all different, none black or white."""
    used: set[Colour] = {(0, 0, 0), (255, 255, 255)}
    found: list[Colour] = []
    for at, entry in enumerate(entries):
        colour = _own(entry.color)
        step = at
        while colour is None or colour in used:
            red, green, blue = colorsys.hsv_to_rgb(
                step * 0.618034 % 1, 0.55 + 0.45 * (step % 7) / 6, 0.95 - step % 5 / 10
            )
            colour = (round(red * 255), round(green * 255), round(blue * 255))
            step += 1
        used.add(colour)
        found.append(colour)
    return found


def _own(stated: str) -> Colour | None:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", stated):
        return None
    return (int(stated[1:3], 16), int(stated[3:5], 16), int(stated[5:], 16))
