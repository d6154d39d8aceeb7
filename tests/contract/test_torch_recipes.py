"""The recipes that train networks: what they refuse, what they make, and that it is the same again."""

from __future__ import annotations

import json

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from sqlalchemy import update

from tests.contract import torch_victim
from tests.unit.torch_parts import RECIPES, TINY, with_kinds_and_counts, world
from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, demo, infer, registry, store, train
from visloop.adapters.torch import starting
from visloop.adapters.torch.detection.network import peaks_apart
from visloop.errors import Refused
from visloop.ids import Ref, digest_of
from visloop.train import tables
from visloop.vision import Box, ClassLabel, Mask, NumberValue


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("torch")
    workspace = world(root / "ws")
    with_kinds_and_counts(workspace, root)
    yield workspace
    workspace.close()


def package(workspace: Workspace, ref: str) -> registry.Package:
    return registry.load(workspace.registry, workspace.model(ref))


def first(workspace: Workspace) -> train.RunLine:
    """The fixture's run of `detect`."""
    found = train.list_runs(workspace.training, SCOPE, recipe="detect")
    return next(run for run in found if run.model == "line-model@v1")


def looks(workspace: Workspace, run: str) -> dict[str, str]:
    """What the network said while it learnt: path → digest of the picture."""
    kept = train.artifacts_of(workspace.ledger, SCOPE, run, train.PREDICTIONS)
    return {each.path: each.digest for each in kept}


@pytest.fixture(scope="module")
def detector(line: Workspace) -> registry.Package:
    return package(line, line.train("line@v1", recipe="detect", params=TINY, threads=None).model)


def test_detect_makes_a_model_with_the_outputs_that_its_contract_names(detector):
    contract = detector.contract
    assert contract.decode.task == "detect"
    assert contract.resize.output_hw == (96, 128)
    cells = 12 * 16
    shapes = {
        o.name: [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]
        for o in onnx.load_from_string(detector.onnx).graph.output
    }
    assert shapes == {"boxes": ["N", cells, 4], "scores": ["N", cells, len(contract.classes)]}
    assert set(detector.metrics) >= {"held_out_map50", "export_difference"}


def test_detect_answers_with_boxes_inside_the_picture(line, detector):
    predictor = infer.Predictor.load(detector.onnx, detector.contract)
    sample = next(data.open(line.data, Ref.parse("line@v1:test")).samples())
    array, placement = predictor.place(line.blobs.get(sample.image))
    outputs = predictor.run(np.stack([array, array]))
    one, two = (
        predictor.say(outputs, row, placement, author="m", threshold=0.0) for row in range(2)
    )
    assert one == two
    assert one
    assert all(isinstance(each, Box) for each in one)
    corners = np.array([each.xyxy for each in one])
    assert corners.min() >= 0
    assert corners[:, 2].max() <= sample.width
    assert corners[:, 3].max() <= sample.height


def test_a_run_keeps_pictures_of_what_was_said_after_epochs(line, detector):
    del detector
    run = first(line)
    seen = looks(line, run.id)
    assert list(seen) == ["predictions/epoch-00002.jpg", "predictions/truth.jpg"]
    for digest in seen.values():
        drawn = cv2.imdecode(np.frombuffer(line.blobs.get(digest), np.uint8), cv2.IMREAD_COLOR)
        assert drawn.shape == (220, 288, 3)
    params = {**TINY, "epochs": 1, "watched": 0}
    unwatched = line.train("line@v1", recipe="detect", params=params, seed=7).run
    assert not looks(line, unwatched)


@pytest.mark.parametrize("recipe", ["detect", "segment"])
def test_a_preview_shows_varied_pictures_with_their_truth(line, recipe):
    sheet = train.preview(line.training, SCOPE, Ref.parse("line@v1"), recipe, params=TINY)
    pixels = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (6 * 196, 5 * 260, 3)
    again = train.preview(line.training, SCOPE, Ref.parse("line@v1"), recipe, params=TINY)
    assert again == sheet
    with pytest.raises(Refused, match="nothing to preview"):
        train.preview(line.training, SCOPE, Ref.parse("kinds@v1"), "classify-linear")


