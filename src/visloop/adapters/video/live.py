"""Live streams through PyAV (FFmpeg): the entry point `live` of group `visloop.video`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
from av.error import FFmpegError

from visloop.adapters.video.stills import PyAvStill
from visloop.errors import Unavailable

_PROTOCOLS: Final = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,srtp,udp,tcp,tls,crypto",
    "http": "http,tcp",
    "https": "https,tls,tcp,crypto",
    "tcp": "tcp",
    "udp": "udp",
    "": "file",
}
_FORMATS: Final = (
    "rtsp,sdp,mpegts,mpjpeg,mjpeg,mpeg,h264,hevc,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi"
    ",video4linux2,v4l2,asf,ogg,ivf"
)


class PyAvLive:
    """A stream that is open. Frames come as they are sent; those that are damaged are left out.

    Args:
        address: a URL of an allowed scheme, or a device (`/dev/video0`).
        scheme: of the URL, in lower case; empty for a device or a file.
        timeout_s: how long to wait for the connection, and for each piece of data.

    Raises:
        Unavailable: nothing answers, or what answers is no stream of pictures.
    """

    def __init__(self, address: str, scheme: str, timeout_s: float) -> None:
        options = {"protocol_whitelist": _PROTOCOLS[scheme], "format_whitelist": _FORMATS}
        if scheme.startswith("rtsp"):
            options["rtsp_transport"] = "tcp"
        device = "v4l2" if address.startswith("/dev/video") else None
        try:
            self._container = av.open(
                address,
                "r",
                format=device,
                metadata_errors="replace",
                container_options=options,
                timeout=(timeout_s, timeout_s),
            )
            self._stream = self._container.streams.video[0]
        except (FFmpegError, OSError, ValueError, IndexError) as error:
            raise Unavailable(f"no stream of pictures answers ({type(error).__name__})") from error
        self._stream.codec_context.thread_count = 1

    def frames(self) -> Iterator[tuple[PyAvStill, float | None]]:
        """(frame, seconds on the stream's own clock) until the stream ends.

        Raises:
            Unavailable: it broke off.
        """
        base = self._stream.time_base or Fraction(1, 1000)
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except FFmpegError:  # damaged on the way: the next key frame mends it
                    continue
                for frame in frames:
                    if not frame.is_corrupt:
                        pts = frame.pts
                        yield PyAvStill(frame), None if pts is None else float(pts * base)
        except FFmpegError as error:
            raise Unavailable(f"the stream broke off ({type(error).__name__})") from error

    def close(self) -> None:
        """Hang up."""
        self._container.close()
