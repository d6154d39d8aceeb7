"""The class dictionary by itself: edits, hierarchy, colours; nothing is given twice."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop import data
from visloop.data.dictionary import nearest
from visloop.data.ontology import rules
from visloop.data.ontology.colours import color_of_id, luminance
from visloop.data.ontology.lineage import ByClass, class_changes
from visloop.errors import UsageError, VisloopError

NAMES = st.sampled_from(["a", "b", "c", "d", "e", "Zug", "große Tür", "狗"])
EDITS = st.lists(st.tuples(st.integers(0, 4), NAMES, NAMES), max_size=20)


def dictionary(*names: str) -> data.ClassDictionary:
    return data.ClassDictionary().with_added(names)


def edited(known: data.ClassDictionary, kind: int, a: str, b: str) -> data.ClassDictionary:
    match kind:
        case 0:
            return rules.with_new(known, [a])
        case 1:
            return rules.renamed(known, a, b)
        case 2:
            return rules.merged(known, [a, b], b)
        case 3:
            return rules.with_details(known, a, parent=b)
        case _:
            return rules.divided(known, a, [b, f"{b}2"], keep=False)


@given(EDITS)
def test_whatever_is_edited_names_lead_to_one_class_and_ids_are_never_given_again(edits) -> None:
    known = dictionary("a", "b", "c")
    gone: set[int] = set()
    for kind, a, b in edits:
        before = {each.id for each in known.entries}
        try:
            known = edited(known, kind, a, b)
        except VisloopError:
            continue
        ids = [each.id for each in known.entries]
        gone |= before - set(ids)
        assert len(set(ids)) == len(ids)
        assert not gone & set(ids)
        assert all(number < known.next_id for number in ids)
        said = [name for each in known.entries for name in (each.name, *each.aliases)]
        assert len(set(said)) == len(said)
        for each in known.entries:
            assert each.name not in rules.ancestors(known, each.name)
            assert each.parent is None or known.resolve(each.parent) is not None


def test_a_rename_keeps_the_id_and_the_old_name_and_goes_back() -> None:
    known = rules.with_details(dictionary("car", "taxi"), "taxi", parent="car")
    there = rules.renamed(known, "car", "vehicle")
    entry = there.resolve("car")
    assert entry is not None
    assert (entry.id, entry.name, entry.aliases) == (0, "vehicle", ("car",))
    assert [each.parent for each in there.entries] == [None, "vehicle"]
    back = rules.renamed(there, "vehicle", "car")
    assert back.names == known.names
    assert back.entries[0].aliases == ("vehicle",)
    with pytest.raises(rules.NameTaken, match="'taxi' is class 'taxi'") as taken:
        rules.renamed(known, "car", "taxi")
    assert "classes merge" in taken.value.fix


def test_a_merge_takes_over_names_children_and_what_is_missing() -> None:
    known = rules.with_details(dictionary("car", "truck", "cab", "wheels"), "cab", parent="truck")
    known = rules.with_details(known, "truck", color="#123456", definition="it carries")
    known = rules.with_details(known, "car", parent="wheels")
    whole = rules.merged(known, ["car", "truck"], "vehicle")
    entry = whole.resolve("truck")
    assert entry is not None
    assert (entry.id, entry.name, entry.parent) == (4, "vehicle", "wheels")
    assert entry.aliases == ("car", "truck")
    assert (entry.color, entry.definition) == ("#123456", "it carries")
    assert [each.name for each in entry.origins] == ["car", "truck"]
    assert whole.resolve("cab").parent == "vehicle"  # type: ignore[union-attr]
    into_one = rules.merged(known, ["car", "truck"], "car")
    assert into_one.names == ("car", "cab", "wheels")
    assert into_one.entries[0].id == 0
    with pytest.raises(UsageError):
        rules.merged(known, ["car"], "car")


def test_a_class_merged_into_its_own_child_stands_where_it_stood() -> None:
    known = rules.with_details(dictionary("thing", "car", "cab"), "car", parent="thing")
    known = rules.with_details(known, "cab", parent="car")
    whole = rules.merged(known, ["car"], "cab")
    assert whole.resolve("cab").parent == "thing"  # type: ignore[union-attr]


def test_no_class_stands_above_itself() -> None:
    known = rules.with_details(dictionary("a", "b", "c"), "b", parent="a")
    known = rules.with_details(known, "c", parent="b")
    assert rules.ancestors(known, "c") == ("b", "a")
    for below in ("a", "b", "c"):
        with pytest.raises(rules.Circular):
            rules.with_details(known, "a", parent=below)
    with pytest.raises(rules.ClassNotFound):
        rules.with_details(known, "a", parent="nobody")
    assert rules.with_details(known, "c", parent="").resolve("c").parent is None  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["", " ", " car", "car ", "a\nb", "a\x00", "x" * 201])
def test_what_cannot_name_a_class_says_why(name) -> None:
    with pytest.raises(UsageError, match="cannot name a class"):
        rules.with_new(data.ClassDictionary(), [name])


def test_near_misses_of_case_and_spaces_are_told() -> None:
    known = dictionary("fire truck", "car")
    assert nearest("Fire_Truck", known) == "fire truck"
    assert nearest("CAR", known) == "car"
    assert nearest("caar", known) == "car"
    assert nearest("zebra", known) == ""


def test_every_class_has_a_colour_that_can_be_seen_and_told_from_its_neighbours() -> None:
    colours = [color_of_id(number) for number in range(200)]
    assert len(set(colours)) == 200
    assert colours[:2] == [color_of_id(0), color_of_id(1)]
    dark = luminance("#0f1115")
    for colour in colours:
        light = luminance(colour)
        assert 1.05 / (light + 0.05) >= 3.0
        assert (light + 0.05) / (dark + 0.05) >= 3.0
        ink = luminance(data.ink_on(colour))
        high, low = max(light, ink), min(light, ink)
        assert (high + 0.05) / (low + 0.05) >= 4.5
    for one, other in itertools.pairwise(colours):
        parts = [(int(one[k : k + 2], 16), int(other[k : k + 2], 16)) for k in (1, 3, 5)]
        assert sum((a - b) ** 2 for a, b in parts) ** 0.5 > 60


def test_a_colour_that_a_person_gave_stays_and_another_is_refused() -> None:
    known = rules.with_details(dictionary("car"), "car", color="#ABC")
    assert data.color_of(rules.renamed(known, "car", "auto").entries[0]) == "#aabbcc"
    bare = dictionary("car")
    assert data.color_of(rules.renamed(bare, "car", "auto").entries[0]) == color_of_id(0)
    with pytest.raises(UsageError, match="no colour"):
        rules.with_details(known, "car", color="reddish")


def test_changes_of_classes_are_told_as_what_they_are() -> None:
    first = dictionary("car", "bus", "cat")
    renamed = rules.renamed(first, "car", "auto")
    merged = rules.merged(renamed, ["auto", "bus"], "vehicle")
    split = rules.divided(merged, "vehicle", ["large", "small"], keep=False)
    told = lambda a, b: [(c.kind, c.was_name, c.name) for c in class_changes(a, b)]  # noqa: E731
    assert told(first, renamed) == [("renamed", "car", "auto")]
    assert told(renamed, merged) == [
        ("merged", "auto", "vehicle"),
        ("merged", "bus", "vehicle"),
        ("added", None, "vehicle"),
    ]
    assert told(merged, split) == [
        ("removed", None, "vehicle"),
        ("split", "vehicle", "large"),
        ("split", "vehicle", "small"),
    ]
    assert ByClass.between(first, renamed).pairs == {("car", "auto")}
    assert ByClass.between(merged, renamed).pairs == {("vehicle", "auto"), ("vehicle", "bus")}
    assert ByClass.between(split, split).pairs == set()
