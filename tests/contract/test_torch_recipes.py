"""The recipes that train networks: what they refuse, what they make, and that it is the same again."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.contract import torch_victim
from tests.unit.torch_parts import TINY, world
from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, infer, registry, store, train
from visloop.errors import Refused
from visloop.ids import Ref, digest_of
from visloop.vision import Box


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory):
    workspace = world(tmp_path_factory.mktemp("torch") / "ws")
    yield workspace
    workspace.close()


def package(workspace: Workspace, ref: str) -> registry.Package:
    return registry.load(workspace.registry, workspace.model(ref))


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


def test_the_same_data_and_seed_give_the_same_bytes_and_another_seed_others(line, detector):
    again = line.train("line@v1", recipe="detect", params=TINY, threads=None, model_name="again")
    assert package(line, again.model).onnx == detector.onnx
    other = line.train("line@v1", recipe="detect", params=TINY, seed=1, model_name="other")
    assert package(line, other.model).onnx != detector.onnx


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


def test_training_killed_twice_in_fresh_processes_ends_with_the_same_bytes(detector, tmp_path):
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
    workspace.close()
    assert steps == sorted(set(steps)), "the curve of a resumed run is whole"
    assert steps[0] == 1
