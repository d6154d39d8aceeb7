"""Mask pictures to masks: which pixels are of which class, and of which instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from visloop.data.formats import rle
from visloop.data.formats.bitmaps.palette import BACKGROUND, VOID, VOID_NUMBER, WIDE_VOID
from visloop.data.ingest.media import media_of
from visloop.data.ingest.png import read_png_body, read_png_header
from visloop.data.ingest.probe import MAX_PIXELS
from visloop.data.ingest.raster import check_pixels, open_picture
from visloop.data.ingest.records import BrokenFile
from visloop.lazy import lazy_vendor
from visloop.vision import Mask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.formats.bitmaps.palette import Palette
else:
    np = lazy_vendor("numpy")

_GREY: Final = frozenset({"1", "L", "I", "I;16", "I;16B"})
_MOST_VALUES: Final = 20_000


def pixels(data: bytes, *, colours: bool) -> tuple[NDArray[Any], bool]:
    """A mask picture as numbers (H, W): its values, or its colours as red·65536 + green·256 + blue.

    Palettes are numbers of classes unless `colours` are wanted; the answer says whether they are
    colours.

    Raises:
        BrokenFile: it cannot be decoded, or is larger than pictures may be.
    """
    media = media_of(data[:512])
    if not isinstance(media, str):
        raise BrokenFile("not_an_image", "it is no picture")
    if media == "image/png":  # Pillow takes what was cut off for background
        read_png_header(data)
        read_png_body(data)
    picture = open_picture(data, media)
    check_pixels(picture.width, picture.height, MAX_PIXELS)
    try:
        if picture.mode in _GREY or (picture.mode == "P" and not colours):
            return np.asarray(picture).astype(np.int64), False
        levels = np.asarray(picture.convert("RGB")).astype(np.int64)
    except (OSError, ValueError, SyntaxError, EOFError) as problem:
        raise BrokenFile("decode_error", str(problem)) from problem
    red, green, blue = levels[..., 0], levels[..., 1], levels[..., 2]
    if picture.mode != "P" and (red == green).all() and (red == blue).all() and not colours:
        return red, False
    return red << 16 | green << 8 | blue, True


def by_colour(values: NDArray[Any], palette: Palette) -> tuple[dict[int, str], list[str]]:
    """Value → name, for colours; the colours that nothing names, as #rrggbb."""
    known = {red << 16 | green << 8 | blue: n for (red, green, blue), n in palette.colours.items()}
    unknown = [each for each in _present(values) if each not in known and each]
    return known, [f"#{each:06x}" for each in unknown]


def by_number(values: NDArray[Any], palette: Palette) -> tuple[dict[int, str], list[str]]:
    """Value → name, for numbers; where no file names any, the number itself is the name."""
    present = _present(values)
    void = {VOID_NUMBER: "void", WIDE_VOID: "void"}
    if palette.names:
        unknown = [n for n in present if n not in palette.names and n not in {0, *void}]
        return void | palette.names, list(map(str, unknown))
    if palette.colours:
        return void | dict(enumerate(palette.colours.values())), []
    return {number: str(number) for number in present} | {0: ""} | void, []


def _present(values: NDArray[Any]) -> list[int]:
    found = np.unique(values)
    if found.size > _MOST_VALUES:
        raise BrokenFile("bad_geometry", f"it has {found.size} different values: no mask")
    return [int(each) for each in found]


def masks_of(
    values: NDArray[Any], names: dict[int, str], instances: NDArray[Any] | None = None
) -> list[Mask]:
    """A mask each class, or each instance (of the class of most of its pixels) where they are told.

    Void is a mask without a class that metrics ignore; background is none.
    """
    made: list[Mask] = []
    rest = values
    if instances is not None and instances.shape == values.shape:
        for number in _present(instances):
            inside = instances == number
            found, counts = np.unique(values[inside], return_counts=True)
            name = names.get(int(found[counts.argmax()]), "")
            if number and name.lower() not in BACKGROUND | VOID:
                made.append(_mask(inside, name))
                rest = np.where(inside & (values == found[counts.argmax()]), 0, rest)
    for number in _present(rest):
        name = names.get(number, "")
        if name.lower() in VOID:
            made.append(_mask(rest == number, "", ignore=True))
        elif name.lower() not in BACKGROUND and (number or instances is None):
            made.append(_mask(rest == number, name))
    return made


def one_object(data: bytes, name: str) -> Mask | None:
    """A picture of one object, everything that is not black; None where all is black."""
    values, _ = pixels(data, colours=False)
    return _mask(values != 0, name) if values.any() else None


def _mask(bitmap: NDArray[Any], label: str, *, ignore: bool = False) -> Mask:
    height, width = bitmap.shape
    return Mask(label=label, ignore=ignore, size_hw=(height, width), counts=rle.from_bitmap(bitmap))
