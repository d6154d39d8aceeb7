"""Small objects: how large an input is chosen, what a tile holds, and that a model learns from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.torch_parts import TINY, world
from visloop import data, infer, registry
from visloop.adapters.torch.pictures import Prepared
from visloop.adapters.torch.sizing import Parameters, sizes_of
from visloop.adapters.torch.tiling import Cutter
from visloop.ids import Ref
from visloop.train import Labelled
from visloop.vision import Box

HIGH, WIDE = 120, 200
side = st.integers(0, 90)
boxes = st.lists(
    st.tuples(side, side, st.integers(1, 60), st.integers(1, 30)).map(
        lambda b: (b[0], b[1], min(WIDE, b[0] + b[2]), min(HIGH, b[1] + b[3]))
    ),
    max_size=6,
)


def where(prepared: Prepared) -> tuple[int, int]:
    """The corner of a tile: every pixel says where it lay."""
    y, x = prepared.pixels[0, 0, :2].tolist()
    return x, y


def picture(drawn: list[tuple[int, int, int, int]], blank: list[tuple[int, int, int, int]]):
    rows, columns = np.mgrid[:HIGH, :WIDE].astype(np.uint8)
    return Prepared(
        pixels=np.stack([rows, columns, rows], axis=-1),
        boxes=np.array(drawn, np.float32).reshape(-1, 4),
        places=np.arange(len(drawn)),
        blank=np.array(blank, np.float32).reshape(-1, 4),
        mask=None,
    )


@given(boxes, boxes, st.integers(0, 50))
def test_a_tile_holds_what_lies_in_it_and_knows_nothing_of_what_is_cut_off(drawn, blank, epoch):
    whole = picture(drawn, blank)
    tile = Cutter((64, 96), seed=1)(whole, epoch, "abc")
    assert tile.pixels.shape == (64, 96, 3)
    x, y = where(tile)
    shift = np.array([x, y, x, y], np.float32)
    for box, place in zip(tile.boxes, tile.places, strict=True):
        inside = np.clip(whole.boxes[place] - shift, 0, [96, 64, 96, 64])
        np.testing.assert_array_equal(box, inside)
    for place in set(range(len(drawn))) - set(tile.places.tolist()):
        inside = np.clip(whole.boxes[place] - shift, 0, [96, 64, 96, 64])
        seen = np.prod(inside[2:] - inside[:2]) / np.prod(
            whole.boxes[place, 2:] - whole.boxes[place, :2]
        )
        assert seen < 0.2
        if seen > 0:
            assert any(np.array_equal(inside, each) for each in tile.blank)
    again = Cutter((64, 96), seed=1)(whole, epoch, "abc")
    assert where(again) == (x, y)


def test_most_tiles_show_an_object_and_all_parts_of_a_picture_are_seen():
    whole = picture([(10, 10, 14, 14)], [])
    tiles = [Cutter((64, 96), seed=1)(whole, epoch, "abc") for epoch in range(300)]
    assert 0.7 <= np.mean([len(each.boxes) > 0 for each in tiles]) < 1
    corners = np.array([where(each) for each in tiles])
    assert corners.min() == 0
    assert corners[:, 0].max() > 80
    assert corners[:, 1].max() > 40


def test_a_mask_is_cut_with_its_picture():
    mask = np.zeros((HIGH, WIDE), np.uint8)
    mask[100:104, 150:154] = 1
    whole = Prepared(**{**vars(picture([], [])), "mask": mask})
    for epoch in range(20):
        tile = Cutter((64, 96), seed=2)(whole, epoch, "abc")
        x, y = where(tile)
        np.testing.assert_array_equal(tile.mask, mask[y : y + 64, x : x + 96])


def shot(wide: int, high: int, *objects: float) -> Labelled:
    """A picture with upright squares of these sides."""
    sample = data.Sample(id="s", path="a.jpg", image="i", bytes=1, width=wide, height=high)
    drawn = (Box(xyxy=(0.0, 0.0, side, side), label="cell") for side in objects)
    return Labelled(sample, objects=tuple(drawn))


def test_the_input_grows_where_objects_would_be_small():
    usual = sizes_of(Parameters(), [shot(640, 480, 90, 100, 110)])
    assert (usual.input_hw, usual.tile_hw) == ((288, 384), None)
    small = sizes_of(Parameters(), [shot(1920, 1440, 30, 40, 200)])
    assert small.tile_hw == (288, 384)
    scale = small.input_hw[1] / 1920
    assert 40 * scale == pytest.approx(24, abs=1)
    tiny = sizes_of(Parameters(), [shot(4000, 3000, 10)])
    assert tiny.input_hw[0] * tiny.input_hw[1] == pytest.approx(1_572_864, rel=0.05)
    poor = sizes_of(Parameters(), [shot(400, 300, 3)])
    assert (poor.input_hw, poor.tile_hw) == ((288, 384), None), "the pictures have no more"
    assert sizes_of(Parameters(tile=0), [shot(1920, 1440, 40)]).tile_hw is None
    said = sizes_of(Parameters(pixels=768 * 1024), [shot(1920, 1440, 40)])
    assert (said.input_hw, said.tile_hw) == ((768, 1024), None)
    assert "learnt from in tiles of 384 × 288" in str(small)


@pytest.mark.parametrize("recipe", ["detect", "segment"])
def test_what_is_learnt_from_tiles_answers_whole_pictures(recipe, tmp_path):
    workspace = world(tmp_path / "ws", count=6)
    params = {**TINY, "epochs": 1, "pixels": 192 * 256, "tile": 96 * 128}
    model = workspace.train("line@v1", recipe=recipe, params=params, threads=None).model
    made = registry.load(workspace.registry, workspace.model(model))
    assert made.contract.resize.output_hw == (192, 256)
    assert made.metrics["export_difference"] < 1e-3
    predictor = infer.Predictor.load(made.onnx, made.contract)
    sample = next(data.open(workspace.data, Ref.parse("line@v1:test")).samples())
    array, placement = predictor.place(workspace.blobs.get(sample.image))
    said = predictor.say(predictor.run(array[None]), 0, placement, author="", threshold=0.0)
    assert said
    if recipe == "detect":
        corners = np.array([each.xyxy for each in said])
        assert corners[:, 0].max() > 128 / 2, "not in the first tile only"
    workspace.close()
