"""Films made for tests, and what PyAV's packets say of any film: the truth about times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

TICKS = Fraction(1, 90_000)


def drawn(index: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """A grey frame whose brightness is its number, with a red square in the upper left corner."""
    width, height = size
    image = np.full((height, width, 3), 20 + 4 * index % 220, np.uint8)
    image[: height // 3, : width // 4] = (230, 30, 30)
    return image


def film(
    path: Path,
    count: int = 20,
    *,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    turned: float | None = None,
    size: tuple[int, int] = (64, 48),
    sound: bool = False,
    ticks: Fraction = TICKS,
) -> Path:
    """A film of `drawn` frames; B-frames and a key frame every 8, unless `options` say otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        how = {"bf": "2", "g": "8", "crf": "10"} if options is None else options
        stream = out.add_stream(codec, 25, options=how)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = ticks
        stream.codec_context.thread_count = 1
        if turned is not None:
            stream.set_display_rotation(turned)
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(drawn(index, size), format="rgb24")
            time_s = index / 25 if times_s is None else times_s[index]
            frame.pts, frame.time_base = round(time_s / ticks), ticks
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound:
            _with_sound(out)
    return path


def sound_only(path: Path) -> Path:
    """A file that holds sound and no picture."""
    with av.open(str(path), "w") as out:
        _with_sound(out)
    return path


def _with_sound(out: av.container.OutputContainer) -> None:
    stream = out.add_stream("aac", 48_000, layout="mono")
    for at in range(10):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48_000, at * 1024
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def times_of(path: Path) -> list[float]:
    """Seconds at which frames are shown, in order, from the packets alone."""
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        shown = [p.pts for p in opened.demux(stream) if p.size and not p.is_discard]
        return sorted(float(pts * stream.time_base) for pts in shown)


def key_times_of(path: Path) -> list[float]:
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        keys = [p.pts for p in opened.demux(stream) if p.size and p.is_keyframe]
        return sorted(float(pts * stream.time_base) for pts in keys)


def frames_of(path: Path) -> dict[float, np.ndarray]:
    """Seconds → decoded pixels, as stored."""
    with av.open(str(path)) as opened:
        return {
            float(each.pts * each.time_base): each.to_ndarray(format="rgb24")
            for each in opened.decode(video=0)
        }
