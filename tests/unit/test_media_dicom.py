"""DICOM on its way in: what is seen, what is kept, what stays out."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom.data
import pytest

from tests.unit.media_parts import added, dicom, pixels_of, samples, table
from visloop import data
from visloop.app import workspace
from visloop.data import GreyWindow, windowed
from visloop.errors import UsageError
from visloop.events import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
BUNDLED = Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as opened:
        yield opened


def put(folder: Path, raw: bytes, name: str = "a.dcm") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw)
    os.utime(folder / name, (1e9, 1e9))
    return folder


def one(ports: Ports, folder: Path, **options: Any) -> tuple[data.Sample, Any]:
    told = added(ports, folder, **options)
    assert told.added == 1, told.notes
    (sample,) = samples(ports).values()
    return sample, pixels_of(ports, sample)


def test_its_own_window_decides_what_is_seen_and_12_bits_become_16(
    ports: Ports, tmp_path: Path
) -> None:
    raw = dicom(
        RAMP, BitsStored=12, HighBit=11, RescaleSlope=1, RescaleIntercept=-1024,
        WindowCenter=[40, 300], WindowWidth=[400, 1500], RescaleType="HU",
    )  # fmt: skip
    sample, seen = one(ports, put(tmp_path / "in", raw))
    assert (sample.media, sample.mode) == ("image/png", "I;16")
    told = sample.metadata
    assert told["dicom.window_center"] == 40
    assert told["dicom.window_width"] == 400
    assert told["dicom.rescale_unit"] == "HU"
    units = RAMP.astype(int) - 1024
    low, high = told["dicom.black"], told["dicom.white"]
    inside = (units > low) & (units < high)
    assert seen[units <= low].max() == 0
    assert seen[units >= high].min() == 65535
    back = np.rint(low + seen / 65535 * (high - low))
    assert (back[inside] == units[inside]).all(), "inside the window every value comes back"


@pytest.mark.parametrize("kind", ["full", "2000,400"])
def test_another_window_may_be_asked_for(ports: Ports, tmp_path: Path, kind: str) -> None:
    raw = dicom(RAMP, BitsStored=12, HighBit=11, WindowCenter=10, WindowWidth=5)
    sample, seen = one(ports, put(tmp_path / "in", raw), window=kind)
    if kind == "full":
        assert len(np.unique(seen)) == 4096
        assert (seen.min(), seen.max()) == (0, 65535)
    else:
        assert sample.metadata["dicom.shown_center"] == 2000
        assert len(np.unique(seen)) == 400


def test_eight_bits_stay_eight_bits_and_the_same(ports: Ports, tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    sample, seen = one(ports, put(tmp_path / "in", dicom(values)))
    assert sample.mode == "L"
    assert (seen == values).all()


def test_monochrome1_is_turned_so_that_black_is_black(ports: Ports, tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    raw = dicom(values, PhotometricInterpretation="MONOCHROME1")
    sample, seen = one(ports, put(tmp_path / "in", raw))
    assert (seen == 255 - values).all()
    assert sample.metadata["dicom.inverted"] is True


def test_signed_values_without_a_window_span_black_to_white(ports: Ports, tmp_path: Path) -> None:
    values = np.linspace(-900, 1200, 64, dtype=np.int16).reshape(8, 8)
    values[0, 0] = -2000  # padding around the picture must not take the contrast
    raw = dicom(values, PixelPaddingValue=-2000)
    sample, seen = one(ports, put(tmp_path / "in", raw))
    assert seen.flat[1] == 0 or sample.metadata["dicom.black"] == values.flat[1]
    assert seen.max() == 65535


def test_tables_of_modality_and_of_interest(ports: Ports, tmp_path: Path) -> None:
    values = np.arange(16, dtype=np.uint16).reshape(4, 4)
    steps = (np.arange(16, dtype="<u2") ** 2 * 250).tobytes()
    raw = dicom(values, VOILUTSequence=[table([16, 0, 16], steps)])
    _, seen = one(ports, put(tmp_path / "in", raw))
    assert np.abs(seen.astype(int) - (values.astype(int) ** 2 * 250)).max() <= 1


def test_colours(ports: Ports, tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    folder = put(tmp_path / "in", dicom(rgb))
    sample, seen = one(ports, folder)
    assert sample.mode == "RGB"
    assert (seen == rgb).all()


def test_palette(ports: Ports, tmp_path: Path) -> None:
    values = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    ramp = {
        f"{colour}PaletteColorLookupTable{what}": value
        for colour, top in (("Red", 255), ("Green", 128), ("Blue", 0))
        for what, value in (
            ("Descriptor", [3, 0, 16]),
            ("Data", (np.array([0, 1, 2], dtype="<u2") * (top // 2) << 8).tobytes()),
        )
    }
    raw = dicom(values, PhotometricInterpretation="PALETTE COLOR", **ramp)
    _, seen = one(ports, put(tmp_path / "in", raw))
    assert seen.tolist() == [[[0, 0, 0], [127, 64, 0]], [[254, 128, 0], [127, 64, 0]]]


def test_frames_are_parts_when_asked_for_and_added_once(ports: Ports, tmp_path: Path) -> None:
    frames = np.stack([np.full((4, 5), level, np.uint8) for level in (10, 20, 30)])
    folder = put(tmp_path / "in", dicom(frames))
    first = added(ports, folder)
    assert any("--pages all" in note for note in first.notes)
    assert added(ports, folder, pages="all").added == 3
    held = samples(ports)
    parts = [path for path in held if "page=" in path]
    assert parts == [f"a.dcm/page={number:04d}" for number in (1, 2, 3)]
    assert [pixels_of(ports, held[path])[0, 0] for path in parts] == [10, 20, 30]
    assert [held[path].metadata["dicom.frame"] for path in parts] == [1, 2, 3]
    again = added(ports, folder, pages="all")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 3)
    (found,) = data.status(ports.data, Scope(), "ct").folders
    assert (found.new, found.modified, found.deleted) == (0, 0, 0)


def test_nothing_of_the_patient_comes_in(ports: Ports, tmp_path: Path) -> None:
    folder = put(tmp_path / "in", dicom(RAMP, WindowCenter=1, WindowWidth=2))
    put(folder, dicom(RAMP, PixelData=None), "broken.dcm")
    put(folder, dicom(RAMP)[:-100], "short.dcm")
    told = added(ports, folder)
    assert (told.added, told.quarantined) == (1, 2)
    (sample,) = samples(ports).values()
    said = repr(sample) + repr(told) + repr(data.quarantine_list(ports.data, Scope()))
    stored = b"".join(each.read_bytes() for each in ports.inner.rglob("*") if each.is_file())
    for secret in ("Secret", "4711", "19700101", "20240131", "1.2.3.4"):
        assert secret not in said
        assert secret.encode() not in stored


def test_series_and_order_survive_as_pseudonyms(ports: Ports, tmp_path: Path) -> None:
    for number in (1, 2):
        where = {"ImagePositionPatient": [0, 0, number * 2.5]}
        axes = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SliceThickness": 2.5}
        raw = dicom(RAMP, InstanceNumber=number, PixelSpacing=[0.5, 0.7], **where, **axes)
        put(tmp_path / "in", raw, f"{number}.dcm")
    added(ports, tmp_path / "in")
    one, two = (each.metadata for each in samples(ports).values())
    assert one["dicom.series"] == two["dicom.series"]
    assert (one["dicom.instance"], two["dicom.instance"]) == (1, 2)
    assert (one["dicom.slice_position_mm"], two["dicom.slice_position_mm"]) == (2.5, 5.0)
    assert one["dicom.pixel_spacing_mm"] == [0.5, 0.7]
    assert one["dicom.slice_thickness_mm"] == 2.5


def test_burnt_in_text_is_told(ports: Ports, tmp_path: Path) -> None:
    told = added(ports, put(tmp_path / "in", dicom(RAMP, BurnedInAnnotation="YES")))
    assert any("burnt" in note for note in told.notes)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"PixelData": None}, "no_pixels"),
        ({"PixelData": bytes(10)}, "truncated"),
        ({"NumberOfFrames": 0}, "decode_error"),
        ({"NumberOfFrames": 9, "PixelData": bytes(64)}, "truncated"),
        ({"Rows": 65535, "Columns": 65535}, "too_many_pixels"),
        ({"Rows": 0}, "decode_error"),
        ({"BitsAllocated": 7}, "decode_error"),
        ({"PhotometricInterpretation": "NOISE"}, "decode_error"),
    ],
)
def test_bad_files_wait_with_their_reason(
    ports: Ports, tmp_path: Path, tags: dict[str, Any], code: str
) -> None:
    told = added(ports, put(tmp_path / "in", dicom(RAMP, **tags)))
    assert told.quarantined == 1
    (waiting,) = data.quarantine_list(ports.data, Scope())
    assert waiting.reason_code == code
    assert waiting.fix


def test_the_files_that_pydicom_brings(ports: Ports) -> None:
    added(ports, BUNDLED)
    held, waiting = samples(ports), data.quarantine_list(ports.data, Scope())
    assert {"CT_small.dcm", "MR_small_RLE.dcm", "examples_palette.dcm"} <= held.keys()
    assert {"SC_rgb_jpeg.dcm", "examples_ybr_color.dcm", "image_dfl.dcm"} <= held.keys()
    same = [held[f"MR_small{kind}.dcm"].image for kind in ("", "_RLE", "_implicit", "_bigendian")]
    assert len(set(same)) == 1, "one picture, however it is packed"
    if importlib.util.find_spec("gdcm") is None and importlib.util.find_spec("jpeg_ls") is None:
        (packed,) = [each for each in waiting if each.path == "MR_small_jpeg_ls_lossless.dcm"]
        assert packed.reason_code == "unsupported_syntax"
        assert "JPEG-LS Lossless" in packed.reason
        assert "gdcm" in packed.fix
    assert [(w.path, w.reason) for w in waiting if w.image] == [], "kept nowhere"


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_are_those_of_the_standard(function: Any) -> None:
    x = np.array([-1000.0, -1.0, 0.0, 0.5, 50.0, 2048.0, 4095.0, 9999.0])
    shown = windowed(x, GreyWindow(2048, 4096, function)) * 255
    expected = {  # PS3.3 C.11.2.1.2.1 and C.11.2.1.3, its own example for LINEAR
        "LINEAR": [0, 0, 0, 0.5 / 4095 * 255, 50 / 4095 * 255, 2048 / 4095 * 255, 255, 255],
        "LINEAR_EXACT": [0, 0, 0, 0.5 / 4096 * 255, 50 / 4096 * 255, 127.5, 4095 / 4096 * 255, 255],
        "SIGMOID": 255 / (1 + np.exp(-4 * (x - 2048) / 4096)),
    }
    assert np.allclose(shown, expected[function], atol=1e-9)


@pytest.mark.parametrize("text", ["", "wide", "1", "1,2,3", "40,0", "nan,5", "1,inf"])
def test_windows_that_are_none(ports: Ports, tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="window"):
        added(ports, put(tmp_path / "in", dicom(RAMP)), window=text)
