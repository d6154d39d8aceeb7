"""Writing films through PyAV (FFmpeg): the entry point `writer` of group `visloop.video`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from visloop.errors import Refused

_TICKS_PER_S: Final = (
    90_000  # MPEG's own clock: 24, 25, 30 and 60 pictures a second fall on whole ticks
)
_ENCODERS: Final = ("libx264", "mpeg4")


class PyAvWriter:
    """Writes H.264 (MPEG-4 part 2 where the build of FFmpeg has no x264) with exact frame times.

    Args:
        path: the file; its ending chooses the container (`.mp4`, `.mkv`, `.mov`).
        size_px: width and height, both even.
        rate_hz: the nominal rate.
    """

    def __init__(self, path: Path, size_px: tuple[int, int], rate_hz: float) -> None:
        encoder = next(name for name in _ENCODERS if name in av.codecs_available)
        mp4_like = path.suffix.lower() in {".mp4", ".mov", ".m4v"}
        clock = {"video_track_timescale": str(_TICKS_PER_S)} if mp4_like else {}
        self._container = av.open(str(path), "w", options=clock)
        rate = Fraction(rate_hz).limit_denominator(1001)
        exact = {"crf": "18", "preset": "veryfast", "bf": "0"}
        options = exact if encoder == "libx264" else {"qscale": "3"}
        stream = cast("VideoStream", self._container.add_stream(encoder, rate, options))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, _TICKS_PER_S)
        stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        stream.codec_context.thread_count = 1  # the same bytes every time
        self._stream = stream
        self._last = -1

    def add(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Append a picture, uint8 (H, W, 3) rgb, shown from `time_s` on.

        Raises:
            Refused: the time is not later than the last one's.
        """
        ticks = round(time_s * _TICKS_PER_S)
        if ticks <= self._last:
            raise Refused(
                f"a frame at {time_s} s does not come after the one before it",
                fix="give frames in the order of their times",
            )
        self._last = ticks
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts = ticks
        frame.time_base = Fraction(1, _TICKS_PER_S)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file; a second call does nothing."""
        if self._last >= 0:
            self._container.mux(self._stream.encode(None))
            self._last = -1
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
