"""Text blocks beside a picture (XMP, IPTC, comments): do they speak of a place?"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(
    rb"gps|latitude|longitude|location|geotag|geocod|city|country|province|whereabout",
    re.IGNORECASE,
)
_IPTC_PLACE: Final = re.compile(rb"\x1c\x02[\x1a\x1b\x5a\x5c\x5f\x64\x65\x67]")
"""IPTC IIM 2:26 … 2:103: content location, city, sublocation, state, country, transmission reference."""
_PACKET: Final = re.compile(rb"<(?P<tag>x:xmpmeta|rdf:RDF)[\s>].*?</(?P=tag)>", re.DOTALL)


def speaks_of_place(text: bytes) -> bool:
    """Whether a block names a position or a place, in one byte a letter or two."""
    return bool(_WORDS.search(text) or _WORDS.search(text.replace(b"\0", b"")))


def iptc_tells_place(block: bytes) -> bool:
    """Whether a Photoshop block holds IPTC fields of places."""
    return bool(_IPTC_PLACE.search(block)) or speaks_of_place(block)


def without_packets(data: bytes) -> bytes:
    """XMP packets that speak of a place overwritten with spaces, in as many bytes."""

    def blank(packet: re.Match[bytes]) -> bytes:
        whole = packet[0]
        return b" " * len(whole) if speaks_of_place(whole) else whole

    return _PACKET.sub(blank, data)
