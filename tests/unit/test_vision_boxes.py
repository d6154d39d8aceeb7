"""Box arithmetic against the plain definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from visloop.vision import ShapeError, area, clip, iou_matrix, nms

sides = st.integers(0, 50)
boxes = st.lists(
    st.tuples(sides, sides, sides, sides).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])),
    max_size=6,
).map(lambda rows: np.array(rows, np.float32).reshape(-1, 4))


def _pixels(box):
    x1, y1, x2, y2 = (int(v) for v in box)
    return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}


@given(boxes, boxes)
def test_overlap_is_the_share_of_pixels_that_both_cover(a, b):
    got = iou_matrix(a, b)
    assert got.shape == (len(a), len(b))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            both, either = _pixels(one) & _pixels(other), _pixels(one) | _pixels(other)
            assert got[i, j] == pytest.approx(len(both) / len(either) if either else 0, abs=1e-6)


@given(boxes)
def test_area_counts_pixels(a):
    assert area(a).tolist() == [len(_pixels(box)) for box in a]


def test_a_box_turned_inside_out_has_no_area():
    assert area(np.array([[10, 10, 5, 5]], np.float32)).tolist() == [0]


@given(boxes)
def test_clipped_boxes_lie_in_the_picture(a):
    got = clip(a - 10, 20, 30)
    assert (got >= 0).all()
    assert (got[:, [0, 2]] <= 20).all()
    assert (got[:, [1, 3]] <= 30).all()


def test_the_wrong_shape_is_named():
    with pytest.raises(ShapeError, match=r"\(N, 4\), not \(3,\)"):
        area(np.zeros(3, np.float32))


def _crowd(seed, count):
    """Boxes that overlap a lot, scores of which no two are equal, three classes."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 60, (count, 2))
    xyxy = np.concatenate([corners, corners + rng.uniform(5, 40, (count, 2))], 1).astype(np.float32)
    scores = rng.permutation(np.linspace(0.01, 0.99, count)).astype(np.float32)
    return xyxy, scores, rng.integers(0, 3, count)


def _xywh(xyxy):
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).astype(np.float64)


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_pycocotools(seed):
    a, b = _crowd(seed, 40)[0], _crowd(seed + 100, 30)[0]
    theirs = coco_mask.iou(_xywh(a), _xywh(b), [0] * len(b))
    np.testing.assert_allclose(iou_matrix(a, b), theirs, atol=1e-5)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 80), iou=st.sampled_from([0.3, 0.5, 0.65]))
@settings(max_examples=60, deadline=None)
def test_what_is_suppressed_is_what_opencv_suppresses(seed, count, iou):
    xyxy, scores, classes = _crowd(seed, count)
    theirs = cv2.dnn.NMSBoxesBatched(
        _xywh(xyxy).tolist(), scores.tolist(), classes.tolist(), 0.0, iou
    )
    assert nms(xyxy, scores, classes, iou=iou, limit=count).tolist() == list(theirs)


def test_of_equal_boxes_the_first_stays_and_other_classes_do_not_matter():
    xyxy = np.array([[0, 0, 9, 9]] * 3, np.float32)
    scores, classes = np.full(3, 0.5, np.float32), np.array([0, 0, 1])
    assert nms(xyxy, scores, classes, iou=0.5, limit=9).tolist() == [0, 2]
    assert nms(xyxy, scores, classes, iou=1.0, limit=9).tolist() == [0, 1, 2]
    assert nms(xyxy, scores, classes, iou=0.5, limit=1).tolist() == [0]
    assert nms(xyxy[:0], scores[:0], classes[:0], iou=0.5, limit=9).tolist() == []
    with pytest.raises(ShapeError):
        nms(xyxy, scores[:2], classes, iou=0.5, limit=9)
