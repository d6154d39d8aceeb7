"""Box arithmetic against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop.vision import ShapeError, area, clip, iou_matrix

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
