"""Real photographs: train on train/, judge on test/, gate, promote."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, evaluate, registry, store, train
from visloop.evaluate import BetterThanBaseline, BetterThanChampion, GatePolicy, Threshold
from visloop.ids import Ref


@pytest.fixture(scope="module")
def clothing(shared_data, tmp_path_factory):
    root = tmp_path_factory.mktemp("clothing")
    workspace = Workspace(root, store.SystemClock())
    workspace.add(shared_data / "clothing" / "train", name="clothing", split="train")
    workspace.add(shared_data / "clothing" / "test", name="clothing", split="test")
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def trained(clothing):
    return clothing.train("clothing@v2", model_name="wardrobe", threads=2)


@pytest.mark.shared
def test_a_head_on_the_backbone_reaches_four_in_five(clothing, trained):
    run = train.show_run(clothing.training, SCOPE, trained.run).run
    snapshot = data.open(clothing.data, Ref.parse("clothing@v2"))
    assert (
        run.pictures["used"] + sum(n for why, n in run.pictures.items() if why != "used")
        == snapshot.splits["train"]
    )
    report = evaluate.evaluate(
        clothing.evaluate, SCOPE, Ref.parse(trained.model), Ref.parse("clothing@v2:test")
    )
    figures = {
        "accuracy": report.metrics["accuracy"],
        "interval": report.intervals["accuracy"],
        "calibration_error": report.metrics["calibration_error"],
        "baseline": report.metrics["baseline_accuracy"],
        "n": report.n,
        "pictures": dict(run.pictures),
        "training": {k: round(v, 3) for k, v in trained.metrics.items()},
        "evaluated_images_per_s": report.images_per_s,
    }
    print(json.dumps(figures, indent=1))
    assert report.n == snapshot.splits["test"]
    assert report.trained_on == 0
    assert report.metrics["accuracy"] >= 0.80
    assert report.metrics["accuracy"] > report.metrics["baseline_accuracy"] + 0.5
    assert report.metrics["calibration_error"] < 0.10
    assert abs(trained.metrics["cv_accuracy"] - report.metrics["accuracy"]) < 0.08


@pytest.fixture(scope="module")
def few(clothing, shared_data, tmp_path_factory):
    """A model of the same name that saw three pictures of each class."""
    root = tmp_path_factory.mktemp("few")
    for folder in sorted((shared_data / "clothing" / "train").iterdir()):
        (root / folder.name).mkdir()
        for picture in sorted(folder.iterdir())[:3]:
            shutil.copy(picture, root / folder.name)
    version = clothing.add(root, name="few")
    return clothing.train(version.ref, model_name="wardrobe", threads=2)


@pytest.mark.shared
def test_the_gate_passes_the_good_model_and_stops_a_worse_one(clothing, trained, few):
    good = clothing.model(trained.model)
    on = Ref.parse("clothing@v2:test")
    policy = GatePolicy(
        checks=(
            Threshold(metric="accuracy", at_least=0.8),
            BetterThanBaseline(margin=0.5),
            BetterThanChampion(mode="not_worse", margin=0.02),
        )
    )
    first = evaluate.run_gate(clothing.evaluate, SCOPE, good, None, on, policy)
    assert first.passed, first
    registry.promote(clothing.registry, SCOPE, good)
    assert few.metrics["time.embed_s"] < trained.metrics["time.embed_s"] / 5
    worse = clothing.model(few.model)
    champion = registry.champion(clothing.registry, SCOPE, "wardrobe")
    second = evaluate.run_gate(clothing.evaluate, SCOPE, worse, champion, on, policy)
    print(json.dumps([c.detail for c in second.checks], indent=1))
    assert not second.passed
    assert not second.checks[-1].passed
    assert registry.champion(clothing.registry, SCOPE, "wardrobe") == champion
