"""Reading films through PyAV (FFmpeg): the entry point `reader` of group `visloop.video`."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import BinaryIO, Final

import av
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from visloop import data
from visloop.adapters.video.stills import PyAvStill

_CONTAINERS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv,asf,ogg,mxf,ivf"
    ",m4v,h264,hevc"
)
"""What may be opened: no playlist, no list of files, nothing that names other files or addresses."""
_THUMBNAIL_PX: Final = (64, 36)
_AT_MOST_BOXES: Final = 10_000
_AT_ONCE_S: Final = Fraction(1, 4)
_FORWARD_S: Final = 2
_AT_MOST_PACKETS: Final = 3_000_000  # a day at 30 pictures a second
_BACK_S: Final = (0, 1, 4, 16)


class PyAvReader:
    """A film: its properties, the times of its frames without decoding, and single frames.

    Not safe to share between threads. Frames are told by their presentation time stamp (pts).
    Decoding is bit-exact, by one thread; a frame whose data are damaged is never given out.

    Args:
        stream: the bytes, seekable.
        max_pixels: the most that a frame may have.

    Raises:
        BrokenFile: it is no film, holds no pictures, or too large ones.
    """

    def __init__(self, stream: BinaryIO, *, max_pixels: int = data.MAX_FRAME_PIXELS) -> None:
        self._container, self._stream = _opened(stream)
        found = self._stream
        if found.width * found.height > max_pixels:
            self.close()
            raise data.BrokenFile(
                "too_many_pixels",
                f"its frames have {found.width} × {found.height} pixels; at most {max_pixels:,} are read",
            )
        context = found.codec_context
        context.thread_count = 1  # the same pictures every time, and nothing that a fork breaks
        context.options = {"err_detect": "explode", "max_pixels": str(max_pixels)}
        context.flags |= Flags.bitexact
        self._time_base = found.time_base or Fraction(1, 1000)
        self.info = self._described()
        self._keys: array[int] = array("q")
        self._begun = False
        self._restart()

    def marks(self) -> data.Marks:
        """The pts of every frame in the order of time, and which are key frames; nothing is decoded.

        Frames that an edit list leaves out are not among them.

        Raises:
            BrokenFile: the file says no times, or holds no frame.
        """
        times, keys, timeless, packets = set[int](), set[int](), 0, 0
        for packet in self._packets(from_start=True):
            packets += 1
            if packet.pts is None:
                timeless += 1
            elif not packet.is_discard:
                times.add(packet.pts)
                if packet.is_keyframe:
                    keys.add(packet.pts)
            if len(times) > _AT_MOST_PACKETS:
                raise data.BrokenFile("too_many_frames", f"it has over {_AT_MOST_PACKETS:,} frames")
        self._restart()
        if timeless and not times:
            raise data.BrokenFile(
                "no_times", "it is a bare stream that says no times of its frames"
            )
        if not times:
            raise data.BrokenFile("no_frames", "it holds not a single frame")
        self._keys = array("q", sorted(keys))
        return data.Marks(array("q", sorted(times)), frozenset(keys), packets)

    def still(self, pts: int, *, from_start: bool = False) -> PyAvStill:
        """The frame of that time; reading frames in order decodes each once.

        Raises:
            BrokenFile: its data are damaged, or it is not there.
        """
        held = self._held
        if held is not None and held.pts == pts and not from_start:
            return PyAvStill(held)
        if not from_start and self._near(pts) and (frame := self._forward(pts)) is not None:
            return PyAvStill(frame)
        tries = () if from_start else _BACK_S
        for back_s in tries:
            if self._seek(pts - int(back_s / self._time_base)) and (frame := self._forward(pts)):
                return PyAvStill(frame)
        self._rewind()
        frame = self._forward(pts)
        if frame is None:
            raise data.BrokenFile(
                "decode_error", f"the frame at {self._said(pts)} cannot be decoded"
            )
        return PyAvStill(frame)

    def thumbnails(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(pts, uint8 (36, 64) luma) of every frame, in order; between two, `still` may be asked."""
        self._rewind()
        while (frame := next(self._frames, None)) is not None:
            if frame.pts is None or frame.pts in self._damaged:
                continue
            self._held = frame
            width, height = _THUMBNAIL_PX
            small = frame.reformat(width, height, "gray8", interpolation=Interpolation.AREA)
            yield frame.pts, np.asarray(small.to_ndarray(), np.uint8)

    def close(self) -> None:
        """Let go of the file's decoder; the stream itself stays open."""
        self._container.close()

    def _described(self) -> data.VideoInfo:
        stream, container = self._stream, self._container
        rate = stream.average_rate or stream.guessed_rate
        duration_s = None
        if stream.duration:
            duration_s = float(stream.duration * self._time_base)
        elif container.duration:
            duration_s = container.duration / av.time_base
        aspect = stream.sample_aspect_ratio
        return data.VideoInfo(
            codec=stream.codec_context.name,
            time_base=self._time_base,
            fps=float(rate) if rate else None,
            duration_s=duration_s,
            frames=stream.frames if "mp4" in container.format.name else 0,
            pixel_aspect=str(aspect) if aspect and aspect != 1 else "",
            created=container.metadata.get("creation_time", ""),
        )

    def _packets(self, *, from_start: bool = False) -> Iterator[Packet[VideoStream]]:
        """What is left of the stream; a file that was cut off ends where it was cut."""
        if from_start and self._begun:
            self._to_start()
        self._begun = True
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield packet
        except FFmpegError:
            return

    def _decoded(self) -> Generator[VideoFrame]:
        """Frames in order; after damage, those up to the next key frame are noted as damaged.

        Nothing depends on frames that come after a key frame and are shown before it.
        """
        broken, key = False, 0
        for packet in self._packets():
            pts = packet.pts or 0
            if packet.is_keyframe:
                broken, key = False, pts
            if broken:
                self._damaged.add(pts)
            try:
                yield from packet.decode()
            except FFmpegError:
                self._damaged.add(pts)
                broken = broken or pts >= key
        try:
            yield from self._stream.decode(None)
        except FFmpegError:
            return

    def _forward(self, pts: int) -> VideoFrame | None:
        """The next frame of that time, if it is whole; None when it did not come."""
        while (frame := next(self._frames, None)) is not None:
            if frame.pts is None:
                continue
            self._held = frame
            if frame.pts == pts:
                if frame.is_corrupt or pts in self._damaged:
                    raise data.BrokenFile(
                        "decode_error", f"its data at {self._said(pts)} are damaged"
                    )
                return frame
            if frame.pts > pts:
                return None
        self._held = None
        return None

    def _near(self, pts: int) -> bool:
        """Whether decoding on is the shortest way."""
        at = self._held.pts if self._held is not None else None
        if at is None or at >= pts:
            return False
        ahead_s = (pts - at) * self._time_base
        if self._keys and ahead_s > _AT_ONCE_S:
            return bisect_right(self._keys, at) == bisect_right(self._keys, pts)
        return ahead_s <= _FORWARD_S

    def _seek(self, pts: int) -> bool:
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except FFmpegError:
            return False
        self._restart()
        return True

    def _rewind(self) -> None:
        self._to_start()
        self._restart()

    def _to_start(self) -> None:
        start = self._stream.start_time or 0
        back = int(max(1, 60 / self._time_base))
        try:
            self._container.seek(start - back, stream=self._stream, backward=True)
        except FFmpegError:
            with suppress(FFmpegError):  # a bare stream cannot be wound back
                self._container.seek(0)

    def _restart(self) -> None:
        self._held: VideoFrame | None = None
        self._damaged: set[int] = set()
        self._frames = self._decoded()

    def _said(self, pts: int) -> str:
        return f"{float(pts * self._time_base):.3f} s"


