"""Parts of pictures for people: a picture is decoded once for those that are looked at together."""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from visloop import infer
from visloop.app.media import drawing, image_bytes, upright_pixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visloop.app.ports import Ports

_KEPT_BYTES: Final = 96 << 20
_AT_ONCE: Final = 4
_EIGHTHS: Final = 8


class Cutouts:
    """Draws parts of pictures; keeps what it decoded last, 96 MB at most, and decodes four at once.

    A grid of objects asks for dozens of parts of one large picture at once. Nothing is kept on disk:
    there are more parts of pictures than pictures.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._kept: OrderedDict[tuple[str, int], NDArray[np.uint8]] = OrderedDict()
        self._lock = Lock()
        self._turns = tuple(Lock() for _ in range(_AT_ONCE))

    def draw(self, digest: str, part_xyxy: tuple[int, int, int, int], px: int) -> bytes:
        """A JPEG of what lies between two corners of the upright picture.

        Args:
            digest: of the picture's bytes.
            part_xyxy: corners in the upright picture's pixels; what lies outside it is left out.
            px: of the longer side, at most; a smaller part stays as large as it is.

        Raises:
            BlobNotFound, NotAPicture: as `image_bytes`.
            UsageError: nothing of the picture lies there.
        """
        raw, _ = image_bytes(self._ports, digest)
        with drawing(digest):
            size_wh = infer.jpeg_size(raw)
            if size_wh is None:
                pixels = self._decoded(digest, raw, _EIGHTHS)
                size_wh = (pixels.shape[1], pixels.shape[0])
                return infer.drawn_part(pixels, size_wh, infer.part_inside(part_xyxy, size_wh), px)
            part = infer.part_inside(part_xyxy, size_wh)
            x1, y1, x2, y2 = part
            eighths = math.ceil(_EIGHTHS * min(1.0, px / max(x2 - x1, y2 - y1)))
            return infer.drawn_part(self._decoded(digest, raw, eighths), size_wh, part, px)

    def _decoded(self, digest: str, raw: bytes, eighths: int) -> NDArray[np.uint8]:
        """The upright picture; many ask for the same one at a time, and one of them decodes it."""
        with self._turns[int(digest[:8], 16) % _AT_ONCE]:
            with self._lock:
                pixels = self._kept.get((digest, eighths))
            if pixels is None:
                pixels = infer.jpeg_upright(raw, eighths / _EIGHTHS)
            if pixels is None:
                pixels = upright_pixels(raw)
            self._keep(digest, eighths, pixels)
            return pixels

    def _keep(self, digest: str, eighths: int, pixels: NDArray[np.uint8]) -> None:
        if pixels.nbytes > _KEPT_BYTES:
            return
        with self._lock:
            self._kept[digest, eighths] = pixels
            self._kept.move_to_end((digest, eighths))
            while sum(each.nbytes for each in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
