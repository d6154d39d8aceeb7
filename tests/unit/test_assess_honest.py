"""Calibration and parity: each trips on what was made to fail it, and not on what should pass."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import onnx
import pytest
from onnx import helper

from tests.unit.train_parts import SCOPE, draw_splits, opened
from visloop import errors, evaluate, registry, store
from visloop.evaluate.assess.own.calibration import KIND, Settings, held
from visloop.evaluate.gate import judge
from visloop.evaluate.policy import GatePolicy
from visloop.ids import Ref

ON = Ref.parse("shapes@v2:test")
FAST = Settings(redraws=200)


def claims(n, seed=3):
    """Claims between a half and one, and truths that keep them."""
    rng = np.random.default_rng(seed)
    claimed = 0.5 + 0.5 * rng.random(n) ** 0.5
    return claimed, rng.random(n) < claimed


def within(outcome):
    return outcome.figures["shown_excess"].value <= KIND.headline.at_most


@pytest.mark.parametrize("n", [60, 400])
def test_an_honest_model_passes_whatever_the_number_of_pictures(n):
    found = [held(*claims(n, seed), FAST, 1) for seed in range(20)]
    assert all(within(each) for each in found)
    assert abs(np.mean([each.figures["excess"].value for each in found])) < 0.02
    sure = sum(each.figures["p"].value < 0.05 for each in found)
    assert sure <= 4, "of 20 honest ones about 1 looks dishonest at 5 %"


def test_a_model_that_claims_too_much_or_too_little_trips():
    claimed, right = claims(400)
    too_sure = held(claimed**0.3, right, FAST, 1)
    assert not within(too_sure)
    low = too_sure.figures["overconfidence"].low
    assert low is not None
    assert low > 0
    assert "too sure of itself" in too_sure.notes[0]
    timid = held(0.4 + 0.2 * claimed, right, FAST, 1)
    assert not within(timid)
    assert "too unsure" in timid.notes[0]
    assert timid.figures["p"].value < 0.01


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    pictures = draw_splits(tmp_path_factory.mktemp("pictures"))
    workspace = opened(tmp_path_factory.mktemp("rooms") / "ws", pictures, store.FakeClock())
    workspace.train("shapes@v2", model_name="net")
    yield workspace
    workspace.close()


def assess(ready, kind, model, **values):
    return evaluate.make_assessment(ready.evaluate, SCOPE, kind, ready.model(model), ON, **values)


def depending_on_the_batch(raw: bytes) -> bytes:
    """The network with the mean over the batch taken off its probabilities."""
    proto = onnx.load_from_string(raw)
    for node in proto.graph.node:
        node.output[:] = ["before" if name == "probabilities" else name for name in node.output]
    proto.graph.initializer.append(helper.make_tensor("half", onnx.TensorProto.FLOAT, [], [0.5]))
    proto.graph.node.extend(
        [
            helper.make_node("ReduceMean", ["before"], ["level"], axes=[0], keepdims=1),
            helper.make_node("Mul", ["level", "half"], ["some"]),
            helper.make_node("Sub", ["before", "some"], ["probabilities"]),
        ]
    )
    return proto.SerializeToString()


def test_a_network_answers_alike_however_it_is_computed_unless_it_does_not(ready):
    good = assess(ready, "parity", "net")
    assert good.figures["changed"].value == 0
    assert good.figures["difference"].value < 1e-4
    assert [row["pictures"] for row in good.outcome.rows] == [18] * len(good.outcome.rows)
    package = registry.load(ready.registry, ready.model("net"))
    odd = replace(package, onnx=depending_on_the_batch(package.onnx))
    registry.register(ready.registry, SCOPE, "odd", odd, run="import-odd")
    found = assess(ready, "parity", "odd")
    changed = {row["computed"]: row["changed"] for row in found.outcome.rows}
    assert changed["4 pictures at once"] > 0
    assert changed["as written"] == 0
    policy = GatePolicy(checks=(evaluate.asked_of("parity"),))
    answers = evaluate.load_answers(
        ready.evaluate, evaluate.evaluate(ready.evaluate, SCOPE, ready.model("net"), ON)
    )
    for made, passes in ((good, True), (found, False)):
        verdict = judge(policy, answers, None, assessments={policy.checks[0].key: made})
        assert verdict.passed is passes


def test_calibration_is_of_models_that_claim_something(ready):
    made = assess(ready, "calibration", "net")
    report = evaluate.evaluate(ready.evaluate, SCOPE, ready.model("net"), ON)
    error = made.figures["calibration_error"]
    assert error.value == pytest.approx(report.metrics["calibration_error"])
    assert sum(row["n"] for row in made.outcome.rows) == 18
    package = registry.load(ready.registry, ready.model("net"))
    decode = msgspec.structs.replace(package.contract.decode, task="embed")
    contract = msgspec.structs.replace(package.contract, decode=decode)
    embedder = replace(package, contract=contract)
    registry.register(ready.registry, SCOPE, "embedder", embedder, run="import-embedder")
    with pytest.raises(errors.Refused, match="it answers 'embed'") as refused:
        assess(ready, "calibration", "embedder")
    assert "classify, detect" in refused.value.fix
