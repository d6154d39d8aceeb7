"""A film of the answered frames: each with its answer drawn in, shown until the next one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from visloop import demo
from visloop.demo import VideoWriter
from visloop.serve.errors import TooLarge
from visloop.serve.forms import writing
from visloop.serve.forms.writing import Answered

KIND: Final = b"video/mp4"


class AnsweredFilm:
    """An MP4 in the making; what it has written goes at the end of the `with` block.

    Args:
        rate_hz: frames a second, about.
        most_bytes: of the whole film.

    Raises:
        MissingExtra: the library for films is not installed.
    """

    def __init__(self, rate_hz: float, most_bytes: int) -> None:
        self._open = demo.video_writer()
        self._rate_hz = rate_hz
        self._most_bytes = most_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="visloop-")
        self._file = Path(self._folder.name) / "answered.mp4"
        self._writer: VideoWriter | None = None
        self._began_s = 0.0

    def add(self, rgb: NDArray[np.uint8], time_s: float, one: Answered) -> None:
        """The next frame, uint8 (H, W, 3), and its answer; sides that are odd lose a line of pixels.

        Raises:
            TooLarge: the film has become larger than it may be.
        """
        sheet = writing.sheet(rgb, one)
        high, wide = (side // 2 * 2 for side in rgb.shape[:2])
        if self._writer is None:
            self._writer = self._open(self._file, (wide, high), self._rate_hz)
            self._began_s = time_s
        self._writer.add(sheet[:high, :wide], time_s - self._began_s)
        self._check()

    def written(self) -> bytes:
        """The whole film; nothing can be added any more.

        Raises:
            TooLarge: it is larger than it may be.
        """
        if self._writer is not None:
            self._writer.close()
        self._check()
        return self._file.read_bytes()

    def _check(self) -> None:
        # the library makes the file when it has something to write
        if self._file.exists() and self._file.stat().st_size > self._most_bytes:
            raise TooLarge(
                f"the film with the answers has more than {self._most_bytes} bytes",
                fix="ask for fewer frames: ?every=2s; or raise serve.body_limit_mb",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
        finally:
            self._folder.cleanup()