def _opened(stream: BinaryIO) -> tuple[InputContainer, VideoStream]:
    try:
        container = av.open(
            stream,
            "r",
            metadata_errors="replace",
            container_options={"format_whitelist": _CONTAINERS},
        )
    except (FFmpegError, ValueError) as error:
        if _lacks_index(stream):
            reason = "its index (moov) is missing: the recording or the copy was not finished"
            raise data.BrokenFile("truncated", reason) from error
        raise data.BrokenFile(
            "not_a_video", "its bytes are those of no film that is read"
        ) from error
    for found in container.streams.video:
        if not found.disposition & Disposition.attached_pic:
            return container, found
    kinds = {each.type for each in container.streams}
    container.close()
    if "audio" in kinds:
        raise data.BrokenFile("no_video", "it holds sound and no pictures")
    raise data.BrokenFile("no_video", "it holds no pictures")


def _lacks_index(stream: BinaryIO) -> bool:
    """Whether it begins as MP4 or QuickTime and holds no box `moov`: ISO/IEC 14496-12, section 4.2."""
    at, begins = 0, False
    for _ in range(_AT_MOST_BOXES):
        stream.seek(at)
        head = stream.read(16)
        size, kind = int.from_bytes(head[:4]), head[4:8]
        begins = begins or (at == 0 and kind in {b"ftyp", b"mdat", b"wide"})
        if not begins or kind == b"moov":
            return False
        if size == 1:
            size = int.from_bytes(head[8:16])
        if len(head) < 8 or size < 8:  # noqa: PLR2004 - the size of a box's own head
            break
        at += size
    return begins
