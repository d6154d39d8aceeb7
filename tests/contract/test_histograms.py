"""Histograms of what a question finds: every row in one bar, round edges, outliers told aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.query import Relation, ask, named, recorded
from visloop.query.edges import BARS, edges_of
from visloop.vision import Box

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALUES = {
    "integer": st.one_of(st.integers(-40, 40), st.integers(-(2**60), 2**60)),
    "number": st.one_of(
        st.sampled_from([0.1, 0.3, 0.6, 2.8, 2.9]), st.floats(-1e9, 1e9), st.floats(allow_nan=False)
    ),
    "time": st.one_of(
        st.integers(0, 4000).map(lambda each: START + timedelta(seconds=each)),
        st.datetimes(timezones=st.just(UTC)),
    ),
}
COLUMNS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        st.lists(st.tuples(st.one_of(st.none(), VALUES[kind]), st.booleans()), max_size=40),
    )
)


def rows(kind: str, values: list[object], **more: list[object]) -> Relation:
    fields = [named("value", kind, "a value"), named("chosen", "boolean", "whether it is found")]
    columns = {"value": values, "chosen": [True] * len(values)} | more
    records = [
        dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)
    ]
    return recorded("row", "rows", fields, records)


def histogram(kind: str, values: list[object], text: str = "", **more: list[object]):
    return ask(rows(kind, values, **more), text, histograms=["value"]).histograms[0]


@given(COLUMNS)
def test_every_row_that_is_found_is_counted_once(column) -> None:
    kind, pairs = column
    values, chosen = [each for each, _ in pairs], [each for _, each in pairs]
    there = [each for each in values if each is not None]
    told = ask(rows(kind, values, chosen=chosen), "chosen", histograms=["value"]).histograms
    if not any(kind == "time" or abs(each) <= 1e300 for each in there):
        assert told == ()
        return
    [told] = told
    assert len(told.edges) == len(told.counts) + 1 == len(told.everything) + 1 <= BARS + 3
    assert list(told.edges) == sorted(told.edges)
    assert sum(told.counts) + told.below + told.above + told.without == sum(chosen)
    assert sum(told.everything) <= len(there)
    assert all(n <= whole for n, whole in zip(told.counts, told.everything, strict=True))


@pytest.mark.parametrize(
    ("kind", "values", "edges"),
    [
        ("integer", range(1, 11), list(range(1, 12))),
        ("integer", range(64, 4097), list(range(0, 4201, 200))),
        ("integer", range(100, 3201, 100), list(range(0, 3401, 200))),
        ("integer", [5], [5, 10]),
        ("number", [0.1, 0.3, 0.6], [round(0.1 + 0.02 * at, 2) for at in range(27)]),
        ("number", [2.0, 8.0], [2, 4, 6, 8, 10]),
        ("number", [2.0, 8.5], [1.8 + 0.3 * at for at in range(24)]),
    ],
)
def test_edges_are_round(kind, values, edges) -> None:
    assert histogram(kind, list(values)).edges == pytest.approx(edges, abs=1e-12)


def test_days_begin_at_midnight() -> None:
    told = histogram("time", [START + timedelta(days=each) for each in range(60)])
    assert told.edges[:2] == ("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z")
    assert set(told.counts) == {2}


@given(st.integers(2, 10_000), st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_there_are_about_thirty_bars(n, scale, shift) -> None:
    values = shift + scale * np.linspace(0, 1, n)
    edges = edges_of(values, whole=False, times=False)
    assert BARS / 2 <= len(edges) - 1 <= BARS + 2
    assert edges[0] <= values.min()
    assert values.max() < edges[-1]


def test_outliers_do_not_squash_the_picture() -> None:
    near = [100 + at % 50 for at in range(1000)]
    assert (histogram("integer", near).least, histogram("integer", near).edges[-1]) == (100, 150)
    told = histogram("integer", [*near, 1_000_000, -7])
    assert (told.below, told.above, told.least, told.most) == (1, 1, -7, 1_000_000)
    assert (told.edges[0], told.edges[-1]) == (100, 150)
    assert sum(told.counts) == 1000
    far = histogram("integer", [*near, 175])  # no outlier: the picture has room for it
    assert (far.above, far.most) == (0, 175)


def test_edges_do_not_depend_on_the_question() -> None:
    values = list(range(100))
    whole, part = histogram("integer", values), histogram("integer", values, "value > 70")
    assert part.edges == whole.edges
    assert part.everything == whole.counts
    assert sum(part.counts) == 29


def test_what_is_no_number_has_no_histogram() -> None:
    with pytest.raises(UsageError, match="'chosen' is neither a number nor a time"):
        ask(rows("integer", [1, 2]), "", histograms=["chosen"])
    with pytest.raises(UsageError, match="histograms of 13 fields"):
        ask(rows("integer", [1, 2]), "", histograms=["value"] * 13)
    with pytest.raises(UsageError, match="no field 'valu'"):
        ask(rows("integer", [1, 2]), "", histograms=["valu"])
    assert ask(rows("integer", [3, 3]), "", histograms=["*"]).histograms == ()
    [told] = ask(rows("integer", [3, 4, None]), "", histograms=["*"]).histograms
    assert (told.field, told.counts, told.without) == ("value", (1, 1), 1)


def test_samples_tell_their_own_fields_first(tmp_path) -> None:
    ports = make_ports(tmp_path / "w")
    samples = [
        data.Sample(
            id=f"{at:032}", path=f"{at}.jpg", image=f"{at:064}", bytes=1000, width=10 + at, height=9,
            metadata={"brightness": at / 10, "exif.iso": 100},
            annotations=tuple(
                Box(id=f"{at}-{n}", label="cat", xyxy=(0, 0, 4 + n, 4)) for n in range(at)
            ),
        )
        for at in range(6)
    ]  # fmt: skip
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "shelf", [])
    data.add_classes(ports, SCOPE, "shelf", ("cat",))
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "shelf", samples)

    def told(text: str, *names: str, **more):
        return data.query(ports, SCOPE, Ref.parse("shelf@work"), text, histograms=names, **more)

    found = told("width >= 13", "*")
    assert [each.field for each in found.histograms] == [
        "brightness", "annotations.objects", "width", "aspect",
    ]  # fmt: skip
    objects = found.histograms[1]
    assert objects.edges == tuple(range(7))
    assert (objects.counts, objects.everything) == ((0, 0, 0, 1, 1, 1), (1, 1, 1, 1, 1, 1))
    [sides] = told("", "annotations.width").histograms  # of boxes: once a sample for each bar
    assert (sides.counts, sides.without) == ((5, 4, 3, 2, 1), 1)
    [sides] = told("width >= 8", "width", of_objects=True).histograms
    assert sides.counts == (0, 0, 0, 0, 1)
    close(ports)
