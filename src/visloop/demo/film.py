"""The line as a video file or a live stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from visloop.config import load_plugin
from visloop.demo.drift import Drift
from visloop.demo.line import Frame, Line
from visloop.events import Clock
from visloop.progress import Progress, Silent


class VideoWriter(Protocol):
    """What writes a video file: the entry point `writer` of group `visloop.video` names its class."""

    def __init__(self, path: Path, size_px: tuple[int, int], rate_hz: float) -> None:
        """Begin a file of the given width, height and nominal rate."""
        ...

    def add(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Append a picture, uint8 (H, W, 3) rgb, shown from `time_s` on; times must rise."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def video_writer() -> type[VideoWriter]:
    """The installed video writer.

    Raises:
        MissingExtra: the library that it needs is not installed.
    """
    return load_plugin("video", "writer", extra="video")


def write_video(
    line: Line,
    path: Path,
    count: int,
    *,
    start: int = 0,
    drifts: Iterable[Drift] = (),
    progress: Progress | None = None,
) -> Path:
    """Write pictures `start` … `start + count - 1` as one video, the first at time 0.

    Give a line of mode `moving`, and parts travel through the view.

    Raises:
        MissingExtra: no video writer is installed.
    """
    open_writer = video_writer()
    drifts = tuple(drifts)
    path.parent.mkdir(parents=True, exist_ok=True)
    todo = range(start, start + count)
    with open_writer(path, line.size_px, line.rate_hz) as writer:
        for index in (progress or Silent()).track(todo, doing="film", unit="frame", total=count):
            writer.add(line.frame(index, drifts).image, (index - start) / line.rate_hz)
    return path


def stream(
    line: Line,
    rate_hz: float,
    *,
    clock: Clock,
    start: int = 0,
    drifts: Iterable[Drift] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Pictures as they come off the line, without end, each stamped with the clock's time.

    Picture `start + k` comes `k / rate_hz` seconds after the first. Who is late gets the next ones
    at once until the line is caught up: none is skipped.
    """
    drifts = tuple(drifts)
    began = clock.now()
    index = start
    while True:
        frame = line.frame(index, drifts)
        wait = (index - start) / rate_hz - (clock.now() - began).total_seconds()
        if wait > 0:
            sleep(wait)
        yield replace(frame, time=clock.now().astimezone(line.start.tzinfo))
        index += 1
