"""Fields of any sample, whatever it came from."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

GENERAL: Final = (
    Field(
        name="captured",
        type="time",
        description="when the light fell in, in UTC: the time that the file tells, less what the"
        " camera's clock was wrong by",
    ),
    Field(name="camera", description="the camera's id in the registry (visloop camera list)"),
    Field(
        name="moment",
        description="pictures of several cameras with the same value were shot at one moment"
        " (visloop camera align)",
    ),
    Field(name="licence", description="under which terms it may be used; best an SPDX id"),
    Field(name="author", description="who made the picture", private=True),
    Field(
        name="converted.from", description="the kind of file that the picture was converted from"
    ),
    Field(name="coco.coco_url", description="where a COCO file says that the picture lies"),
    Field(name="coco.flickr_url", description="where a COCO file says that it came from"),
    Field(name="coco.date_captured", type="json", description="as a COCO file writes it"),
    Field(name="task", description="the task in the label queue that it came from"),
    Field(name="prediction", description="the prediction in production that it came from"),
    Field(name="model", description="the model that made that prediction"),
)
