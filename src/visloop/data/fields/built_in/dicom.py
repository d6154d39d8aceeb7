"""Fields of pictures that were taken from DICOM files (DICOM PS3.6)."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

DICOM: Final = (
    Field(name="dicom.modality", description="kind of device: CT, MR, US, …"),
    Field(name="dicom.body_part", description="examined part of the body"),
    Field(
        name="dicom.taken",
        type="time",
        description="when the picture was acquired, by the device's clock",
    ),
)
