"""Tiles: every object that is no larger than the overlap is answered for by one tile that holds it whole."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_infer_saying import RESIZE, always
from visloop import infer, vision
from visloop.vision import Box, Contract, ContractRefused, Decode, Resize, Tiling, windows

HIGH, WIDE = RESIZE.output_hw
DETECT = Decode(task="detect", nms_iou=0.5)
BIG = Resize(mode="squash", size_hw=(2 * HIGH, 2 * WIDE))


@given(st.data())
def test_an_object_as_large_as_the_overlap_lies_whole_in_the_one_tile_that_answers(given_):
    length = given_.draw(st.integers(8, 400))
    tile = given_.draw(st.integers(8, length))
    overlap = given_.draw(st.integers(0, tile - 1))
    tiling = Tiling(size_hw=(tile, tile), overlap_px=overlap)
    found = windows(tiling, (length, length))
    middle = given_.draw(st.floats(0, length, exclude_max=True)), length / 2
    owners = [
        w
        for w in found
        if w.own_xyxy[0] <= middle[0] < w.own_xyxy[2] and w.own_xyxy[1] <= middle[1] < w.own_xyxy[3]
    ]
    assert len(owners) == 1
    start = max(0.0, middle[0] - overlap / 2), min(float(length), middle[0] + overlap / 2)
    assert owners[0].x <= start[0]
    assert start[1] <= owners[0].x + tile
    assert {w.x for w in found} >= {0, length - tile}


def predictor(contract: Contract, box: tuple[float, ...]) -> infer.Predictor:
    return infer.Predictor.load(always(boxes=[box], scores=[[0.9]]), contract)


def test_the_same_predictor_answers_in_tiles():
    tiled = Contract(
        resize=BIG,
        decode=DETECT,
        classes=("cat",),
        tiling=Tiling(size_hw=(HIGH, WIDE), overlap_px=0),
    )
    answering = predictor(tiled, (10.0, 8.0, 20.0, 16.0))
    picture = cv2.imencode(".png", np.zeros((2 * HIGH, 2 * WIDE, 3), np.uint8))[1].tobytes()
    said = answering.predict(picture).annotations
    assert [each.xyxy for each in said if isinstance(each, Box)] == [
        (x + 10.0, y + 8.0, x + 20.0, y + 16.0) for y in (0, HIGH) for x in (0, WIDE)
    ]
    overlapping = msgspec.structs.replace(tiled, tiling=Tiling(size_hw=(HIGH, WIDE), overlap_px=8))
    at_the_edge = predictor(overlapping, (0.0, 0.0, 2.0, 2.0)).predict(picture).annotations
    assert [each.xyxy for each in at_the_edge if isinstance(each, Box)] == [(0.0, 0.0, 2.0, 2.0)], (
        "what a tile sees of its neighbour's share is the neighbour's"
    )


def test_a_batch_of_tiled_pictures_is_answered_one_by_one_alike():
    tiling = Tiling(size_hw=(HIGH, WIDE), overlap_px=4)
    contract = Contract(resize=BIG, decode=DETECT, classes=("cat",), tiling=tiling)
    answering = predictor(contract, (10.0, 8.0, 20.0, 16.0))
    batch = np.zeros((2, *contract.input_shape), np.float32)
    both, one = answering.run(batch), answering.run(batch[:1])
    np.testing.assert_array_equal(both.raw["boxes"][1], one.raw["boxes"][0])
    assert both.embedding is None
    placement = vision.unmoved(contract.resize.output_hw)
    assert answering.say(both, 1, placement, author="") == answering.say(
        one, 0, placement, author=""
    )


def test_a_contract_says_its_tiles_only_where_it_has_some():
    plain = Contract(resize=BIG, decode=DETECT, classes=("cat",))
    tiled = msgspec.structs.replace(plain, tiling=Tiling(size_hw=(HIGH, WIDE), overlap_px=8))
    assert b"tiling" not in plain.to_json()
    assert tiled.digest != plain.digest
    assert Contract.from_json(tiled.to_json()) == tiled
    assert tiled.network_shape == (3, HIGH, WIDE)
    for wrong, because in (
        (
            {"decode": Decode(), "tiling": Tiling(size_hw=(HIGH, WIDE), overlap_px=8)},
            "for the task 'detect'",
        ),
        ({"tiling": Tiling(size_hw=(HIGH, 8 * WIDE), overlap_px=8)}, "at most as large"),
    ):
        with pytest.raises(ContractRefused, match=because):
            msgspec.structs.replace(plain, **wrong)
    with pytest.raises(ContractRefused, match="overlap_px"):
        Tiling(size_hw=(32, 32), overlap_px=32)


def test_of_a_stated_tiling_the_model_says_the_size(tmp_path):
    model = always(boxes=[(1, 2, 3, 4)], scores=[[0.9]])
    file = tmp_path / "c.yaml"
    stated = "resize: {mode: letterbox, size_px: 300}\ndecode: {task: detect}\nclasses: [cat]\n"
    file.write_text(stated + "tiling: {overlap_px: 8}\n")
    found = infer.read_contract(file, model)
    assert found.tiling == Tiling(size_hw=(HIGH, WIDE), overlap_px=8)
    assert found.resize.output_hw == (300, 300)
