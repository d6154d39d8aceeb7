"""Fields of frames that were taken from a video."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

VIDEO: Final = (
    Field(name="video.codec", description="how the film is encoded"),
    Field(name="video.fps", type="number", unit="1/s", description="mean frames per second"),
    Field(
        name="video.time_s",
        type="number",
        unit="s",
        description="when the frame is shown, from the film's beginning",
    ),
    Field(
        name="video.taken",
        type="time",
        description="when the camera's clock says that the frame was filmed",
    ),
)
