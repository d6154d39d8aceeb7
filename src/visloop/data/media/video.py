"""The port of films: what reads them is an entry point, `reader` of the group `visloop.video`."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Protocol

from visloop.config import load_plugin
from visloop.errors import VisloopError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FRAME_PIXELS: Final = 100_000_000
EXTRA: Final = "video"


@dataclass(frozen=True)
class VideoInfo:
    """A film's properties, as its container states them.

    `fps` is the mean rate, `frames` how many the container declares (0: it does not say),
    `pixel_aspect` width:height of a pixel that is not square ("" if it is), `created` its creation
    time as it stands there.
    """

    codec: str
    time_base: Fraction
    fps: float | None
    duration_s: float | None
    frames: int
    pixel_aspect: str
    created: str


class Marks(NamedTuple):
    """The pts of a film's frames in the order of time, and which of them are key frames.

    `packets` counts all frames that are there, those too that an edit list leaves out.
    """

    times: array[int]
    keys: frozenset[int]
    packets: int


class Still(Protocol):
    """One decoded frame."""

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """uint8 (H, W, 3), upright."""
        ...

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height, upright."""
        ...

    @property
    def pixels(self) -> str:
        """Digest of the upright pixels."""
        ...

    def png(self) -> bytes:
        """Without loss."""
        ...

    def jpeg(self, quality: int) -> bytes:
        """With loss; `quality` 1 … 100."""
        ...


class VideoReader(Protocol):
    """A film that is open; not safe to share between threads."""

    info: VideoInfo

    def marks(self) -> Marks:
        """The times of all frames, without decoding.

        Raises:
            BrokenFile: it says no times, or holds no frame.
        """
        ...

    def still(self, pts: int, *, from_start: bool = False) -> Still:
        """The frame of that time; in order, each frame is decoded once.

        Args:
            pts: its presentation time stamp.
            from_start: decode everything before it too, whatever the index of the file says.

        Raises:
            BrokenFile: its data are damaged, or it is not there.
        """
        ...

    def thumbnails(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(pts, uint8 (36, 64) luma) of every frame; meanwhile `still` may be asked for that one."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_video(stream: BinaryIO, *, max_pixels: int = MAX_FRAME_PIXELS) -> VideoReader:
    """Open a film from its bytes.

    Raises:
        MissingExtra: no reader is installed.
        BrokenFile: it is no film, or its frames have more than `max_pixels`.
    """
    return video_reader()(stream, max_pixels=max_pixels)


def frames_due(times: array[int], base: Fraction, every_s: float) -> Iterator[int]:
    """The first frame's pts, and of each that is `every_s` seconds or more after the last one taken."""
    step, last = Fraction(str(every_s)), None
    for pts in times:
        if last is None or (pts - last) * base >= step:
            last = pts
            yield pts


def video_reader() -> type[_Opens]:
    """The installed reader.

    Raises:
        MissingExtra: the library that it needs is not installed.
    """
    return load_plugin("video", "reader", extra=EXTRA)


class _Opens(VideoReader, Protocol):
    def __init__(self, stream: BinaryIO, *, max_pixels: int = MAX_FRAME_PIXELS) -> None: ...


class OtherPixels(VisloopError):
    """A film is decoded into other pixels than when its frame was added."""

    code, http_status = "data.other_pixels", 409
