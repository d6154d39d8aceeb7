"""Pictures that are not files of their own: frames, pages, and what must be converted first.

A scan offers them as `Found` with a `Part`; `OPENERS` says for each kind of part how its picture is
got. What an opener returns is kept: the bytes of a picture, or a reference (see
`visloop.store.references`) that is followed when somebody asks for the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from visloop.data.media.converted import open_converted
from visloop.data.media.pages import OPENED as OPENED
from visloop.data.media.pages import open_page
from visloop.data.media.records import Opener as Opener
from visloop.data.media.records import Piece as Piece
from visloop.data.media.records import Sink as Sink

OPENERS: Final[Mapping[str, Opener]] = {
    "dicom": open_converted,
    "heif": open_converted,
    "page": open_page,
}