def has_gradients(made: registry.Package) -> bool:
    """Whether every output changes with the input, as torch computes the file again."""
    network = infer.differentiable(made.onnx)
    x = np.random.default_rng(0).uniform(-1, 1, (1, *made.contract.network_shape))
    inputs = x.astype(np.float32)
    outputs = [network.before(name) for name in network.outputs]
    weights = [{name: network.values(inputs, [name])[name]} for name in outputs]
    return all(np.abs(network.gradient(inputs, each)).max() > 0 for each in weights)


def test_a_detector_has_gradients(detector):
    assert has_gradients(detector)


def test_another_seed_gives_other_bytes(line, detector):
    other = line.train("line@v1", recipe="detect", params=TINY, seed=1, model_name="other")
    assert package(line, other.model).onnx != detector.onnx


@pytest.mark.parametrize("recipe", ["segment", "regress", "classify-finetune"])
def test_each_recipe_gives_a_model_that_answers_as_its_contract_says(line, recipe):
    ref, params = RECIPES[recipe]
    made = package(line, line.train(ref, recipe=recipe, params=params, threads=None).model)
    predictor = infer.Predictor.load(made.onnx, made.contract)
    sample = next(data.open(line.data, Ref.parse(ref)).samples())
    said = predictor.predict(line.blobs.get(sample.image), author="model:m@v1")
    wanted = {"segment": Mask, "regress": NumberValue, "classify-finetune": ClassLabel}
    assert all(isinstance(each, wanted[recipe]) for each in said.annotations)
    assert has_gradients(made)
    if recipe == "regress":
        (number,) = said.annotations
        assert number.unit == "parts"
        assert 0 < number.value < 8
    if recipe == "classify-finetune":
        held = train.Reference.from_bytes(made.reference)
        assert held.n == made.metrics["held_out"] == 2
        assert said.embedding.shape == (1280,)


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_a_model_is_made_again_byte_for_byte_in_a_fresh_process(line, detector, recipe):
    del detector
    (run,) = [r for r in train.list_runs(line.training, SCOPE, recipe=recipe) if r.seed == 0]
    found = torch_victim.reproduced(line.training.scratch.parent, run.model)
    assert found["equal"], found
    assert found["same_contract"]
    assert found["changed"] == 0
    assert found["tensors"] > 100


def test_what_is_not_as_it_was_is_named(line, detector):
    del detector
    ref = line.train("line@v1", recipe="detect", params=TINY, seed=2, model_name="seeded").model
    change = update(tables.runs).where(tables.runs.c.seed == 2)
    told = train.show_run(line.training, SCOPE, line.model(ref).run).run.environment
    packages = {**told["packages"], "torch": "1.0"}
    with line.ledger.write(SCOPE) as write:
        write.execute(change.values(seed=3, environment={**told, "packages": packages}))
    found = train.reproduce(line.training, SCOPE, Ref.parse(ref))
    assert not found.equal
    assert found.changed > 0
    assert found.greatest > 0
    assert [(d.what, d.was) for d in found.differs] == [("packages.torch", "1.0")]


def test_training_can_start_from_a_model_class_by_class(line, detector):
    still = {**TINY, "epochs": 1, "rate": 1e-9, "head_rate": 1e-9, "augment": 0}
    fewer = tuple(name for name in detector.contract.classes if name != "gear")
    folder = line.training.scratch.parent / "fewer"
    drawn = demo.Line(seed=1, mode="many", size_px=(128, 96), classes=fewer)
    demo.write_images(drawn, folder, 8, layout="coco")
    data.add(line.data, SCOPE, "fewer", [folder], data.AddOptions(add_classes=True))
    data.commit(line.data, SCOPE, "fewer", "no gears")
    params = {**still, "start": "line-model@v1"}
    done = line.train("fewer@v1", recipe="detect", params=params)
    made = package(line, done.model)
    assert set(made.contract.classes) == set(fewer)
    kept = train.artifact_of(line.ledger, SCOPE, done.run, train.START)
    told = json.loads(line.blobs.get(kept.digest))
    assert told["model"] == "line-model@v1"
    assert told["classes"] == {name: name for name in made.contract.classes}
    assert told["left_behind"] == ["gear"]
    was, now = (
        {
            each.name: numpy_helper.to_array(each)
            for each in onnx.load_from_string(raw).graph.initializer
        }
        for raw in (detector.onnx, made.onnx)
    )
    stem, head = "network.backbone.stem.conv.weight", "network.heat.1.weight"
    np.testing.assert_allclose(now[stem], was[stem], atol=1e-6)
    rows = [detector.contract.classes.index(name) for name in made.contract.classes]
    np.testing.assert_allclose(now[head], was[head][rows], atol=1e-6)
    linear = line.train("kinds@v1", model_name="linear").model
    with pytest.raises(Refused, match="no weights that this recipe could start from"):
        line.train("fewer@v1", recipe="detect", params={**still, "start": linear})


