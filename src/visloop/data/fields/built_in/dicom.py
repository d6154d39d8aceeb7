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
    Field(name="dicom.laterality", description="laterality"),
    Field(name="dicom.view", description="view"),
    Field(name="dicom.patient_position", description="patient position"),
    Field(name="dicom.photometric", description="photometric"),
    Field(name="dicom.intent", description="intent"),
    Field(name="dicom.scanning_sequence", description="scanning sequence"),
    Field(name="dicom.burned_in_annotation", description="burned in annotation"),
    Field(name="dicom.lossy", description="lossy"),
    Field(name="dicom.rescale_unit", description="rescale unit"),
    Field(name="dicom.conversion", description="conversion"),
    Field(name="dicom.study", description="study"),
    Field(name="dicom.series", description="series"),
    Field(name="dicom.frame_of_reference", description="frame of reference"),
    Field(name="dicom.shown", description="shown"),
    Field(name="dicom.slice_thickness_mm", type="number", unit="mm", description="slice thickness"),
    Field(name="dicom.slice_spacing_mm", type="number", unit="mm", description="slice spacing"),
    Field(name="dicom.slice_position_mm", type="number", unit="mm", description="slice position"),
    Field(name="dicom.tube_voltage_kv", type="number", unit="kV", description="tube voltage"),
    Field(name="dicom.tube_current_ma", type="number", unit="mA", description="tube current"),
    Field(name="dicom.exposure_time_ms", type="number", unit="ms", description="exposure time"),
    Field(name="dicom.repetition_time_ms", type="number", unit="ms", description="repetition time"),
    Field(name="dicom.echo_time_ms", type="number", unit="ms", description="echo time"),
    Field(name="dicom.flip_angle_deg", type="number", unit="deg", description="flip angle"),
    Field(name="dicom.magnetic_field_t", type="number", unit="T", description="magnetic field"),
    Field(name="dicom.rescale_slope", type="number", description="rescale slope"),
    Field(name="dicom.rescale_intercept", type="number", description="rescale intercept"),
    Field(name="dicom.instance", type="number", description="instance"),
    Field(name="dicom.series_number", type="number", description="series number"),
    Field(name="dicom.bits_stored", type="number", unit="bit", description="bits stored"),
    Field(name="dicom.frame_time_ms", type="number", unit="ms", description="frame time"),
    Field(name="dicom.frame", type="number", description="frame"),
    Field(name="dicom.frames", type="number", description="frames"),
    Field(name="dicom.window_center", type="number", description="window center"),
    Field(name="dicom.window_width", type="number", description="window width"),
    Field(name="dicom.shown_center", type="number", description="shown center"),
    Field(name="dicom.shown_width", type="number", description="shown width"),
    Field(name="dicom.black", type="number", description="black"),
    Field(name="dicom.white", type="number", description="white"),
    Field(
        name="dicom.pixel_spacing_mm",
        type="json",
        description="between rows, between columns, in mm",
    ),
    Field(
        name="dicom.inverted", type="boolean", description="shown with black and white exchanged"
    ),
)
