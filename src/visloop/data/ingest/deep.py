"""A picture decoded to its last pixel: damage that its outer form does not show."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

from visloop.data.ingest.raster import open_picture
from visloop.data.ingest.records import BrokenFile
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import simplejpeg

    from visloop.data.ingest.records import Probe
else:
    simplejpeg = lazy_vendor("simplejpeg")

_HARMLESS: Final = ("extraneous bytes", "JFIF", "Adobe", "progression", "SOS parameters")
"""Warnings of libjpeg that leave every pixel as it was meant."""


def damage_of(data: bytes, seen: Probe) -> str:
    """What is wrong inside the picture, in words; empty where nothing is.

    Bytes of a JPEG that were changed may decode to a wrong picture without any decoder noticing:
    only what breaks its code is seen. PNG carries checksums: there every change is seen.
    """
    if seen.media == "image/jpeg" and seen.mode in {"L", "RGB"}:
        try:
            simplejpeg.decode_jpeg(data, "GRAY", strict=True)
        except ValueError as problem:
            text = str(problem)
            return "" if any(words in text for words in _HARMLESS) else f"damaged inside: {text}"
        return ""
    with warnings.catch_warnings(action="ignore"):
        try:
            open_picture(data, seen.media).load()
        except BrokenFile as problem:
            return problem.reason
        except Exception as problem:  # noqa: BLE001 - Pillow's decoders raise many kinds
            return f"damaged inside: {problem}"
    return ""
