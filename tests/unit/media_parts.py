"""DICOM files made for tests, and a workspace to add them to."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from visloop import data
from visloop.data.snapshot import open_ref
from visloop.events import Scope
from visloop.ids import Ref

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from visloop.app.ports import Ports

PATIENT = "Secret^Person"


def dicom(pixels: NDArray[Any], *, keep: bool = False, **tags: Any) -> bytes:
    """A file of these stored values: (H, W), (frames, H, W) or (H, W, 3); `tags` by keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("made", {}, file_meta=meta, preamble=bytes(128))
    colour = pixels.shape[-1] == 3 and pixels.ndim >= 3
    height, width = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    bits = pixels.dtype.itemsize * 8
    stated: dict[str, Any] = {
        "PatientName": PATIENT,
        "PatientID": "4711-SECRET",
        "PatientBirthDate": "19700101",
        "StudyDate": "20240131",
        "InstitutionName": "Secret Clinic",
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": "1.2.3.4",
        "SeriesInstanceUID": "1.2.3.4.5",
        "Modality": "CT",
        "Rows": height,
        "Columns": width,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.tobytes() + b"\0" * (pixels.nbytes % 2),
    }
    if colour:
        stated["PlanarConfiguration"] = 0
    if pixels.ndim == 3 + colour:
        stated["NumberOfFrames"] = pixels.shape[0]
    for keyword, value in (stated | tags).items():
        if value is not None:
            setattr(made, keyword, value)
    made.add_new(0x00091001, "LO", "Secret private")
    out = BytesIO()
    made.save_as(out, enforce_file_format=not keep)
    return out.getvalue()


def table(descriptor: list[int], values: bytes, **more: Any) -> Dataset:
    """An item of a sequence of look-up tables."""
    item = Dataset()
    item.LUTDescriptor = descriptor
    item.LUTData = values
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def added(ports: Ports, folder: Path, **options: Any) -> data.Added:
    """Add a folder to the data set `ct`."""
    wanted = data.AddOptions(format="images", **options)
    return data.add(ports.data, Scope(), "ct", [folder], wanted)


def samples(ports: Ports) -> dict[str, data.Sample]:
    """The working state of `ct`, by path."""
    return {each.path: each for each in open_ref(ports.data, Ref.parse("ct@work")).samples()}


def pixels_of(ports: Ports, sample: data.Sample) -> NDArray[Any]:
    """The stored picture as an array."""
    return np.asarray(Image.open(BytesIO(ports.blobs.get(sample.image))))
