"""DICOM files through pydicom, written: Secondary Capture (PS3.3 A.8.1), without a patient."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_COLOUR = 3


class DicomWriter:
    """The plug-in `dicom` of `visloop.media_out`."""

    def capture(self, pixels: NDArray[Any], number: int, series: str) -> bytes:
        """A file with these pixels, uint8 or uint16 (H, W) or uint8 (H, W, 3)."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[series, str(number)])
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        bits = 8 * pixels.dtype.itemsize
        colour = pixels.ndim == _COLOUR
        stated: dict[str, Any] = dict.fromkeys(_EMPTY, "") | {
            "SOPClassUID": meta.MediaStorageSOPClassUID,
            "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "StudyInstanceUID": generate_uid(entropy_srcs=[series, "study"]),
            "SeriesInstanceUID": generate_uid(entropy_srcs=[series, "series"]),
            "SeriesNumber": 1,
            "InstanceNumber": number,
            "Modality": "OT",
            "ConversionType": "WSD",
            "Rows": pixels.shape[0],
            "Columns": pixels.shape[1],
            "SamplesPerPixel": _COLOUR if colour else 1,
            "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
            "BitsAllocated": bits,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": 0,
        }
        if colour:
            stated["PlanarConfiguration"] = 0
        else:  # every value as it is: PS3.3 C.11.2.1.2.1
            stated |= {"WindowCenter": 2 ** (bits - 1), "WindowWidth": 2**bits}
        for keyword, value in stated.items():
            setattr(made, keyword, value)
        raw = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<")).tobytes()
        made.add_new("PixelData", "OB" if bits == 8 else "OW", raw + b"\0" * (len(raw) % 2))  # noqa: PLR2004
        out = BytesIO()
        made.save_as(out, enforce_file_format=True)
        return out.getvalue()
