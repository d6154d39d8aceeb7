"""Answers lie where the objects are: in pixels of the upright picture, whatever was done to it."""

from __future__ import annotations

import io

import cv2
import numpy as np
import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visloop import infer
from visloop.infer import Picture
from visloop.vision import Contract, Decode, Normalise, Resize

PLAIN = Normalise(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
MODES = {
    "letterbox": Resize(mode="letterbox", size_px=160, crop_px=None),
    "rectangle": Resize(mode="letterbox", size_hw=(96, 224), crop_px=None),
    "squash": Resize(mode="squash", size_px=160, crop_px=None),
    "squashed rectangle": Resize(mode="squash", size_hw=(224, 96), crop_px=None),
    "shorter": Resize(size_px=160, crop_px=144),
}


def _contract(resize):
    return Contract(resize=resize, normalise=PLAIN, classes=("a",), decode=Decode(task="detect"))


def _photo(size_hw, box, orientation=1, kind="JPEG") -> bytes:
    """A black picture with a white box, stored so that `orientation` turns it upright."""
    pixels = np.zeros((*size_hw, 3), np.uint8)
    x1, y1, x2, y2 = box
    pixels[y1:y2, x1:x2] = 255
    stored = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }[orientation](pixels)
    raw = io.BytesIO()
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    Image.fromarray(np.ascontiguousarray(stored)).save(raw, kind, quality=95, exif=exif)
    return raw.getvalue()


def _seen(tensor):
    """The corners of what is bright, to a part of a pixel: every side where half its light lies."""
    grey = tensor[0] / 255
    rows, columns = grey.max(axis=1), grey.max(axis=0)

    def edges(light):
        inside = np.flatnonzero(light > 0.5)
        first, last = int(inside[0]), int(inside[-1])
        return (
            first - (light[first - 1] if first else 0),
            last + 1 + (light[last + 1] if last + 1 < len(light) else 0),
        )

    (x1, x2), (y1, y2) = edges(columns), edges(rows)
    return np.array([[x1, y1, x2, y2]], np.float32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_seen_in_the_input_is_found_again_in_the_upright_picture(mode, orientation):
    height, width, box = 1237, 1821, (701, 405, 1102, 800)
    contract = _contract(MODES[mode])
    data = _photo((height, width), box, orientation)
    picture = infer.read(data, contract)
    assert picture.size_hw == (height, width)
    assert picture.pixels.shape[0] < height, "decoded at a smaller scale"
    placement = infer.place(picture, contract.resize)
    found = placement.to_picture(_seen(infer.to_tensor(picture.pixels, contract)))[0]
    pixel = max(height, width) / min(placement.input_hw)
    np.testing.assert_allclose(found, box, atol=pixel)


@given(
    height=st.integers(1, 900),
    width=st.integers(1, 900),
    resize=st.sampled_from(list(MODES.values())),
    kernel=st.sampled_from(["reduce", "linear", "area"]),
)
@settings(max_examples=150, deadline=None)
def test_there_and_back_is_where_it_was(height, width, resize, kernel):
    whole = (0.0, 0.0, float(width), float(height))
    picture = Picture(np.zeros((height, width, 3), np.uint8), (height, width), whole)
    resize = Resize(
        mode=resize.mode,
        size_px=resize.size_px,
        crop_px=resize.crop_px,
        size_hw=resize.size_hw,
        kernel=kernel,
    )
    placement = infer.place(picture, resize)
    rng = np.random.default_rng(height * 1000 + width)
    ends = np.sort(rng.uniform(0, 1, (20, 2, 2)), axis=1) * (width, height)
    boxes = ends.reshape(20, 4).astype(np.float32)
    np.testing.assert_allclose(
        placement.to_picture(placement.to_input(boxes)), boxes, atol=1e-3, rtol=1e-4
    )
    x1, y1, x2, y2 = placement.target_xyxy
    assert 0 <= x1 < x2 <= placement.input_hw[1]
    assert 0 <= y1 < y2 <= placement.input_hw[0]


def test_what_reaches_past_the_picture_is_cut_off():
    contract = _contract(MODES["letterbox"])
    picture = infer.read(_photo((100, 200), (10, 10, 20, 20)), contract)
    placement = infer.place(picture, contract.resize)
    everything = placement.to_picture(np.array([[-50, -50, 500, 500]], np.float32))
    assert everything.tolist() == [[0, 0, 200, 100]]


@pytest.mark.parametrize("kernel", ["linear", "area", "reduce"])
def test_a_letterbox_with_room_to_spare_is_the_textbook_one(kernel):
    resize = Resize(mode="letterbox", size_hw=(64, 128), crop_px=None, kernel=kernel, pad_value=9)
    rgb = np.random.default_rng(3).integers(0, 255, (128, 128, 3), np.uint8)
    tensor = infer.to_tensor(rgb, _contract(resize))
    assert (tensor[:, :, :32] == 9).all()
    assert (tensor[:, :, 96:] == 9).all()
    how = cv2.INTER_LINEAR if kernel == "linear" else cv2.INTER_AREA
    small = cv2.resize(rgb, (64, 64), interpolation=how)
    np.testing.assert_allclose(tensor[:, :, 32:96].transpose(1, 2, 0), small, atol=1)


def test_channels_come_in_the_order_asked():
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[:] = (10, 20, 30)
    contract = Contract.from_json(
        b'{"decoder": {"colour": "bgr"}, "resize": {"mode": "squash", "size_px": 8},'
        b'"normalise": {"mean": [0, 0, 0], "std": [1, 1, 1]}}'
    )
    assert infer.to_tensor(rgb, contract)[:, 0, 0].tolist() == [30, 20, 10]