def test_rows_of_a_head_go_to_the_classes_by_their_present_names():
    given = torch.arange(4.0)[:, None] * torch.ones(4, 3)
    start = train.Start("net@v1", b"", ("hex bolt", "ring", "ring"), ("bolt", "nut", "washer"))
    mine = torch.full((5, 3), -1.0)
    now = ("flange", "ring", "gear", "hex bolt")
    taken = starting._rows(mine, given, start, now, 1)
    assert taken == {"flange": None, "ring": "nut", "gear": None, "hex bolt": "bolt"}
    assert mine[:, 0].tolist() == [0, -1, 2, -1, 1]
    assert starting._rows(torch.zeros(5, 2), given, start, now, 1) == {}, "another kind of head"


def test_a_data_set_without_boxes_is_refused_with_what_to_do(line, tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    for each in sorted((line.training.scratch.parent / "pictures-train" / "images").iterdir())[:5]:
        (folder / each.name).write_bytes(each.read_bytes())
    data.add(line.data, SCOPE, "bare", [folder], data.AddOptions())
    data.commit(line.data, SCOPE, "bare", "no labels")
    with pytest.raises(Refused, match="no picture with boxes; this recipe needs 4") as said:
        line.train("bare@v1", recipe="detect", params=TINY)
    assert "5 × no label" in str(said.value)
    assert "visloop up" in said.value.fix


def test_training_killed_twice_in_fresh_processes_ends_with_the_same_bytes(
    line, detector, tmp_path
):
    root = tmp_path / "ws"
    world(root).close()
    assert torch_victim.killed_after(root, "detect", 2)
    assert list((root / "runs").glob("*/*"))
    assert torch_victim.killed_after(root, "detect", 2)
    assert torch_victim.finished(root, "detect") == digest_of(detector.onnx)
    assert not list((root / "runs").glob("*/*")), "a finished run keeps no checkpoint"
    workspace = Workspace(root, store.SystemClock())
    (run,) = train.list_runs(workspace.training, SCOPE)
    told = train.show_run(workspace.training, SCOPE, run.id)
    steps = [m.step for m in told.metrics if m.key == "step.loss"]
    seen = looks(workspace, run.id)
    workspace.close()
    assert steps == sorted(set(steps)), "the curve of a resumed run is whole"
    assert steps[0] == 1
    assert seen == looks(line, first(line).id), "nor is a picture lost"


def test_of_equal_neighbours_any_may_be_the_peak():
    heat = torch.full((1, 1, 3, 5), 0.1)
    heat[0, 0, 1] = torch.tensor([0.1, 0.50001, 0.5, 0.50002, 0.1])

    def says(**kept):
        found = np.zeros((1, 15, 1), np.float32)
        for place, score in kept.items():
            found[0, int(place[2:]), 0] = score
        return peaks_apart(heat, found)

    assert says(at6=0.50001, at8=0.50002) == pytest.approx(0, abs=1e-4)
    assert says(at8=0.50002) == pytest.approx(0, abs=1e-4), "the one between keeps the first out"
    assert says(at6=0.50001, at7=0.5, at8=0.50002) == pytest.approx(0, abs=1e-4)
    assert says(at6=0.50001, at8=0.4) == pytest.approx(0.1, abs=1e-4), "another score"
    assert says(at6=0.50001, at8=0.50002, at0=0.1) == pytest.approx(0.4, abs=1e-4), "no peak"
    heat[0, 0, 1, 3] = 0.9
    assert says(at6=0.50001) == pytest.approx(0.4, abs=1e-4), "a clear peak is missing"
