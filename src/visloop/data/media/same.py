"""Whether a picture that comes in is a frame that is kept as a reference: frames go out as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from visloop.errors import VisloopError
from visloop.ids import digest_of
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.records import Candidate, Sample
    from visloop.store import Blobs
else:
    np = lazy_vendor("numpy")

_FILM: Final = "video.digest"
"""Metadata key of frames that were taken from a film."""


def same_frame(blobs: Blobs, was: Sample, candidate: Candidate) -> bool:
    """Whether `was` is a frame of a film and `candidate` its pixels, in a file of their own.

    A film that cannot be read any more says no.
    """
    size = (was.width, was.height)
    if _FILM not in was.metadata or size != (candidate.width, candidate.height):
        return False
    try:
        held = blobs.get(was.image)
        if digest_of(held) == candidate.image:
            return True
        if not blobs.has(candidate.image):  # a dry run keeps no bytes
            return False
        return np.array_equal(_pixels(held), _pixels(blobs.get(candidate.image)))
    except (VisloopError, OSError, SyntaxError, ValueError):  # Pillow's words for damaged files
        return False


def _pixels(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"))
