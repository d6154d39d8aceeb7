"""Drawing what differs between two versions, with the pictures that the page shows, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop import data
from visloop.app.media import thumbnail
from visloop.errors import VisloopError

if TYPE_CHECKING:
    from pathlib import Path

    from visloop.app.ports import Ports

_DRAWN_PX: Final = 640


def draw_sheet(ports: Ports, found: data.Diff, file: Path) -> int:
    """Write the sheet of a comparison that holds both sides; how many samples are on it."""

    def picture(sample: data.Sample) -> bytes:
        try:
            return thumbnail(ports, sample.image, _DRAWN_PX)
        except VisloopError:  # gone, or no picture that can be drawn: the sheet says so
            return b""

    return data.sheet(found, picture, file)
