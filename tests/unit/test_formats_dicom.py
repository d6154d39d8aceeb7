"""Pictures out as DICOM: values unchanged, one series in order, nobody's name."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from visloop.data.formats.dicom.writing import export_dicom
from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe
from visloop.data.records import ClassDictionary, Sample
from visloop.ids import digest_of, sample_id

RNG = np.random.default_rng(5)
PICTURES = {
    "a/grey.png": RNG.integers(0, 255, (7, 5), dtype=np.uint8),
    "b/deep.png": RNG.integers(0, 65535, (6, 4), dtype=np.uint16),
    "c/colour.png": RNG.integers(0, 255, (5, 9, 3), dtype=np.uint8),
    "d/glass.png": RNG.integers(0, 255, (5, 9, 4), dtype=np.uint8),
}


@pytest.fixture
def made() -> tuple[list[Sample], dict[str, bytes]]:
    samples, blobs = [], {}
    for path, pixels in PICTURES.items():
        out = BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        raw = out.getvalue()
        seen = probe(raw, path)
        assert isinstance(seen, Probe)
        blobs[digest_of(raw)] = raw
        said = {"path": path, "image": digest_of(raw), "bytes": len(raw), "media": seen.media}
        size = {"width": seen.width, "height": seen.height, "mode": seen.mode}
        samples.append(Sample(id=sample_id("d", path, path), **said, **size))
    return samples, blobs


def test_values_are_unchanged_and_files_are_one_series(made, tmp_path: Path) -> None:
    samples, blobs = made
    report = export_dicom(samples, ClassDictionary(), blobs.__getitem__, tmp_path / "out")
    assert report.images == 4
    assert {loss.kind: loss.examples for loss in report.losses} == {"alpha": ("d/glass.png",)}
    files = [dcmread(tmp_path / "out" / report.renamed[path]) for path in PICTURES]
    for file, pixels in zip(files, PICTURES.values(), strict=True):
        wanted = pixels[..., :3] if pixels.ndim == 3 else pixels
        assert np.array_equal(file.pixel_array, wanted)
        assert file.SOPClassUID.name == "Secondary Capture Image Storage"
        assert (str(file.PatientName), file.PatientID, file.StudyDate) == ("", "", "")
    assert [file.InstanceNumber for file in files] == [1, 2, 3, 4]
    assert len({file.SeriesInstanceUID for file in files}) == 1
    assert len({file.SOPInstanceUID for file in files}) == 4
    assert files[1].BitsStored == 16
