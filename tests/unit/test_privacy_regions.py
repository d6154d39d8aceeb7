"""Faces and text are blurred by policy; what the detectors reach is bounded from below here."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.media_parts import added, dicom, pixels_of, samples
from visloop import data
from visloop.app import workspace
from visloop.data.privacy.regions import Region, blurred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

TWO_FACES = ((95, 85, 135, 130), (215, 100, 260, 148))
"""x1, y1, x2, y2 of the inner part of the two faces in COCO's picture 113, by hand."""


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as opened:
        yield opened


@pytest.fixture
def couple(shared_data: Path) -> Path:
    (found,) = (shared_data / "coco").rglob("000000000113.jpg")
    return found


def detail(pixels: Any, box: tuple[int, int, int, int]) -> float:
    x1, y1, x2, y2 = box
    grey = cv2.cvtColor(np.asarray(pixels)[y1:y2, x1:x2], cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


@pytest.mark.shared
@pytest.mark.parametrize("orientation", [1, 6])
def test_faces_are_blurred_in_the_stored_picture(
    ports: Ports, tmp_path: Path, couple: Path, orientation: int
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    upright = Image.open(couple)
    turned = upright.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else upright
    block = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    turned.save(folder / "a.jpg", "JPEG", quality=95, exif=block)
    told = added(ports, folder, privacy={"faces": "blur"})
    assert told.added == 1, told.notes
    (sample,) = samples(ports).values()
    assert (sample.width, sample.height, sample.orientation) == (416, 640, 1)
    found = sample.metadata["privacy.faces"]
    assert len(found) == 2
    seen = pixels_of(ports, sample)
    for face in TWO_FACES:
        assert detail(seen, face) < 0.1 * detail(upright, face)
    corner = (slice(500, 600), slice(20, 120))
    apart = np.abs(seen[corner].astype(int) - np.asarray(upright)[corner])
    assert apart.mean() < 4, "the rest is as it was, up to one more JPEG"
    assert added(ports, folder, privacy={"faces": "blur"}).unchanged == 1


@pytest.mark.shared
def test_text_written_over_pictures_is_found_on_real_ones(shared_data: Path) -> None:
    """A third may be missed: docs/explanation/privacy.md has the figures."""
    files = sorted((shared_data / "clothing" / "test").rglob("*.jpg"))[::9]
    covered: list[bool] = []
    for number, file in enumerate(files):
        bgr = cv2.imread(str(file))
        words = ("DOE JOHN 1970", "CAM 03 12:33:09", "ID 4711-22")[number % 3]
        scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, 14, 1)
        written = bgr.copy()
        at = (4, 20 if number % 2 else bgr.shape[0] - 8)
        cv2.putText(written, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1)
        ink = np.abs(written.astype(int) - bgr).max(-1) > 60
        if ink.sum() < 60:
            continue
        mask = np.zeros(ink.shape, bool)
        for x1, y1, x2, y2 in data.find_text(np.ascontiguousarray(written[..., ::-1])):
            mask[max(y1 - 2, 0) : y2 + 2, max(x1 - 2, 0) : x2 + 2] = True
        covered.append((mask & ink).sum() >= 0.95 * ink.sum())
    assert len(covered) >= 10
    assert np.mean(covered) >= 0.5


def test_text_burnt_into_a_dicom_picture(ports: Ports, tmp_path: Path) -> None:
    values = np.full((200, 400), 900, np.uint16)
    cv2.putText(values, "DOE JOHN 1970", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, 4000, 2)
    folder = tmp_path / "in"
    folder.mkdir()
    raw = dicom(values, BitsStored=12, HighBit=11, BurnedInAnnotation="YES")
    (folder / "a.dcm").write_bytes(raw)
    added(ports, folder, privacy={"text": "blur"})
    (sample,) = samples(ports).values()
    assert sample.mode == "I;16"
    assert len(sample.metadata["privacy.text"]) >= 1
    seen = pixels_of(ports, sample).astype(float)
    before = (values.astype(float) - 900) / 3100 * 65535
    ink = values == 4000
    assert np.abs(np.diff(seen[30:70], axis=1)).max() < 0.2 * np.abs(np.diff(before[30:70])).max()
    assert (seen[ink] > 0.6 * before.max()).mean() < 0.02


def test_what_cannot_be_looked_at_waits(ports: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(np.zeros((9, 9), np.float32)).save(folder / "a.tif")
    told = added(ports, folder, privacy={"faces": "blur"})
    assert told.quarantined == 1
    assert any("cannot be looked at" in note for note in told.notes)


def test_further_frames_that_nobody_looked_at_are_not_kept(ports: Ports, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    added(ports, folder, privacy={"faces": "blur"})
    (sample,) = samples(ports).values()
    assert sample.media == "image/png"
    assert getattr(Image.open(BytesIO(ports.blobs.get(sample.image))), "n_frames", 1) == 1


@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from([np.uint8, np.uint16]), st.booleans()
)
def test_blurring_touches_the_region_and_nothing_else(
    width: int, height: int, kind: Any, colour: bool
) -> None:
    shape = (60, 60, 3) if colour else (60, 60)
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, shape, dtype=kind)
    region = Region(10, 12, 10 + width, 12 + height)
    out = blurred(pixels, [region])
    inside = np.zeros((60, 60), bool)
    inside[12 : 12 + height, 10 : 10 + width] = True
    assert (out[~inside] == pixels[~inside]).all()
    assert out.dtype == pixels.dtype
    if width * height > 30:
        levels = out[inside].reshape(width * height, -1).astype(float).std(axis=0).mean()
        assert levels < pixels[inside].reshape(width * height, -1).astype(float).std(axis=0).mean()
