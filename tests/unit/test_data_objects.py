"""Objects keep their ids through a re-import, and differences are told object by object."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from visloop.data.objects import carry_ids, extent_xyxy, iou, object_changes, with_ids
from visloop.vision import (
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
)

CORNER = st.integers(0, 50).map(float)
SIDE = st.integers(1, 30).map(float)


@st.composite
def boxes(draw) -> Box:
    x, y = draw(CORNER), draw(CORNER)
    xyxy = (x, y, x + draw(SIDE), y + draw(SIDE))
    return Box(label=draw(st.sampled_from(["cat", "dog"])), xyxy=xyxy)


ANNOTATIONS = st.lists(
    boxes() | st.sampled_from(["cat", "dog"]).map(lambda name: ClassLabel(label=name)), max_size=8
).map(tuple)


def bare(annotations):
    return tuple(replace(each, id="") for each in annotations)


@given(ANNOTATIONS)
def test_ids_are_distinct_and_the_same_on_every_try(annotations) -> None:
    named = with_ids("s1", annotations)
    assert with_ids("s1", annotations) == named
    assert len({each.id for each in named}) == len(named)
    assert bare(named) == annotations
    assert {each.id for each in with_ids("s2", annotations)}.isdisjoint(e.id for e in named)


@given(ANNOTATIONS, st.randoms())
def test_the_same_objects_in_any_order_keep_their_ids(annotations, random) -> None:
    old = with_ids("s", annotations)
    shuffled = list(annotations)
    random.shuffle(shuffled)
    new = carry_ids("s", old, tuple(shuffled))
    assert sorted(new, key=lambda each: each.id) == sorted(old, key=lambda each: each.id)
    assert object_changes(old, new) == []


@given(ANNOTATIONS, ANNOTATIONS)
def test_whatever_comes_gets_distinct_ids_and_the_diff_adds_up(before, after) -> None:
    old = with_ids("s", before)
    new = carry_ids("s", old, after)
    assert bare(new) == after
    assert len({each.id for each in new}) == len(new)
    kinds = [change.kind for change in object_changes(old, new)]
    assert len(old) - kinds.count("removed") + kinds.count("added") == len(new)


def test_a_nudged_box_is_the_same_object_and_a_far_one_is_another() -> None:
    old = with_ids("s", (Box(label="cat", xyxy=(0, 0, 10, 10)),))
    (nudged,) = carry_ids("s", old, (Box(label="cat", xyxy=(1, 0, 11, 10)),))
    assert nudged.id == old[0].id
    (far,) = carry_ids("s", old, (Box(label="cat", xyxy=(30, 30, 40, 40)),))
    assert far.id != old[0].id
    assert [c.kind for c in object_changes(old, (far,))] == ["removed", "added"]


def test_the_nearest_of_two_candidates_is_taken() -> None:
    old = with_ids(
        "s", (Box(label="cat", xyxy=(0, 0, 10, 10)), Box(label="cat", xyxy=(4, 0, 14, 10)))
    )
    stated = (Box(label="cat", xyxy=(5, 0, 15, 10)), Box(label="cat", xyxy=(1, 0, 11, 10)))
    new = carry_ids("s", old, stated)
    assert [each.id for each in new] == [old[1].id, old[0].id]


def test_another_class_at_the_same_place_is_a_relabelling() -> None:
    old = with_ids("s", (Box(label="cat", xyxy=(0, 0, 10, 10)), ClassLabel(label="a")))
    new = carry_ids("s", old, (Box(label="dog", xyxy=(0, 0, 10, 10)), ClassLabel(label="b")))
    changes = object_changes(old, new)
    assert [(c.kind, c.was_label, c.label) for c in changes] == [
        ("relabelled", "cat", "dog"),
        ("relabelled", "a", "b"),
    ]


def test_a_moved_box_does_not_lend_its_old_id_to_a_new_one_in_its_old_place() -> None:
    first = with_ids("s", (Box(label="cat", xyxy=(0, 0, 10, 10)),))
    moved = carry_ids("s", first, (Box(label="cat", xyxy=(2, 0, 12, 10)),))
    both = carry_ids("s", moved, (*bare(moved), Box(label="cat", xyxy=(0, 0, 10, 10))))
    assert both[0].id == moved[0].id
    assert both[1].id != both[0].id


def test_ids_that_the_format_holds_win() -> None:
    old = with_ids(
        "s", (Box(label="cat", xyxy=(0, 0, 10, 10)), Box(label="cat", xyxy=(20, 0, 30, 10)))
    )
    swapped = (replace(old[0], xyxy=old[1].xyxy), Box(label="cat", xyxy=old[1].xyxy))
    new = carry_ids("s", old, swapped)
    assert [each.id for each in new] == [old[0].id, old[1].id]


def test_two_objects_that_claim_one_id_become_two() -> None:
    twice = (
        Box(id="1", label="cat", xyxy=(0, 0, 1, 1)),
        Box(id="1", label="dog", xyxy=(2, 2, 3, 3)),
    )
    first, second = with_ids("s", twice)
    assert first.id == "1"
    assert second.id not in {"", "1"}


def test_attributes_values_and_reviews_are_told_apart_from_places() -> None:
    old = (
        Box(id="1", label="cat", xyxy=(0, 0, 10, 10)),
        NumberValue(id="2", value=3.0),
        Box(id="3", label="cat", xyxy=(0, 0, 10, 10), review="proposed"),
    )
    new = (
        Box(id="1", label="cat", xyxy=(0, 0, 10, 10), attributes={"tail": "up"}),
        NumberValue(id="2", value=4.0),
        Box(id="3", label="cat", xyxy=(0, 0, 20, 10)),
    )
    assert [(c.object, c.kind) for c in object_changes(old, new)] == [
        ("1", "attributes"),
        ("2", "attributes"),
        ("3", "moved"),
        ("3", "attributes"),
    ]


def test_every_shape_has_its_extent() -> None:
    assert extent_xyxy(Polygon(rings=((1, 2, 5, 2, 5, 9),))) == (1, 2, 5, 9)
    assert extent_xyxy(Points(points=((3, 4, 2), (7, 1, 1), (99, 99, 0)))) == (3, 1, 7, 4)
    assert extent_xyxy(ClassLabel(label="cat")) is None
    left, top, right, bottom = extent_xyxy(OrientedBox(cxcywh=(10, 10, 8, 2), angle_deg=90))
    assert (round(left, 6), round(top, 6), round(right, 6), round(bottom, 6)) == (9, 6, 11, 14)


@given(st.data())
def test_the_extent_of_a_mask_is_that_of_its_pixels(data) -> None:
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    pixels = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    counts, value = [0], False
    for pixel in pixels:  # column by column
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    found = extent_xyxy(Mask(label="x", size_hw=(height, width), counts=tuple(counts)))
    lit = [(at // height, at % height) for at, pixel in enumerate(pixels) if pixel]
    if not lit:
        assert found is None
        return
    xs, ys = zip(*lit, strict=True)
    assert found == (min(xs), min(ys), max(xs) + 1, max(ys) + 1)


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_within_bounds(a, b) -> None:
    assert 0 <= iou(a, b) <= 1
    assert iou(a, b) == iou(b, a)
    assert iou(a, a) == 1
