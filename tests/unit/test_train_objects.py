"""What a picture says about its objects, and which pictures recipes of boxes and outlines may read."""

from __future__ import annotations

import pytest

from visloop.data import ClassDictionary, Sample
from visloop.train import choose
from visloop.train import objects as o
from visloop.vision import Box, ClassLabel, Mask, NumberValue, OrientedBox, Polygon, Track

NAMES = {"hat": "hat", "cap": "hat", "shoe": "shoe"}
CLASSES = ClassDictionary().with_added(["hat", "shoe"])
HAT = Box(label="hat", xyxy=(10, 10, 30, 30))
SQUARE = (10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0)


def sample(*annotations, labelled=True, name="a") -> Sample:
    return Sample(
        id=name,
        path=f"{name}.jpg",
        image=name,
        bytes=1,
        width=100,
        height=80,
        annotations=annotations,
        labelled=labelled,
    )


def boxes(*annotations, **values):
    found = o.boxes_of(sample(*annotations, **values), NAMES)
    if isinstance(found, str):
        return found
    return [(each.label, each.xyxy) for each in found.objects], list(found.blank)


@pytest.mark.parametrize(
    ("annotations", "objects"),
    [
        ([HAT], [("hat", HAT.xyxy)]),
        ([Box(label="cap", xyxy=HAT.xyxy)], [("hat", HAT.xyxy)]),
        ([Track(label="shoe", track="t", xyxy=HAT.xyxy)], [("shoe", HAT.xyxy)]),
        ([Polygon(label="hat", rings=(SQUARE,))], [("hat", HAT.xyxy)]),
        ([HAT, Polygon(label="hat", rings=(SQUARE,))], [("hat", HAT.xyxy)]),
        ([HAT, Polygon(label="shoe", rings=(SQUARE,))], [("hat", HAT.xyxy), ("shoe", HAT.xyxy)]),
        ([Mask(label="hat", size_hw=(4, 4), counts=(5, 2, 2, 2, 5))], [("hat", (1, 1, 3, 3))]),
        (
            [OrientedBox(label="hat", cxcywh=(20, 20, 10, 4), angle_deg=90)],
            [("hat", pytest.approx((18, 15, 22, 25)))],
        ),
        ([HAT, Box(label="shoe", xyxy=(0, 0, 9, 9), review="rejected")], [("hat", HAT.xyxy)]),
        ([HAT, ClassLabel(label="shoe")], [("hat", HAT.xyxy)]),
        ([], []),
    ],
)
def test_accepted_objects_count_however_they_are_drawn(annotations, objects):
    assert boxes(*annotations) == (objects, [])


@pytest.mark.parametrize(
    "unsure",
    [
        Box(label="shoe", xyxy=(50, 50, 60, 60), ignore=True),
        Box(label="shoe", xyxy=(50, 50, 60, 60), crowd=True),
        Box(label="shoe", xyxy=(50, 50, 60, 60), review="draft"),
        Box(label="shoe", xyxy=(50, 50, 60, 60), review="proposed", author="model:net@v1"),
        Box(xyxy=(50, 50, 60, 60)),
    ],
)
def test_what_nobody_knows_is_blank(unsure):
    assert boxes(HAT, unsure) == ([("hat", HAT.xyxy)], [(50, 50, 60, 60)])


@pytest.mark.parametrize(
    ("annotations", "labelled", "why_not"),
    [
        ([], False, o.NO_LABEL),
        ([HAT], False, o.NOT_REVIEWED),
        ([ClassLabel(label="hat")], True, o.OTHER_KIND),
        ([Box(label="hat", xyxy=(0, 0, 9, 9), review="proposed")], True, o.NOT_REVIEWED),
        ([HAT, ClassLabel(label="hat", ignore=True)], True, o.IGNORED),
    ],
)
def test_a_picture_that_says_nothing_sure_is_left_out_with_the_reason(
    annotations, labelled, why_not
):
    assert boxes(*annotations, labelled=labelled) == why_not


def test_a_picture_whose_proposals_were_all_rejected_is_a_negative():
    assert boxes(Box(label="hat", xyxy=(0, 0, 9, 9), review="rejected")) == ([], [])


def test_outlines_count_and_boxes_without_one_are_blank():
    found = o.outlines_of(
        sample(
            Polygon(label="cap", rings=(SQUARE,)), HAT, Box(label="shoe", xyxy=(50, 50, 60, 60))
        ),
        NAMES,
    )
    assert [each.label for each in found.objects] == ["hat"]
    assert found.blank == ((50, 50, 60, 60),)
    assert o.outlines_of(sample(HAT), NAMES) == o.OTHER_KIND


@pytest.mark.parametrize(
    ("annotations", "wanted"),
    [
        ([NumberValue(value=3, unit="bar")], (3.0, "bar")),
        ([NumberValue(value=3), NumberValue(value=3, author="user:b")], (3.0, "")),
        ([NumberValue(value=3), NumberValue(value=4)], o.SEVERAL_NUMBERS),
        ([NumberValue(value=3), NumberValue(value=3, unit="bar")], o.SEVERAL_NUMBERS),
        ([NumberValue(value=3, review="proposed")], o.NOT_REVIEWED),
        ([NumberValue(value=3, ignore=True)], o.IGNORED),
        ([HAT], o.NO_NUMBER),
    ],
)
def test_one_clear_number_or_a_reason_why_not(annotations, wanted):
    found = o.number_of(sample(*annotations))
    assert (found if isinstance(found, str) else (found.value, found.unit)) == wanted


def test_nothing_is_left_out_silently():
    samples = [sample(HAT, name="a"), sample(labelled=False, name="b"), sample(name="c")]
    found = choose(samples, CLASSES, "detect")
    assert [len(p.objects) for p in found.pictures] == [1, 0]
    assert found.left_out == {o.NO_LABEL: 1}
