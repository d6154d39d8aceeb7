"""Fields of frames that were taken from a video."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

VIDEO: Final = (
    Field(name="video.codec", description="how the film is encoded"),
    Field(name="video.fps", type="number", unit="1/s", description="mean frames per second"),
    Field(
        name="video.frame_time_s",
        type="number",
        unit="s",
        description="when the frame is shown: its time stamp times the time base",
    ),
    Field(name="video.frame", type="integer", description="which frame it is, the first is 0"),
    Field(name="video.pts", type="integer", description="the frame's presentation time stamp"),
    Field(name="video.time_base", description="seconds of one tick of the time stamps"),
    Field(name="video.duration_s", type="number", unit="s", description="how long the film is"),
    Field(name="video.digest", description="digest of the film's bytes"),
    Field(name="video.pixel_aspect", description="width:height of a pixel that is no square"),
    Field(name="video.created", type="time", description="when the film's file was begun"),
    Field(name="image.source_video", description="logical path of the film"),
    Field(
        name="capture.time",
        type="time",
        description="when a frame of a live stream came, by this machine's clock",
    ),
    Field(
        name="capture.stream_s",
        type="number",
        unit="s",
        description="the stream's own clock when the frame came",
    ),
    Field(
        name="capture.jpeg_quality",
        type="integer",
        description="quality at which a frame of a live stream was stored",
    ),
    Field(
        name="video.taken",
        type="time",
        description="when the camera's clock says that the frame was filmed",
    ),
)
