"""How the picture of each kind of part is got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from visloop.data.media.converted import open_converted
from visloop.data.media.pages import open_page
from visloop.data.media.records import Opener

OPENERS: Final[Mapping[str, Opener]] = {
    "dicom": open_converted,
    "heif": open_converted,
    "page": open_page,
}
