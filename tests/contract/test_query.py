"""Questions over data sets: the columns answer as plain Python over the samples would, at any version."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data_world import SCOPE, close, folder_of, make_ports
from visloop import data
from visloop.data.querying.source import Columns
from visloop.data.snapshot import Snapshot
from visloop.data.tree.edit import build
from visloop.data.tree.nodes import Nodes, Scratch, Shape
from visloop.data.working import encode
from visloop.errors import NotFound
from visloop.ids import Ref
from visloop.query import Kept, Numbers, Texts, check, complete, counted_by, facet, run
from visloop.vision import Box, ClassLabel, Polygon

LABELS = ("cat", "car", "dog")
_INTS = st.one_of(st.integers(-5, 5), st.sampled_from([2**62, -(2**62)]))
_FLOATS = st.sampled_from([-1.5, 0.0, 0.5, 2.0, 3.25])


def _box(label, x, y, w, h, score):
    return Box(id="", label=label, xyxy=(x, y, x + w, y + h), score=score, attributes={"side": w})


_SIDE = st.integers(1, 9)
_LABEL = st.sampled_from(LABELS)
annotation = st.one_of(
    st.builds(_box, _LABEL, _SIDE, _SIDE, _SIDE, _SIDE, st.sampled_from([None, 0.25, 0.75])),
    st.builds(ClassLabel, label=_LABEL),
    st.builds(lambda name, s: Polygon(label=name, rings=((0, 0, s, 0, s, s),)), _LABEL, _SIDE),
)
metadata = st.fixed_dictionaries(
    {},
    optional={
        "exif.iso": _INTS,
        "exif.f_number": _FLOATS,
        "exif.flash": st.booleans(),
        "licence": st.sampled_from(["MIT", "CC0-1.0", "100%", "Ünï"]),
        "captured": st.sampled_from(
            ["2024-05-01T00:00:00Z", "2024-05-01T01:00:00+02:00", "2024-06-30T23:59:59.5Z"]
        ),
    },
)
sample = st.builds(
    lambda width, notes, meta, split, labelled: {
        "width": width, "annotations": tuple(notes), "metadata": meta, "split": split,
        "labelled": labelled or bool(notes),
    },
    st.integers(1, 9), st.lists(annotation, max_size=4), metadata,
    st.sampled_from([None, "train", "test"]), st.booleans(),
)  # fmt: skip

OPERATORS = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def _numbers(name, value, wanted):
    return st.builds(
        lambda op, n: (
            f"{name} {op} {n}",
            lambda x: value(x) is not None and OPERATORS[op](value(x), n),
        ),
        st.sampled_from(list(OPERATORS)),
        wanted,
    )


def _meta(key):
    return lambda x: x.metadata.get(key)


def _side(x):
    match x:
        case Box():
            return x.xyxy[2] - x.xyxy[0]
        case Polygon():
            return max(x.rings[0][0::2])
        case _:
            return None


def _combined(inner):
    return st.one_of(
        st.builds(
            lambda a, b: (f"({a[0]}) and ({b[0]})", lambda x: a[1](x) and b[1](x)), inner, inner
        ),
        st.builds(lambda a, b: (f"({a[0]}) or {b[0]}", lambda x: a[1](x) or b[1](x)), inner, inner),
        st.builds(lambda a: (f"not ({a[0]})", lambda x: not a[1](x)), inner),
    )


on_object = st.recursive(
    st.one_of(
        _LABEL.map(lambda name: (f'label = "{name}"', lambda x: x.label == name)),
        _LABEL.map(lambda name: (f"label not in ({name})", lambda x: x.label != name)),
        _numbers("width", _side, st.integers(1, 9)),
        _numbers("score", lambda x: x.score, st.sampled_from([0.25, 0.5])),
        st.just(("kind = polygon", lambda x: isinstance(x, Polygon))),
        st.just(("score exists", lambda x: x.score is not None)),
    ),
    _combined,
    max_leaves=3,
)


def _scoped(scope, fits):
    def make(inner, op, n):
        def count(x):
            return sum(fits(each) and bool(inner[1](each)) for each in x.annotations)

        if op is None:
            return f"{scope}({inner[0]})", lambda x: count(x) > 0
        return f"{scope}({inner[0]}) {op} {n}", lambda x: OPERATORS[op](count(x), n)

    ops = st.sampled_from([None, *OPERATORS])
    return st.builds(make, on_object, ops, st.integers(0, 3))


_MAY = ("2024-05-01T00:00:00Z",)
on_sample = st.recursive(
    st.one_of(
        _numbers("width", lambda x: x.width, st.one_of(st.integers(0, 10), _FLOATS)),
        _numbers("exif.iso", _meta("exif.iso"), st.one_of(_INTS, _FLOATS, st.just(10**30))),
        _numbers("exif.f_number", _meta("exif.f_number"), _FLOATS),
        _numbers("annotations.count", lambda x: len(x.annotations), st.integers(0, 4)),
        st.builds(
            lambda op, word: (f'path {op} "{word}"', lambda x: OPERATORS[op](x.path, word)),
            st.sampled_from(["<", "<=", ">", ">="]),
            st.sampled_from(["", "1.jpg", "a", "d/1.jpg", "~"]),
        ),
        st.just(("split = train", lambda x: x.split == "train")),
        st.just(("split != train", lambda x: x.split not in (None, "train"))),
        st.just(("split not in (train)", lambda x: x.split not in (None, "train"))),
        st.just(("labelled", lambda x: x.labelled)),
        st.just(("negative", lambda x: x.labelled and not x.annotations)),
        st.just(("exif.flash", lambda x: x.metadata.get("exif.flash") is True)),
        st.just(("exif.flash = false", lambda x: x.metadata.get("exif.flash") is False)),
        st.just(("captured = 2024-05", lambda x: x.metadata.get("captured") in _MAY)),
        st.just(("captured < 2024-05", lambda x: "+02" in x.metadata.get("captured", ""))),
        st.just(("captured > 2024-05", lambda x: "06-30" in x.metadata.get("captured", ""))),
        st.just((r'licence like "100\\%"', lambda x: x.metadata.get("licence") == "100%")),
        st.just(('licence like "%0%"', lambda x: "0" in x.metadata.get("licence", ""))),
        st.just(('"ÜNÏ"', lambda x: x.metadata.get("licence") == "Ünï")),
        st.just(("cat", lambda x: any(each.label == "cat" for each in x.annotations))),
        st.just(('path like "d1%"', lambda x: fnmatch.fnmatchcase(x.path, "d1*"))),
        _LABEL.map(
            lambda name: (
                f"annotations.label = {name}",
                lambda x: any(each.label == name for each in x.annotations),
            )
        ),
        _scoped("box", lambda each: isinstance(each, Box)),
        _scoped("annotation", lambda each: each is not None),
        _scoped("object", lambda each: not isinstance(each, ClassLabel)),
    ),
    _combined,
    max_leaves=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    made = make_ports(tmp_path_factory.mktemp("query"))
    yield replace(made, columns=Kept(long=1))
    close(made)


def _source(ports, rows, *, of_parts=False):
    """A version of these samples in many small chunks."""
    samples = [
        data.Sample(
            id=f"{at:032}", path=f"d{at % 3}/{at:03}.jpg", image="0" * 64, bytes=at, height=4, **row
        )
        for at, row in enumerate(rows)
    ]
    samples.sort(key=lambda each: each.path)
    classes = data.ClassDictionary().with_added(LABELS)
    tree = build(Nodes(Scratch(ports.blobs), Shape(1, 2, 4)), map(encode, samples))
    version = data.Version("d", 1, "", None, len(samples), "", "", "")
    return Columns(ports, Snapshot(version, classes, tree), of_parts=of_parts), samples


_quiet = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@_quiet
@given(rows=st.lists(sample, max_size=9), asked=on_sample)
def test_columns_answer_as_python_over_the_samples_does(ports, rows, asked):
    text, fits = asked
    if not {each["split"] for each in rows} >= {"train"} and "train" in text:
        rows = [*rows, {"width": 1, "split": "train"}]
    source, samples = _source(ports, rows)
    wanted = [each.path for each in samples if fits(each)]
    for _ in range(2):  # asked again, it is known where texts stand
        found = run(check(text, source.schema), source)
        assert [samples[at].path for at in found.at] == wanted, text


@_quiet
@given(rows=st.lists(sample, max_size=9), asked=on_object)
def test_objects_answer_as_python_over_the_annotations_does(ports, rows, asked):
    text, fits = asked
    source, samples = _source(ports, rows, of_parts=True)
    wanted = [
        (row, place)
        for row, each in enumerate(samples)
        for place, one in enumerate(each.annotations)
        if fits(one)
    ]
    for _ in range(2):
        found = run(check(text, source.schema), source)
        assert [source.place_in_sample(int(at)) for at in found.at] == wanted, text


def _plainly(column):
    """(values, sorted words): a value, or none, for each row."""
    if isinstance(column, Texts):
        return [column.words[at] if at >= 0 else None for at in column.codes], sorted(column.words)
    has = column.has.tolist()
    return [
        v if is_there else None for v, is_there in zip(column.values.tolist(), has, strict=True)
    ], []


@settings(_quiet, max_examples=20)
@given(rows=st.lists(sample, min_size=8, max_size=14), other=sample, at=st.integers(0, 7))
@pytest.mark.parametrize("as_files", [False, True])
def test_columns_made_from_an_earlier_version_are_as_if_made_afresh(
    ports, tmp_path, as_files, rows, other, at
):
    def columns(source):
        fields = (*source.schema.rows.fields, *source.schema.parts.fields)
        told = {each.key: _plainly(source.column(each)) for each in fields}
        return told, source.owners().tolist(), source.size(parts=True)

    here = replace(ports, columns=Kept(tmp_path)) if as_files else ports
    columns(_source(here, rows)[0])
    edited = [*rows[:at], other, *rows[at + 1 :], other]
    for now in (edited, edited[: len(rows)], rows):
        if as_files:
            here = replace(ports, columns=Kept(tmp_path))  # as the next process finds it
        afresh = replace(ports, columns=Kept())
        assert columns(_source(here, now)[0]) == columns(_source(afresh, now)[0])


@settings(_quiet, max_examples=40)
@given(
    st.lists(st.lists(_LABEL, max_size=24).map(lambda names: [*names, *names[:9]]), max_size=6),
    st.sampled_from(["", "annotations.label = cat", "not cat"]),
)
def test_facets_count_each_row_once_a_value(ports, labels, asked):
    rows = [
        {"width": 1 + at % 3, "annotations": tuple(ClassLabel(label=each) for each in names)}
        for at, names in enumerate(labels)
    ]
    source, samples = _source(ports, rows)
    found = run(check(asked, source.schema), source)
    chosen = [samples[at] for at in found.at]
    told = facet(found, source, counted_by(source.schema, "label"))
    wanted = Counter(name for each in chosen for name in {a.label for a in each.annotations})
    assert {each["value"]: each["count"] for each in told.values} == wanted
    assert told.without == sum(not each.annotations for each in chosen)
    widths = facet(found, source, counted_by(source.schema, "width"))
    wanted = sorted(Counter(each.width for each in chosen).items())
    assert [(each["value"], each["count"]) for each in widths.values] == wanted


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(-(2**70), 2**70).map(float),
            st.sampled_from([-1.5, -0.0, 127.0, 128.0, 2.0**31, float("inf")]),
        ),
        max_size=6,
    )
)
def test_a_packed_column_holds_the_same_numbers(values):
    plain = np.array([np.nan if each is None else each for each in values], np.float64)
    packed = Numbers(plain).packed()
    assert packed.nbytes <= plain.nbytes + len(plain)
    told = zip(packed.values.tolist(), packed.has.tolist(), strict=True)
    assert [value if has else None for value, has in told] == values


@_quiet
@given(rows=st.lists(sample, max_size=9), down=st.booleans())
def test_rows_come_in_the_order_asked_for_those_without_a_value_last(ports, rows, down):
    source, samples = _source(ports, rows)
    text = f"sort by exif.iso {'desc' if down else ''}, path"
    found = run(check(text, source.schema), source)
    sign = -1 if down else 1

    def key(each):
        iso = each.metadata.get("exif.iso")
        return (iso is None, sign * (iso or 0), each.path)

    assert [samples[at].path for at in found.at] == [each.path for each in sorted(samples, key=key)]


def test_what_changed_since_a_version_and_what_a_version_was(tmp_path):
    ports = make_ports(tmp_path / "w")
    data.add(ports, SCOPE, "pets", [folder_of(tmp_path / "p", cat=3, dog=2)])
    data.commit(ports, SCOPE, "pets", "first")
    folder_of(tmp_path / "p", cat=4)
    data.add(ports, SCOPE, "pets", [tmp_path / "p"])
    data.remove(ports, SCOPE, "pets", ["dog/dog0.jpg"])

    def paths(text, version="work", **options):
        ref = Ref.parse(f"pets@{version}")
        return [row["path"] for row in data.query(ports, SCOPE, ref, text, **options).rows]

    assert paths("changed since v1") == ["cat/cat3.jpg"]
    assert paths("annotations.label = dog") == ["dog/dog1.jpg"]
    assert paths("annotations.label = dog", "v1") == ["dog/dog0.jpg", "dog/dog1.jpg"]
    assert paths("cat limit 2") == ["cat/cat0.jpg", "cat/cat1.jpg"]
    assert paths("label = cat", of_objects=True, offset=3) == ["cat/cat3.jpg"]
    answer = data.query(
        ports, SCOPE, Ref.parse("pets@work"), "", facets=["folder", "label", "bytes"]
    )
    assert answer.count == 5
    told = {each.field: each.values for each in answer.facets}
    assert told["folder"] == (
        {"value": "", "count": 5}, {"value": "cat", "count": 4}, {"value": "dog", "count": 1},
    )  # fmt: skip
    assert told["label"] == ({"value": "cat", "count": 4}, {"value": "dog", "count": 1})
    assert sum(each["count"] for each in told["bytes"]) == 5
    close(ports)


def _shelf(number, *boxes):
    """A sample with boxes: (id, label, left side)."""
    found = [Box(id=i, label=name, xyxy=(x, 0, x + 4, 4)) for i, name, x in boxes]
    return data.Sample(
        id=f"{number:032}", path=f"{number}.jpg", image=f"{number:064}", bytes=1, width=9, height=9,
        annotations=tuple(found),
    )  # fmt: skip


def test_objects_that_changed_between_any_two_versions(tmp_path):
    ports = make_ports(tmp_path / "w")
    versions = (
        [_shelf(0, ("a", "cat", 0), ("b", "dog", 3)), _shelf(1, ("c", "cat", 1))],
        [_shelf(0, ("a", "cat", 0), ("b", "cat", 3)), _shelf(2, ("d", "dog", 2))],
        [_shelf(1, ("c", "cat", 5), ("e", "cat", 7))],
    )
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "shelf", [])
    data.add_classes(ports, SCOPE, "shelf", ("cat", "dog"))
    for changed in versions:
        with ports.ledger.write(SCOPE) as write:
            data.stage(ports, write, "shelf", changed)
        data.commit(ports, SCOPE, "shelf", "more")

    def ids(text, version="v3"):
        ref = Ref.parse(f"shelf@{version}")
        return "".join(
            row["id"] for row in data.query(ports, SCOPE, ref, text, of_objects=True).rows
        )

    def paths(text, version="v3"):
        ref = Ref.parse(f"shelf@{version}")
        return [row["path"][0] for row in data.query(ports, SCOPE, ref, text).rows]

    assert (ids("changed since v1"), ids("changed since v2")) == ("bced", "ce")
    assert ids("changed since v1", "v2") == "bd"
    assert (ids("changed since v3", "v1"), ids("changed since v1", "v1")) == ("bc", "")
    assert ids("sample(changed since v1)", "v2") == "abd"
    assert (paths("box(changed since v2)"), paths("box(label = dog and changed since v1)")) == (
        ["1"],
        ["2"],
    )
    assert paths("not changed since v2") == ["0", "2"]
    assert (ids("sort by x1 desc, id limit 3"), ids("sort by x1 desc limit 2", "v1")) == (
        "ecb",
        "bc",
    )
    with pytest.raises(NotFound, match="'v9'"):
        ids("changed since v9")
    row = data.query(ports, SCOPE, Ref.parse("shelf@v3"), "id = e", of_objects=True).rows[0]
    assert (row["path"], row["around"], row["picture_wh"]) == ("1.jpg", (7, 0, 11, 4), (9, 9))
    close(ports)


def test_a_torn_or_foreign_file_in_the_cache_costs_nothing_but_time(ports, tmp_path):
    from visloop.query import Kept  # noqa: PLC0415

    rows = [{"width": n, "split": None} for n in range(1, 9)]
    source, _ = _source(ports, rows)
    asked = check("width > 4", source.schema)
    for damage in (None, b"", b"\x93garbage", None):
        object.__setattr__(source, "_kept", Kept(tmp_path))
        for file in tmp_path.glob("*/*"):
            if damage is not None:
                file.write_bytes(damage)
        assert len(run(asked, source).at) == 4
    assert list(tmp_path.glob("*/*"))


COMPLETIONS = [
    ("exif.is", 0, ["exif.iso"]),
    ("box(lab", 4, ["label", "labelled"]),
    ('annotations.label = "c', 20, ["cat", "car"]),
    ("annotations.label = d", 20, ["dog"]),
    ("exif.flash = ", 13, ["true", "false"]),
    ("exif.iso e", 9, ["exists"]),
    ("labelled ", 9, ["=", "!=", "exists", "and", "or", "sort by", "limit"]),
    ("box(label = cat ", 16, ["and", "or", ")"]),
    ("exif.iso > 3 s", 13, ["sort by"]),
    ("path sort by exif.f_n", 13, ["exif.f_number"]),
    ("exif.iso > > ", 13, []),
]


@pytest.mark.parametrize(("text", "start", "wanted"), COMPLETIONS)
def test_what_could_stand_next(ports, text, start, wanted):
    source, _ = _source(ports, [{"width": 1, "split": None}])
    found = complete(text, len(text), source)
    assert [each.text for each in found.candidates] == wanted
    assert (found.start, found.end) == (start, len(text))


def test_completion_says_what_is_wrong_so_far_and_where(ports):
    source, _ = _source(ports, [{"width": 1, "split": None}])
    found = complete("exif.isoo > 3 and wid", 21, source)
    assert [each.text for each in found.candidates] == ["width"]
    assert (found.problem, found.problem_start, found.problem_end) == ("no field 'exif.isoo'", 0, 9)
    assert "exif.iso" in found.fix
