"""Every layout says the same of the same objects."""

from __future__ import annotations

import numpy as np
import pytest

from visloop.vision import ShapeError, candidates, layout_shapes, sigmoid, softmax

INPUT_HW = (96, 128)
# centre and size in pixels of the input, class, score
OBJECTS = ((40.0, 30.0, 20.0, 10.0, 2, 0.8), (100.0, 60.0, 16.0, 40.0, 0, 0.6))
CLASSES = 3


def _logit(p):
    return np.log(p) - np.log1p(-p)


def _rows():
    boxes = np.array([o[:4] for o in OBJECTS], np.float32)
    scores = np.full((len(OBJECTS), CLASSES), 0.01, np.float32)
    for row, one in enumerate(OBJECTS):
        scores[row, one[4]] = one[5]
    return boxes, scores


def _corners(boxes):
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)


def _made(layout):
    boxes, scores = _rows()
    share = boxes / np.array([128, 96, 128, 96], np.float32)
    match layout:
        case "boxes":
            return _corners(boxes), scores
        case "yolov5":
            objectness = np.full((2, 1), 0.9, np.float32)
            return np.concatenate([boxes, objectness, scores / 0.9], 1), None
        case "yolov8":
            return np.concatenate([boxes, scores], 1).T.copy(), None
        case "detr":
            nothing = 1 - scores.sum(axis=1, keepdims=True)
            return share, np.log(np.concatenate([scores, nothing], 1))
        case "rt-detr":
            return share, _logit(scores)


@pytest.mark.parametrize("layout", ["boxes", "yolov5", "yolov8", "detr", "rt-detr"])
def test_objects_are_read(layout):
    boxes, scores = _made(layout)
    found = candidates(layout, boxes, scores, classes=CLASSES, input_hw=INPUT_HW)
    np.testing.assert_allclose(found.xyxy, _corners(_rows()[0]), rtol=1e-5)
    assert found.classes.tolist() == [2, 0]
    np.testing.assert_allclose(found.scores, [0.8, 0.6], rtol=1e-4)
    assert found.xyxy.dtype == found.scores.dtype == np.float32


def test_the_grid_of_fastestdet_is_read():
    grid = np.zeros((5 + CLASSES, 6, 8), np.float32)
    grid[3:5] = -9
    # cell (column 2, row 1), centre 0.5 cells to the right and 0.875 down, 20 × 10 pixels
    grid[0, 1, 2] = 0.9
    grid[1:3, 1, 2] = np.arctanh([0.5, 0.875])
    grid[3:5, 1, 2] = _logit(np.array([20 / 128, 10 / 96]))
    grid[5:, 1, 2] = [0.1, 0.1, 0.8]
    found = candidates("fastestdet", grid, None, classes=CLASSES, input_hw=INPUT_HW)
    best = int(found.scores.argmax())
    assert len(found.scores) == 48
    assert found.classes[best] == 2
    assert found.scores[best] == pytest.approx(0.9**0.6 * 0.8**0.4, rel=1e-5)
    np.testing.assert_allclose(found.xyxy[best], [30, 25, 50, 35], atol=1e-3)


@pytest.mark.parametrize("layout", ["boxes", "yolov5", "yolov8", "detr", "rt-detr", "fastestdet"])
def test_outputs_of_another_shape_are_refused(layout):
    sizes = [tuple(7 if n is None else n for n in s) for s in layout_shapes(layout, CLASSES)]
    right = [np.zeros(size, np.float32) for size in sizes]
    both = (right[0], right[1] if len(right) > 1 else None)
    candidates(layout, *both, classes=CLASSES, input_hw=INPUT_HW)
    with pytest.raises(ShapeError, match=layout):
        candidates(layout, *both, classes=CLASSES + 1, input_hw=INPUT_HW)
    with pytest.raises(ShapeError, match=layout):
        candidates(layout, right[0][None], both[1], classes=CLASSES, input_hw=INPUT_HW)


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, -1e4]], np.float32)
    assert softmax(logits).tolist() == [[1, 0]]
    assert sigmoid(logits).tolist() == [[1, 0]]
