"""The names of all formats, for help texts: to load the formats themselves takes longer than those.

A test holds these to the table of formats.
"""

from __future__ import annotations

from typing import Final

WRITTEN_FORMATS: Final = (
    "coco",
    "voc",
    "yolo",
    "yolo-detect",
    "yolo-segment",
    "yolo-obb",
    "yolo-pose",
    "yolo-classify",
    "yolo-darknet",
    "cvat",
    "cvat-video",
    "mot",
    "datumaro",
    "label-studio",
    "huggingface",
    "csv",
    "masks",
    "dicom",
    "class-folders",
    "images",
)
READ_FORMATS: Final = (*WRITTEN_FORMATS, "folder")
