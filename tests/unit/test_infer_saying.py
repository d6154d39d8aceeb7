"""From raw outputs to boxes, masks and numbers, through a real session."""

from __future__ import annotations

import io

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from visloop.infer import ModelRefused, Predictor
from visloop.vision import Box, Contract, Decode, Mask, NumberValue, Resize, bitmap_of

RESIZE = Resize(mode="letterbox", size_hw=(32, 64), crop_px=None)


def always(**outputs) -> bytes:
    """A model that answers every picture with these arrays, without N."""
    nodes, kept, told = [], [], []
    nodes.append(helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0))
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    kept.append(numpy_helper.from_array(np.zeros(1, np.float32), "zero"))
    for name, values in outputs.items():
        array = np.asarray(values, np.float32)
        kept.append(numpy_helper.from_array(array[None], f"{name}.value"))
        kept.append(numpy_helper.from_array(np.array([-1, *[1] * array.ndim]), f"{name}.shape"))
        nodes.append(helper.make_node("Reshape", ["nothing", f"{name}.shape"], [f"{name}.n"]))
        nodes.append(helper.make_node("Add", [f"{name}.n", f"{name}.value"], [name]))
        told.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *array.shape]))
    shape = ["N", 3, *RESIZE.output_hw]
    graph = helper.make_graph(
        nodes,
        "always",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        told,
        kept,
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    return model.SerializeToString()


def _photo(width, height):
    raw = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 30)).save(raw, "PNG")
    return raw.getvalue()


def _contract(classes=("cat", "dog"), **decode):
    return Contract(resize=RESIZE, classes=classes, decode=Decode(**decode))


BOXES = [
    [20, 4, 40, 20],  # a cat
    [21, 4, 41, 20],  # the same cat, less sure
    [20, 4, 40, 20],  # a dog in the same place
    [-90, -90, 17, 40],  # reaches past the picture, which lies in columns 16 … 48
    [0, 0, 15, 32],  # on the border only
    [np.nan, 0, 15, 32],
    [30, 10, 32, 12],  # too unsure
]
SCORES = [[0.9, 0.1], [0.8, 0], [0, 0.7], [0.6, 0], [0.99, 0], [0.99, 0], [0.2, 0.2]]


def test_a_detector_answers_with_boxes_in_the_picture():
    contract = _contract(task="detect", score_threshold=0.5, nms_iou=0.5)
    predictor = Predictor.load(always(boxes=BOXES, scores=SCORES), contract)
    found = predictor.predict(_photo(320, 320), author="model:pets@v1").annotations
    assert found == (
        Box(
            xyxy=(40, 40, 240, 200),
            label="cat",
            score=0.9,
            author="model:pets@v1",
            review="proposed",
        ),
        Box(
            xyxy=(40, 40, 240, 200),
            label="dog",
            score=0.7,
            author="model:pets@v1",
            review="proposed",
        ),
        Box(
            xyxy=(0, 0, 10, 320), label="cat", score=0.6, author="model:pets@v1", review="proposed"
        ),
    )


@pytest.mark.parametrize(
    ("decode", "scores"),
    [
        ({"score_threshold": 0.5}, [0.9, 0.8, 0.7, 0.6]),
        ({"score_threshold": 0.75, "nms_iou": 0.5}, [0.9]),
        ({"score_threshold": 0.5, "nms_iou": 0.95}, [0.9, 0.8, 0.7, 0.6]),
        ({"score_threshold": 0.5, "max_detections": 2}, [0.9, 0.8]),
        ({"nms_iou": 0.5}, [0.9, 0.7, 0.6, 0.2]),
    ],
)
def test_thresholds_are_the_contracts(decode, scores):
    contract = _contract(task="detect", **decode)
    predictor = Predictor.load(always(boxes=BOXES, scores=SCORES), contract)
    found = predictor.predict(_photo(320, 320)).annotations
    assert [each.score for each in found] == scores


def test_a_segmenter_answers_with_masks_of_the_pictures_size():
    planes = np.zeros((3, 16, 32), np.float32)
    planes[0] = 0.6
    planes[1, 4:12, 12:20] = 0.9  # columns 8 … 24 of the 32 hold the picture
    contract = _contract(task="segment", masks="probs")
    predictor = Predictor.load(always(probs=planes), contract)
    (mask,) = predictor.predict(_photo(160, 160)).annotations
    assert isinstance(mask, Mask)
    assert (mask.label, mask.size_hw) == ("cat", (160, 160))
    bitmap = bitmap_of(mask.counts, mask.size_hw)
    ys, xs = np.nonzero(bitmap)
    # 10 picture pixels each; where .6 meets .9 bilinearly, the likelier side wins a little inside
    assert (ys.min(), ys.max() + 1) == (42, 118)
    assert (xs.min(), xs.max() + 1) == (42, 118)
    assert 0.85 < mask.score <= 0.9
    unsure = Predictor.load(
        always(probs=planes), _contract(task="segment", masks="probs", score_threshold=0.95)
    )
    assert unsure.predict(_photo(160, 160)).annotations == ()


def test_numbers_come_with_their_unit():
    contract = _contract(classes=(), task="regress", unit="bar")
    predictor = Predictor.load(always(value=[3.5]), contract)
    assert predictor.predict(_photo(9, 9), author="model:gauge@v1").annotations == (
        NumberValue(value=3.5, unit="bar", author="model:gauge@v1", review="proposed"),
    )
    counts = Predictor.load(always(value=[3, 1]), _contract(task="regress"))
    found = counts.predict(_photo(9, 9)).annotations
    assert [(each.label, each.value) for each in found] == [("cat", 3), ("dog", 1)]


def test_logits_become_probabilities_where_the_contract_says_so():
    contract = _contract(activation="softmax")
    answer = Predictor.load(always(probabilities=[2, 1]), contract).predict(_photo(9, 9))
    np.testing.assert_allclose(answer.probabilities, [0.7310586, 0.2689414], rtol=1e-5)
    assert [each.label for each in answer.annotations] == ["cat"]


@pytest.mark.parametrize(
    ("outputs", "decode", "because"),
    [
        ({"boxes": BOXES}, {"task": "detect"}, "no output 'scores'"),
        ({"boxes": np.zeros((7, 5)), "scores": SCORES}, {"task": "detect"}, r"\(N, N, 4\)"),
        ({"boxes": BOXES, "scores": np.zeros((7, 3))}, {"task": "detect"}, "of 2 classes"),
        ({"boxes": np.zeros((9, 6))}, {"task": "detect", "layout": "yolov5"}, r"wants \(N, N, 7\)"),
        ({"masks": np.zeros((2, 4, 8))}, {"task": "segment"}, r"wants \(N, 3, N, N\)"),
        ({"value": [1, 2, 3]}, {"task": "regress"}, r"wants \(N, 2\)"),
        ({"embedding": [1, 2, 3]}, {"task": "classify"}, "no output 'probabilities'"),
    ],
)
def test_a_contract_of_another_model_is_refused(outputs, decode, because):
    with pytest.raises(ModelRefused, match=because) as refused:
        Predictor.load(always(**outputs), _contract(**decode))
    assert refused.value.fix
