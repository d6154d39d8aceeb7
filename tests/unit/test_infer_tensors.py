"""The contract executed: what comes out is what its words say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.infer import check_executable, to_tensor
from visloop.vision import Contract, ContractRefused, Decoder, Normalise, Resize

PLAIN = Normalise(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def _contract(**resize) -> Contract:
    return Contract(resize=Resize(**resize), normalise=PLAIN)


def _gradient(height, width):
    """Red grows to the right, green downwards, blue is 7."""
    rgb = np.full((height, width, 3), 7, np.uint8)
    rgb[:, :, 0] = np.linspace(0, 255, width).round()[None]
    rgb[:, :, 1] = np.linspace(0, 255, height).round()[:, None]
    return rgb


@given(
    height=st.integers(1, 700),
    width=st.integers(1, 700),
    mode=st.sampled_from(["shorter", "letterbox", "squash"]),
    kernel=st.sampled_from(["reduce", "area", "linear", "cubic", "nearest"]),
    size_px=st.integers(8, 96),
)
@settings(max_examples=150, deadline=None)
def test_every_picture_comes_out_at_the_size_asked(height, width, mode, kernel, size_px):
    contract = _contract(mode=mode, size_px=size_px, crop_px=8, kernel=kernel)
    tensor = to_tensor(np.full((height, width, 3), 114, np.uint8), contract)
    assert tensor.shape == contract.input_shape
    assert tensor.dtype == np.float32
    assert (tensor == 114).all()


def test_very_long_pictures_cost_no_more_than_others():
    for shape in ((1, 60000, 3), (60000, 1, 3)):
        tensor = to_tensor(np.zeros(shape, np.uint8), _contract())
        assert tensor.shape == (3, 224, 224)


def test_pixels_are_normalised_channel_by_channel():
    contract = Contract(normalise=Normalise(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 8.0)))
    tensor = to_tensor(np.full((224, 224, 3), (30, 60, 110), np.uint8), contract)
    assert (
        [tensor[c].min() for c in range(3)] == [tensor[c].max() for c in range(3)] == [10, 10, 10]
    )


def test_shorter_takes_the_centre_and_keeps_the_aspect_ratio():
    rgb = _gradient(300, 500)
    tensor = to_tensor(rgb, _contract(size_px=100, crop_px=80))
    side = 240
    middle = rgb[30 : 30 + side, 130 : 130 + side]
    assert tensor[0, :, 0].mean() == pytest.approx(middle[:, :3, 0].mean(), abs=1)
    assert tensor[0, :, -1].mean() == pytest.approx(middle[:, -3:, 0].mean(), abs=1)
    assert tensor[1, 0].mean() == pytest.approx(middle[:3, :, 1].mean(), abs=1)


@pytest.mark.parametrize(("height", "width"), [(300, 500), (500, 300), (64, 48)])
def test_shorter_is_resize_then_centre_crop(height, width):
    rgb = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8), (0, 0), 4
    )
    tensor = to_tensor(rgb, _contract(size_px=256, crop_px=224, kernel="linear"))
    scale = 256 / min(height, width)
    whole = cv2.resize(rgb, (round(width * scale), round(height * scale)))
    top, left = (whole.shape[0] - 224) // 2, (whole.shape[1] - 224) // 2
    usual = whole[top : top + 224, left : left + 224].transpose(2, 0, 1)
    assert np.abs(tensor - usual).mean() < 3


def test_letterbox_shows_everything_and_pads_the_rest():
    tensor = to_tensor(_gradient(50, 100), _contract(mode="letterbox", size_px=64, pad_value=200))
    assert (tensor[:, :16] == 200).all()
    assert (tensor[:, -16:] == 200).all()
    assert tensor[2, 16:-16].max() == 7
    assert tensor[0, 32, 0] < 5
    assert tensor[0, 32, -1] > 250


def test_squash_shows_everything_and_pads_nothing():
    tensor = to_tensor(_gradient(50, 100), _contract(mode="squash", size_px=64))
    assert (tensor[2] == 7).all()


@pytest.mark.parametrize("shape", [(448, 448), (451, 673), (1000, 300), (230, 2000)])
def test_reduce_does_not_alias(shape):
    """A fine checkerboard is grey from afar; kernels that skip pixels show it black or white."""
    board = (np.indices(shape).sum(axis=0) % 2 * 255).astype(np.uint8)
    rgb = np.repeat(board[:, :, None], 3, axis=2)
    tensor = to_tensor(rgb, _contract(mode="squash", size_px=112, crop_px=None))
    assert np.abs(tensor - 127.5).mean() < 20


def test_grey_contracts_give_one_channel_of_luma():
    contract = Contract(
        decoder=Decoder(colour="grey"), normalise=Normalise(mean=(0.0,), std=(1.0,))
    )
    tensor = to_tensor(np.full((300, 300, 3), (255, 0, 0), np.uint8), contract)
    assert tensor.shape == (1, 224, 224)
    assert (tensor == 76).all()


@pytest.mark.parametrize(
    ("contract", "because"),
    [
        (Contract(resize=Resize(library="opencv 5")), "this installation has 'opencv 4'"),
        (Contract(decoder=Decoder(library="torchvision")), "this installation has 'simplejpeg"),
    ],
)
def test_a_contract_that_cannot_be_executed_as_meant_is_refused(contract, because):
    with pytest.raises(ContractRefused, match=because):
        check_executable(contract)
