"""What labelling more would bring: a learning curve, and when it says nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.train_parts import SCOPE, draw_splits, folder, opened
from visloop import evaluate, store
from visloop.app.handlers import gain_of
from visloop.evaluate.learning import Learnt, expect
from visloop.ids import Ref


@given(
    st.floats(0.05, 0.9),
    st.floats(0.05, 1.0),
    st.lists(st.integers(10, 10_000), min_size=3, max_size=6, unique=True),
    st.integers(1, 20_000),
)
def test_a_curve_that_is_a_power_is_found(first, slope, sizes, more):
    errors = [Learnt(n, first * (n / min(sizes)) ** -slope, 1e-6) for n in sizes]
    found = expect(errors, more)
    assert found is not None
    assert found.more == min(more, max(sizes)), "at most a doubling"
    after = first * ((max(sizes) + found.more) / min(sizes)) ** -slope
    assert found.then == pytest.approx(after, rel=1e-4)
    assert found.gain == pytest.approx(found.now - after, rel=1e-3, abs=1e-9)
    assert found.low <= found.gain <= found.high


def test_two_sizes_are_no_curve():
    twice = [Learnt(50, 0.3, 0.01), Learnt(50, 0.32, 0.01), Learnt(90, 0.2, 0.01)]
    assert expect(twice, 10) is None
    assert expect([*twice, Learnt(200, 0.1, 0.01)], 0) is None


def test_who_is_never_wrong_says_nothing_sure():
    """Nearly no mistakes, and much doubt about them: the interval stays one of errors."""
    found = expect([Learnt(n, 1e-9, 0.05) for n in (20, 40, 80)], 50)
    assert found is not None
    assert found.now - 1 <= found.low <= found.gain <= found.high <= found.now


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        seen = rng.random(300)  # the same pictures judge every model
        sizes = [60, 110, 200, 380]
        errors = [0.35 * (n / 60) ** -0.4 for n in sizes]
        wrong = [max(float((seen < each).mean()), 0.5 / 300) for each in errors]
        models = [
            Learnt(n, e, float(np.sqrt(e * (1 - e) / 300)))
            for n, e in zip(sizes, wrong, strict=True)
        ]
        found = expect(models, 200)
        assert found is not None
        truth = errors[-1] - 0.35 * (580 / 60) ** -0.4
        held += found.low <= truth <= found.high
    assert held >= 190


def test_it_is_told_once_three_sizes_are_judged_and_till_then_what_is_missing(tmp_path):
    ready = opened(tmp_path / "ws", draw_splits(tmp_path / "pictures"), store.FakeClock())
    ports = SimpleNamespace(
        data=ready.data, registry=ready.registry, train=ready.training, evaluate=ready.evaluate
    )

    def gain(more=20):
        return gain_of(ports, SCOPE, "shapes", more)

    assert "no model has learnt from shapes" in gain().missing
    for k, version in enumerate(("v2", "v3", "v4")):
        if k:
            ready.add(folder(tmp_path / f"more{k}", start=100 + 50 * k, count=4 * k), split="train")
        ready.train(f"shapes@{version}", model_name="net")
        assert gain().improved is None
    said = gain()
    assert "known at 3 sizes" in said.missing
    assert [each.split()[1:] for each in said.fix] == [
        ["evaluate", f"net@v{k}", "--on", "shapes@v4:test"] for k in (1, 2, 3)
    ]
    for each in said.fix:
        _, _, model, _, on = each.split()
        evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(model), Ref.parse(on))
    told = gain()
    assert (told.missing, told.metric, told.on) == ("", "accuracy", "shapes@v4:test")
    assert [each.pictures for each in told.judged] == [24, 36, 60]
    assert told.improved is not None
    assert told.improved.more == 20
    assert gain(0).missing == "nothing waits"
    ready.close()
