"""Questions that cannot be understood are answered with the place and what was meant; nothing else breaks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.query import Field, Level, QueryWrong, Schema, check

SCHEMA = Schema(
    Level(
        "sample",
        "samples",
        (
            Field("path", ("path", "sample.path"), "text", searched=True),
            Field("width", ("width", "sample.width"), "integer", unit="px", units=("px",)),
            Field("metadata.width", ("width", "metadata.width"), "number"),
            Field("height", ("height", "sample.height"), "integer", unit="px", units=("px",)),
            Field("split", ("split", "sample.split"), "text", values=("train", "test")),
            Field("labelled", ("labelled", "sample.labelled"), "boolean"),
            Field("captured", ("captured", "metadata.captured"), "time"),
            Field("exif.iso", ("exif.iso", "metadata.exif.iso"), "integer"),
            Field("count.objects", ("annotations.objects",), "integer"),
            Field(
                "depth",
                ("depth", "metadata.depth"),
                "number",
                unit="mm",
                units=("mm", "cm", "m"),
                convert=lambda number, unit: number * {"cm": 10}[unit] if unit == "cm" else None,
            ),
        ),
    ),
    Level(
        "object",
        "objects",
        (
            Field("object.label", ("label",), "text", parts=True, values=("cat", "car")),
            Field("object.kind", ("kind",), "text", parts=True),
            Field("object.area", ("area",), "number", parts=True),
        ),
    ),
    "annotations",
    {"object": (), "annotation": (), "box": ("box",)},
    kind="object.kind",
)

WRONG = [
    ("exif.isoo > 800", "exif.isoo", "no field", "exif.iso"),
    ("height > 3 lightyears", "3 lightyears", "px", "px"),
    ("height > tall", "tall", "a number", "height > 100"),
    ("height > 640 adn labelled", "adn", "expected and", "and"),
    ('split = "tset"', '"tset"', "never", "test"),
    ('annotations.label = "cta"', '"cta"', "never", "cat"),
    ("width > 3", "width", "two ways", "sample.width or metadata.width"),
    (
        'annotations.label != "car"',
        'annotations.label != "car"',
        "two ways",
        "not annotations.label",
    ),
    ("annotations.label not in (car)", "annotations.label not in (car)", "two ways", "in (car)"),
    ("height", "height", "two ways", "height exists"),
    ("box", "box", "two ways", "box()"),
    ("labeled", "labeled", "no field", "labelled"),
    ("label = car", "label", "no field 'label'", "annotations.label"),
    ("box(height > 3", "", "expected and, or or )", ""),
    ("blob(label = cat)", "blob", "kind of object", "there are"),
    ("height >", "", "expected a value", ""),
    ("height > 3 and", "", "expected a field", ""),
    ("and height > 3", "and", "expected a field", ""),
    ("height > 3 height < 4", "height", "expected and", ""),
    ("path < 3", "path < 3", "of type text", "path ="),
    ("path like dock", "dock", "a pattern in quotes", "like"),
    ('path = "dock', '"dock', "not closed", '"'),
    ("captured > yesterday", "yesterday", "a moment", "2024"),
    ("captured > 2024-13-01", "2024-13-01", "a moment", "2024"),
    ('not near "a red shirt"', 'near "a red shirt"', "stands once", "and near"),
    ('near "x" and similar "a.jpg"', 'near "x"', "stands once", "and near"),
    ('near "x" limit 3', 'near "x"', "ranks samples, not", "--of samples"),
    ("labelled = 3", "3", "true or false", "labelled = true"),
    ("height > 1e999", "1e999", "finite", "smaller"),
    ("sort by annotations.area", "annotations.area", "several", "--of"),
    ("height & labelled", "&", "nothing here", "and"),
    ("(" * 200 + "height > 3" + ")" * 200, "(", "too many parentheses", "at most"),
]


@pytest.mark.parametrize(("text", "place", "says", "fix"), WRONG)
def test_what_is_wrong_is_said_with_its_place(text, place, says, fix):
    with pytest.raises(QueryWrong) as caught:
        check(text, SCHEMA)
    wrong = caught.value
    assert says in wrong.problem
    assert fix in wrong.fix
    assert text[wrong.at.start : wrong.at.end] == place
    assert "^" in wrong.what


RIGHT = [
    "",
    "labelled",
    "not labelled and (height >= 640 or sample.width < 3)",
    "box(label = cat and area >= 50) >= 2",
    "box() and height > 3 px",
    "depth > 3 cm",
    "captured >= 2024-05 and captured < 2024-06-01T12:00:00+02:00",
    'path like "a_b%" and path not like "%.png"',
    "split in (train, test) and not split exists",
    "changed since v3 sort by height desc, path limit 10",
    "night truck",
    '"night truck" or night',
    "HEIGHT exists" .replace("HEIGHT", "height") + " AND labelled = yes",
    "`exif.iso` > 800",
    "annotations.objects > 0",
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_taken(text):
    check(text, SCHEMA)


PIECES = [
    *"()=,<>%`'\"\\&. ",
    *("<=", ">=", "!=", " and ", " or ", " not ", " in ", " like ", " exists ", "box(", "object("),
    *("annotations.", "label", "cat", "height", "width", "sample.", "captured", "2024-05-01", "3"),
    *(
        " cm",
        "sort by ",
        "limit ",
        "desc",
        "changed since ",
        "v3",
        "near ",
        '"x"',
        "labelled",
        "é",
        "\0",
    ),
]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)))
def test_any_text_is_a_question_or_wrong_in_our_words(text):
    wrong = None
    try:
        check(text, SCHEMA)
    except QueryWrong as caught:
        wrong = caught
    assert wrong is None or 0 <= wrong.at.start <= wrong.at.end <= len(text)
    assert wrong is None or wrong.problem
