"""What of a DICOM file's header may come in: a list of what is allowed, nothing else is looked at.

In the spirit of DICOM PS3.15 annex E (Basic Application Level Confidentiality Profile): no names,
numbers, dates, places, free text or private elements. UIDs come in as digests of themselves.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from visloop.ids import digest_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_ ]{0,15}")
"""A value of VR CS: a defined term, never free text (PS3.5 6.2)."""
_CODES: Final = {
    "Modality": "dicom.modality",
    "BodyPartExamined": "dicom.body_part",
    "ImageLaterality": "dicom.laterality",
    "ViewPosition": "dicom.view",
    "PatientPosition": "dicom.patient_position",
    "PhotometricInterpretation": "dicom.photometric",
    "PresentationIntentType": "dicom.intent",
    "ScanningSequence": "dicom.scanning_sequence",
    "BurnedInAnnotation": "dicom.burned_in_annotation",
    "LossyImageCompression": "dicom.lossy",
    "RescaleType": "dicom.rescale_unit",
    "ConversionType": "dicom.conversion",
}
_NUMBERS: Final = {
    "SliceThickness": "dicom.slice_thickness_mm",
    "SpacingBetweenSlices": "dicom.slice_spacing_mm",
    "KVP": "dicom.tube_voltage_kv",
    "XRayTubeCurrent": "dicom.tube_current_ma",
    "ExposureTime": "dicom.exposure_time_ms",
    "RepetitionTime": "dicom.repetition_time_ms",
    "EchoTime": "dicom.echo_time_ms",
    "FlipAngle": "dicom.flip_angle_deg",
    "MagneticFieldStrength": "dicom.magnetic_field_t",
    "RescaleSlope": "dicom.rescale_slope",
    "RescaleIntercept": "dicom.rescale_intercept",
    "InstanceNumber": "dicom.instance",
    "SeriesNumber": "dicom.series_number",
    "BitsStored": "dicom.bits_stored",
    "FrameTime": "dicom.frame_time_ms",
}
_SPACINGS: Final = ("PixelSpacing", "ImagerPixelSpacing")
_UIDS: Final = {
    "StudyInstanceUID": "dicom.study",
    "SeriesInstanceUID": "dicom.series",
    "FrameOfReferenceUID": "dicom.frame_of_reference",
}


def allowed(dataset: Dataset) -> dict[str, Any]:
    """The metadata that comes in: plain values, units in the key, UIDs as digests."""
    found: dict[str, Any] = {}
    for keyword, key in _CODES.items():
        if _CODE.fullmatch(text := str(first(dataset.get(keyword)) or "").strip()):
            found[key] = text
    for keyword, key in _NUMBERS.items():
        if (number := number_of(dataset.get(keyword))) is not None:
            found[key] = int(number) if number.is_integer() else number
    for keyword in _SPACINGS:
        if (spacing := _numbers(dataset.get(keyword), 2)) and "dicom.pixel_spacing_mm" not in found:
            found["dicom.pixel_spacing_mm"] = spacing
    for keyword, key in _UIDS.items():
        if uid := str(dataset.get(keyword) or "").strip():
            found[key] = digest_of("dicom uid", uid)[:16]
    return found | _position(dataset)


def first(value: Any) -> Any:
    """The first of several values, or the only one."""
    if value is None or isinstance(value, str | bytes):
        return value
    try:
        return value[0] if len(value) else None
    except TypeError:
        return value


def number_of(value: Any) -> float | None:
    """A finite number, or None."""
    try:
        number = float(first(value))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _numbers(value: Any, count: int) -> list[float] | None:
    try:
        numbers = [float(each) for each in value]
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _position(dataset: Dataset) -> dict[str, float]:
    """How far along its normal a slice lies (PS3.3 C.7.6.2.1.1), in mm: the order of a series."""
    place = _numbers(dataset.get("ImagePositionPatient"), 3)
    axes = _numbers(dataset.get("ImageOrientationPatient"), 6)
    if place is None or axes is None:
        return {}
    row, column = axes[:3], axes[3:]
    normal = [
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    ]
    along = sum(a * b for a, b in zip(place, normal, strict=True))
    return {"dicom.slice_position_mm": round(along, 4)}
