"""A model under load: a real serving process, a normal network and one that is too heavy."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.journey.serve_world import CLASSES, network
from tests.unit.train_parts import SCOPE, draw_splits, opened
from visloop import deploy, evaluate, registry, store
from visloop.deploy.load.assessing import outcome_of
from visloop.deploy.load.clients import Stretch
from visloop.deploy.load.measuring import Level, Loaded
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.loop.gathering import GATHERING
from visloop.vision import Contract, Resize

FAST = {"seconds": "0.5", "starts": "1", "pictures": "4"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    pictures = draw_splits(tmp_path_factory.mktemp("pictures"))
    workspace = opened(tmp_path_factory.mktemp("rooms") / "ws", pictures, store.FakeClock())
    yield workspace
    workspace.close()


def registered(ready, name, **made):
    size_px = made.get("size_px", 32)
    contract = Contract(
        resize=Resize(mode="squash", size_px=size_px, crop_px=None), classes=CLASSES
    )
    package = registry.Package(onnx=network(**made), contract=contract)
    return registry.register(ready.registry, SCOPE, name, package, run=f"run-{name}")


def measured(ready, version, **settings):
    return evaluate.make_assessment(
        ready.evaluate,
        SCOPE,
        "load",
        version,
        Ref.parse("shapes@v2"),
        settings=FAST | settings,
        gathering=GATHERING,
    )


def test_a_normal_model_is_measured_at_every_level_and_nothing_of_the_workspace_is_touched(ready):
    made = measured(ready, registered(ready, "small"))
    figures = made.figures
    assert {"p50_ms", "p99_ms", "p95_ms_at_8", "cpu_ms_at_8", "memory_mb", "start_s"} <= set(
        figures
    )
    assert figures["p50_ms"].value <= figures["p95_ms"].value <= figures["p99_ms"].value
    assert figures["p95_ms"].n >= 1
    assert figures["failed"].value == figures["refused_at_8"].value == 0
    assert figures["memory_mb"].value > 20
    assert figures["start_s"].value > 0
    assert [row["connections"] for row in made.outcome.rows] == [1, 8]
    assert f"{len(os.sched_getaffinity(0))} cores" in made.outcome.notes[0]
    assert ready.kinds(start="deployment") == []


def test_a_heavy_model_trips_the_bound_that_holds_without_a_policy(ready):
    made = measured(
        ready, registered(ready, "heavy", slow=24, size_px=96), connections="1", requests="2"
    )
    headline = evaluate.find_kind("load").headline
    assert headline.figure == "p95_ms"
    assert made.figures["p95_ms"].value > headline.at_most


def seen(waits, **others):
    stretches = tuple(
        Stretch(list(some), Counter({int(k[1:]): v for k, v in others.items()}), 1.0, 0.5, 1.0)
        for some in waits
    )
    machine = evaluate.Machine(cpu="test", cores=2, system="Linux")
    return Loaded((Level(1, stretches),), (0.5, 0.4, 0.9), (100.0, 120.0), machine)


def test_figures_come_with_what_redrawn_stretches_give():
    outcome = outcome_of(seen([[0.01] * 10, [0.01] * 10, [0.01] * 10, [0.02] * 10]), 7)
    figures = outcome.figures
    assert figures["p50_ms"].value == 10
    assert (figures["p95_ms"].low, figures["p95_ms"].high) == (10, 20)
    assert figures["answers_per_s"].value == 10
    assert figures["cpu_ms"].value == 50
    assert (figures["start_s"].value, figures["start_s"].low, figures["start_s"].high) == (
        0.5,
        0.4,
        0.9,
    )
    assert figures["memory_mb"].value == 120
    assert figures["elsewhere"].value == 0.5
    assert "others used 50% of the machine" in outcome.notes[1]


def test_a_request_that_failed_is_no_fast_answer_and_one_refused_is_counted_apart():
    figures = outcome_of(seen([[0.01] * 18] * 4, _503=1, _429=1), 7).figures
    assert figures["p50_ms"].value == 10
    assert figures["p99_ms"].value == 60_000
    assert (figures["failed"].value, figures["refused"].value) == (0.05, 0.05)
    assert outcome_of(seen([[]], _0=3), 7).figures["p50_ms"].value == 60_000


def test_a_model_that_does_not_load_is_an_error_with_its_mend(ready):
    version = registered(ready, "broken")
    package = registry.load(ready.registry, version)
    other = Contract(resize=Resize(mode="squash", size_px=64, crop_px=None), classes=CLASSES)
    wrong = registry.Package(onnx=package.onnx, contract=other)
    version = registry.register(ready.registry, SCOPE, "wrong", wrong, run="run-wrong")
    with pytest.raises(deploy.NotServed, match="503") as caught:
        measured(ready, version)
    assert "visloop predict" in caught.value.fix


def test_wrong_amounts_are_refused(ready):
    version = registered(ready, "again")
    for settings in ({"connections": "0"}, {"connections": ""}, {"seconds": "0"}):
        with pytest.raises(UsageError):
            measured(ready, version, **settings)
