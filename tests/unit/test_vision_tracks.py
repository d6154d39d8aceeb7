"""Tracks between their key frames: what a rule on paper says, whatever the shapes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop.vision import (
    Course,
    Mask,
    OrientedBox,
    Points,
    Polygon,
    Track,
    between,
    course_of,
    filled,
)

PLACES = (0, 10, 20, 40, 80, 90, 100, 110)
numbers = st.floats(-1e4, 1e4)


def box(*xyxy: float, **more: object) -> Track:
    return Track(**{"track": "t", "label": "car", "xyxy": xyxy, **more})


def turned(angle: float) -> OrientedBox:
    return OrientedBox(track="t", cxcywh=(5, 5, 4, 2), angle_deg=angle)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    frames = st.integers(0, len(PLACES) - 1)
    keys = {
        at: box(*draw(st.tuples(numbers, numbers, numbers, numbers)), id=f"k{at}")
        for at in sorted(draw(st.sets(frames)))
    }
    stops = {at for at in draw(st.sets(frames)) if at >= min(keys, default=len(PLACES))}
    last = max(keys, default=0)
    beyond = [at for at in stops if at >= last]
    return Course(keys, frozenset(at for at in stops if at < last) | set(beyond[:1]))


def test_a_box_moves_in_a_straight_line_in_time() -> None:
    shown = filled(Course({0: box(0, 0, 10, 10), 4: box(80, 40, 90, 50)}), PLACES)
    assert [shown[at].xyxy for at in range(5)] == [
        (0, 0, 10, 10),
        (10, 5, 20, 15),
        (20, 10, 30, 20),
        (40, 20, 50, 30),
        (80, 40, 90, 50),
    ]
    assert [shown[at].key_frame for at in range(5)] == [True, False, False, False, True]
    assert 5 not in shown, "it ends with its last key frame"


def test_what_leaves_is_held_until_there_and_comes_back_in_the_next_key_frame() -> None:
    shown = filled(Course({1: box(0, 0, 1, 1), 6: box(9, 9, 10, 10)}, frozenset({3})), PLACES)
    assert sorted(shown) == [1, 2, 3, 6]
    assert shown[3].xyxy == (0, 0, 1, 1)
    assert [at for at in shown if shown[at].ends] == [3]


@pytest.mark.parametrize(("a", "b", "half"), [(170, -170, -180), (-10, 30, 10), (350, 10, 0)])
def test_a_turned_box_turns_by_the_smaller_angle(a: float, b: float, half: float) -> None:
    assert between(turned(a), turned(b), 0.5).angle_deg == half


def test_corners_and_points_go_each_to_its_own_and_what_cannot_stays() -> None:
    three, four = (0, 0, 4, 0, 4, 4), (0, 0, 4, 0, 4, 4, 0, 4)
    moved = between(Polygon(track="t", rings=(three,)), Polygon(rings=((2, 2, 6, 2, 6, 6),)), 0.5)
    assert moved.rings == ((1, 1, 5, 1, 5, 5),)
    still = Polygon(track="t", rings=(three,))
    assert between(still, Polygon(rings=(four,)), 0.5) is still
    pose = Points(track="t", points=((0, 0, 2), (5, 5, 0), (6, 6, 1)))
    later = Points(track="t", points=((2, 4, 1), (9, 9, 2), (8, 6, 2)))
    assert between(pose, later, 0.5).points == ((1, 2, 2), (5, 5, 0), (7, 6, 1))
    mask = Mask(track="t", size_hw=(2, 2), counts=(4,))
    assert between(mask, Mask(track="t", size_hw=(2, 2), counts=(0, 4)), 0.9) is mask
    assert between(mask, turned(3), 0.9) is mask


@given(courses())
def test_a_course_is_told_by_what_it_shows(course: Course) -> None:
    """What is stored frame by frame says the same course again: nothing else must be kept."""
    shown = filled(course, PLACES)
    again = course_of(shown)
    assert filled(again, PLACES) == shown
    assert {at: each.xyxy for at, each in again.keys.items()} == {
        at: each.xyxy for at, each in course.keys.items()
    }


@given(courses())
def test_between_two_key_frames_it_lies_between_them(course: Course) -> None:
    for at, each in filled(course, PLACES).items():
        before = course.keys[max(key for key in course.keys if key <= at)]
        after = course.keys[
            min((key for key in course.keys if key >= at), default=max(course.keys))
        ]
        for value, p, q in zip(each.xyxy, before.xyxy, after.xyxy, strict=True):
            slack = 1e-9 * max(abs(p), abs(q), 1)
            assert min(p, q) - slack <= value <= max(p, q) + slack


@given(st.floats(-720, 720), st.floats(-720, 720), st.floats(0, 1, exclude_max=True))
def test_no_turn_is_more_than_half_of_one(a: float, b: float, share: float) -> None:
    angle = between(turned(a), turned(b), share).angle_deg
    assert -180 <= angle < 180 or math.isclose(angle, 180)
    apart = abs((angle - a + 180) % 360 - 180)
    assert apart <= 180 * share + 1e-6


def test_files_that_end_a_track_without_a_word_are_held_to_that_frame() -> None:
    said = {0: box(0, 0, 1, 1), 1: box(0, 0, 1, 1, key_frame=False)}
    assert course_of(said).stops == {1}
    assert course_of({3: box(0, 0, 1, 1, key_frame=False)}).keys.keys() == {3}
    assert course_of({}) == Course({})
