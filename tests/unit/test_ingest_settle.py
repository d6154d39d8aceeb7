"""Labels on the picture as it is: turned with it, clipped at its edge, refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop.data.formats import rle
from visloop.data.formats.coco.encoding import corners as corners_of
from visloop.data.ingest.records import Found, Probe, Settled
from visloop.data.ingest.settle import settle, upright
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    OrientedBox,
    Points,
    Polygon,
    Track,
    geometry_xyxy,
)

WIDTH, HEIGHT = 60, 40


def settled(
    *annotations: Annotation, orientation: int = 1, declared: tuple[int, int] | None = None
) -> Settled:
    size = (HEIGHT, WIDTH) if orientation > 4 else (WIDTH, HEIGHT)
    probe = Probe(
        media="image/jpeg", width=size[0], height=size[1], mode="RGB", orientation=orientation
    )
    found = Found(path="a.jpg", file="/a.jpg", source="/a.jpg", annotations=annotations)
    if declared:
        found = Found(
            path="a.jpg", file="/a.jpg", source="/a.jpg", annotations=annotations, declared=declared
        )
    return settle(found, probe)


def test_what_fits_is_left_alone() -> None:
    box = Box(label="x", xyxy=(0, 0, WIDTH, HEIGHT))
    done = settled(box, ClassLabel(label="y"))
    assert done.annotations == (box, ClassLabel(label="y"))
    assert done.annotations[0] is box
    assert not done.notes
    assert not done.refusals


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Box(label="RBC", xyxy=(5, 5, 5, 5)), "zero_area_box"),
        (Box(label="RBC", xyxy=(9, 5, 5, 8)), "zero_area_box"),
        (Box(label="RBC", xyxy=(70, 5, 90, 8)), "outside_image"),
        (Box(label="RBC", xyxy=(float("nan"), 5, 90, 8)), "not_finite"),
        (Track(label="RBC", track="1", xyxy=(1, 2, 1, 4)), "zero_area_box"),
        (Polygon(label="RBC", rings=((1, 1, 2, 2),)), "bad_geometry"),
        (Polygon(label="RBC", rings=()), "bad_geometry"),
        (Polygon(label="RBC", rings=((1, 1, 2, 1, 3, 1),)), "zero_area_box"),
        (Polygon(label="RBC", rings=((1, 1, 2, float("inf"), 3, 1),)), "not_finite"),
        (Mask(label="RBC", size_hw=(4, 4), counts=(1, 15)), "mask_size"),
        (Mask(label="RBC", size_hw=(HEIGHT, WIDTH), counts=(1, 15)), "bad_geometry"),
        (Mask(label="RBC", size_hw=(HEIGHT, WIDTH), counts=(WIDTH * HEIGHT,)), "zero_area_box"),
        (OrientedBox(label="RBC", cxcywh=(5, 5, 0, 4), angle_deg=3), "zero_area_box"),
        (OrientedBox(label="RBC", cxcywh=(500, 5, 1, 4), angle_deg=3), "outside_image"),
        (Points(label="RBC", points=((float("nan"), 1, 2),)), "not_finite"),
    ],
)
def test_an_object_that_cannot_be_is_refused_and_the_rest_kept(bad: Annotation, code: str) -> None:
    good = Box(label="WBC", xyxy=(1, 1, 2, 2))
    done = settled(good, bad)
    assert done.annotations == (good,)
    (refusal,) = done.refusals
    assert (refusal.path, refusal.reason_code) == ("a.jpg", code)
    assert "object 2 (RBC)" in refusal.reason
    assert refusal.fix


def test_what_sticks_out_is_clipped_with_a_note() -> None:
    done = settled(
        Box(label="x", xyxy=(-3, -2, 10, 99)),
        Polygon(label="x", rings=((-5, 1, 99, 1, 50, 30),)),
    )
    assert done.annotations is not None
    assert geometry_xyxy(done.annotations[0]) == (0, 0, 10, HEIGHT)
    assert geometry_xyxy(done.annotations[1]) == (0, 1, WIDTH, 30)
    assert done.notes == ("2 objects reached beyond the picture: clipped at its edge",)


def test_rounding_is_clipped_without_a_note() -> None:
    done = settled(Box(label="x", xyxy=(1, 1, WIDTH + 0.001, 5)))
    assert done.annotations == (Box(label="x", xyxy=(1, 1, WIDTH, 5)),)
    assert not done.notes


def test_no_labels_stay_no_labels() -> None:
    probe = Probe(media="image/jpeg", width=5, height=5, mode="L")
    for said in (None, ()):
        found = Found(path="a", file="/a", source="/a", annotations=said)
        assert settle(found, probe).annotations == said


def test_a_declared_size_of_another_picture_is_noted() -> None:
    done = settled(Box(label="x", xyxy=(1, 1, 5, 5)), declared=(640, 480))
    assert done.annotations == (Box(label="x", xyxy=(1, 1, 5, 5)),)
    assert "640 × 480" in done.notes[0]


def test_labels_drawn_before_turning_are_turned() -> None:
    done = settled(Box(label="x", xyxy=(10, 5, 30, 15)), orientation=6, declared=(WIDTH, HEIGHT))
    assert done.annotations == (Box(label="x", xyxy=(HEIGHT - 15, 10, HEIGHT - 5, 30)),)
    assert "turned" in done.notes[0]
    same = settled(Box(label="x", xyxy=(10, 5, 30, 15)), orientation=6, declared=(HEIGHT, WIDTH))
    assert same.annotations == (Box(label="x", xyxy=(10, 5, 30, 15)),)


boxes = st.tuples(
    st.integers(0, WIDTH - 2), st.integers(0, HEIGHT - 2), st.integers(1, 20), st.integers(1, 20)
).map(lambda b: (b[0], b[1], min(b[0] + b[2], WIDTH), min(b[1] + b[3], HEIGHT)))


@given(boxes, st.integers(1, 8))
def test_every_shape_turns_with_its_pixels(
    xyxy: tuple[int, int, int, int], orientation: int
) -> None:
    x1, y1, x2, y2 = xyxy
    bitmap = np.zeros((HEIGHT, WIDTH), bool)
    bitmap[y1:y2, x1:x2] = True
    turned = rle.turn(bitmap, orientation)
    ys, xs = np.nonzero(turned)
    want = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    stored = (WIDTH, HEIGHT)
    ring = (x1, y1, x2, y1, x2, y2, x1, y2)
    centre = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    mask = Mask(size_hw=(HEIGHT, WIDTH), counts=rle.from_bitmap(bitmap))
    assert geometry_xyxy(upright(Box(xyxy=xyxy), orientation, stored)) == want
    assert geometry_xyxy(upright(Polygon(rings=(ring,)), orientation, stored)) == want
    after = upright(mask, orientation, stored)
    assert isinstance(after, Mask)
    assert rle.box_of(after.counts, after.size_hw) == want
    oriented = upright(OrientedBox(cxcywh=centre, angle_deg=0), orientation, stored)
    assert isinstance(oriented, OrientedBox)
    assert oriented.cxcywh[:2] == ((want[0] + want[2]) / 2, (want[1] + want[3]) / 2)
    assert (round(oriented.angle_deg) % 180 == 90) == (orientation > 4)
    points = upright(Points(points=((x1, y1, 2), (x2, y2, 1))), orientation, stored)
    assert isinstance(points, Points)
    assert {points.points[0][0], points.points[1][0]} == {want[0], want[2]}


@pytest.mark.parametrize(
    "bad",
    [
        Mask(label="x", size_hw=(HEIGHT, WIDTH), counts=(1, 2)),
        Mask(label="x", size_hw=(HEIGHT, WIDTH), counts=(-1, WIDTH * HEIGHT + 1)),
        Mask(label="x", size_hw=(HEIGHT, WIDTH), counts=(0, 10**15)),
        Polygon(label="x", rings=((0, 0, 9, 0, 9, 9, 5),)),
    ],
)
def test_labels_of_a_turned_picture_are_checked_before_they_are_turned(bad: Annotation) -> None:
    good = Box(label="y", xyxy=(1, 2, 3, 4))
    done = settled(bad, good, orientation=6, declared=(WIDTH, HEIGHT))
    assert [each.reason_code for each in done.refusals] == ["bad_geometry"]
    assert [each.label for each in done.annotations] == ["y"]


def shares(*annotations: Annotation, corners: bool = False, orientation: int = 1) -> Settled:
    size = (HEIGHT, WIDTH) if orientation > 4 else (WIDTH, HEIGHT)
    probe = Probe(
        media="image/jpeg", width=size[0], height=size[1], mode="RGB", orientation=orientation
    )
    found = Found(
        path="a.jpg",
        file="/a.jpg",
        source="/a.jpg",
        annotations=annotations,
        shares=True,
        corners=corners,
    )
    return settle(found, probe)


def test_shares_become_pixels_of_the_upright_picture() -> None:
    done = shares(
        Box(label="x", xyxy=(0.25, 0.5, 0.5, 1)),
        Polygon(label="x", rings=((0, 0, 0.5, 0, 0.5, 0.5),)),
        Points(label="x", points=((0.5, 0.25, 2),)),
        ClassLabel(label="y"),
        orientation=6,
    )
    assert done.annotations == (
        Box(label="x", xyxy=(10, 30, 20, 60)),
        Polygon(label="x", rings=((0, 0, 20, 0, 20, 30),)),
        Points(label="x", points=((20, 15, 2),)),
        ClassLabel(label="y"),
    )
    assert not done.notes


@given(
    st.tuples(
        st.floats(10, 50), st.floats(10, 30), st.floats(1, 20), st.floats(1, 20), st.floats(0, 359)
    )
)
def test_four_corners_are_a_turned_box(box: tuple[float, float, float, float, float]) -> None:
    given_box = OrientedBox(label="x", cxcywh=box[:4], angle_deg=box[4])
    ring = corners_of(given_box)
    outline = Polygon(
        label="x",
        rings=(tuple(v / (HEIGHT if at % 2 else WIDTH) for at, v in enumerate(ring)),),
        score=0.5,
    )
    (back,) = shares(outline, corners=True).annotations or ()
    assert isinstance(back, OrientedBox)
    assert back.cxcywh == pytest.approx(given_box.cxcywh)
    assert (back.angle_deg - box[4] + 180) % 360 == pytest.approx(180)
    assert back.score == 0.5


def test_crooked_corners_become_the_box_around_them() -> None:
    done = shares(Polygon(label="x", rings=((0, 0, 1, 0, 1, 1, 0.5, 1),)), corners=True)
    (box,) = done.annotations or ()
    assert isinstance(box, OrientedBox)
    assert sorted(box.cxcywh[2:]) == pytest.approx([HEIGHT, WIDTH], abs=1)
    assert any("right angles" in note for note in done.notes)
