"""The recipe that fine-tunes other people's networks from a folder: learns, exports, refuses."""

from __future__ import annotations

import json
import pickle
import shutil
import socket
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy
import torch
from onnx import numpy_helper

from tests.contract import torch_victim
from tests.journey.parity.pictures import gather
from tests.unit.torch_parts import world
from tests.unit.train_parts import SCOPE, Workspace
from tests.unit.transformers_parts import tiny
from visloop import app, data, demo, infer, registry, store, train
from visloop.adapters.torch.export import weights_of
from visloop.adapters.transformers.answering import Boxes, Maps
from visloop.adapters.transformers.folder import FolderRefused, read_folder
from visloop.adapters.transformers.loading import kind_of, load
from visloop.adapters.transformers.parity import answers_apart
from visloop.errors import Refused, UsageError
from visloop.faces import sdk
from visloop.ids import Ref, digest_of
from visloop.vision import Box, Mask

FEW = {"epochs": 2, "batch": 4}
FAST = {"rate": 2e-3, "head_rate": 2e-3, "augment": 0}
KINDS = {
    "rt_detr": {**FAST, "epochs": 8},
    "d_fine": {**FAST, "epochs": 4},
    "segformer": {**FAST, "epochs": 20},
}
"""What is tried, and for how long: until the loss has fallen."""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory):
    workspace = world(tmp_path_factory.mktemp("transformers") / "ws")
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("weights")
    return {kind: tiny(kind, root / kind) for kind in KINDS}


def refuse(_: socket.socket, address: object) -> None:
    raise AssertionError(f"it wanted to reach {address}")


def made_of(workspace: Workspace, folder: Path, name: str, **params) -> registry.Package:
    """A model of the recipe; meanwhile no connection leaves this process."""
    params = {**FEW, "weights": str(folder), **params}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        done = workspace.train(
            "line@v1", recipe="transformers", params=params, threads=None, model_name=name
        )
    return registry.load(workspace.registry, workspace.model(done.model))


@pytest.fixture(scope="module", params=list(KINDS))
def made(request, line, weights) -> tuple[str, registry.Package]:
    kind = request.param
    return kind, made_of(line, weights[kind], kind.replace("_", "-"), **KINDS[kind])


def numbers(package: registry.Package) -> dict[str, np.ndarray]:
    graph = onnx.load_from_string(package.onnx).graph
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}


def test_what_lies_in_a_folder_answers_as_its_contract_says(line, made):
    _, package = made
    contract = package.contract
    task = contract.decode.task
    assert contract.resize.output_hw == (96, 128)
    assert contract.normalise.std[0] == (58.395 if task == "segment" else 255)
    assert package.metrics["export_difference"] < 1e-4
    predictor = infer.Predictor.load(package.onnx, contract)
    samples = list(data.open(line.data, Ref.parse("line@v1:test")).samples())
    places = [predictor.place(line.blobs.get(each.image)) for each in samples]
    outputs = predictor.run(np.stack([array for array, _ in places]))
    for row, (sample, (_, placement)) in enumerate(zip(samples, places, strict=True)):
        said = predictor.say(outputs, row, placement, author="m", threshold=0.0)
        assert said or task == "segment"
        assert all(isinstance(each, Mask if task == "segment" else Box) for each in said)
        assert {each.label for each in said} <= set(contract.classes)
        if task == "detect":
            corners = np.array([each.xyxy for each in said])
            assert corners.min() >= 0
            assert (corners[:, 2:].max(axis=0) <= (sample.width, sample.height)).all()


def test_on_a_hundred_real_pictures_the_framework_and_the_file_say_the_same(
    made, weights, shared_data, tmp_path
):
    """Turned by EXIF, grey, of 16 bits, of odd sizes among them."""
    kind, package = made
    contract, folder = package.contract, read_folder(weights[kind])
    task = kind_of(folder)
    background = ["background"] if task == "segment" else []
    network = load(folder, task, [*background, *contract.classes]).network.eval()
    known = weights_of(package.onnx)
    learnt = {
        name: torch.from_numpy(known[f"network.{name}"].copy())
        for name in network.state_dict()
        if f"network.{name}" in known
    }
    network.load_state_dict(learnt, strict=False)
    size = contract.resize.output_hw
    answers = Maps(network) if task == "segment" else Boxes(network, len(contract.classes), size)
    predictor = infer.Predictor.load(package.onnx, contract)
    pictures = gather(shared_data, tmp_path / "pictures")
    assert len(pictures) >= 100
    arrays = np.stack([predictor.place(each.read_bytes()).array for each in pictures])
    for start in range(0, len(arrays), 26):
        batch = torch.from_numpy(arrays[start : start + 26])
        if task == "segment":
            found = predictor.run(batch.numpy()).raw["masks"]
            with torch.no_grad():
                np.testing.assert_allclose(found, answers(batch).numpy(), atol=1e-5)
        else:
            # 1e-4, and 2e-4 on processors whose kernels sum otherwise; an export may have 1e-3
            assert answers_apart(answers.eval(), package.onnx, batch, (max(size), 1.0)) < 5e-4


def test_it_learns(line, made):
    """Boxes and outlines of a few pictures, by heart."""
    kind, _ = made
    told = train.show_run(line.training, SCOPE, line.model(f"{kind.replace('_', '-')}@v1").run)
    losses = [each.value for each in told.metrics if each.key == "loss"]
    assert len(losses) == KINDS[kind]["epochs"]
    assert losses[-1] < 0.9 * losses[0]


STILL = {"epochs": 1, "rate": 1e-9, "head_rate": 1e-9, "augment": 0}


def test_classes_of_the_same_name_and_all_else_keep_what_they_learnt(line, weights):
    first = made_of(line, weights["segformer"], "first", **STILL)
    held = numbers(first)
    was = safetensors.numpy.load_file(weights["segformer"] / "model.safetensors")
    head = "decode_head.classifier.weight"
    mine, theirs = held[f"network.{head}"], was[head]
    row = [1 + first.contract.classes.index(name) for name in ("bolt", "gear", "washer")]
    np.testing.assert_allclose(mine[row[0]], theirs[0], atol=1e-6)
    np.testing.assert_allclose(mine[row[1]], theirs[2], atol=1e-6)
    assert not np.allclose(mine[row[2]], theirs[1], atol=1e-3), "cats are no washers"
    second = numbers(made_of(line, weights["segformer"], "second", **STILL, start="first@v1"))
    learnt = [name for name in second if name.endswith((".weight", ".bias"))]
    assert len(learnt) > 100
    for name in learnt:
        np.testing.assert_allclose(second[name], held[name], atol=1e-6)


def test_its_rates_are_searched_for_the_figure_of_what_the_folder_is_for(line, weights):
    fixed = {"weights": str(weights["segformer"]), "epochs": "1", "batch": "4"}
    wanted = train.Wanted("line@v1", ("transformers",), {}, fixed, 2, model_name="searched")
    run = train.begin(line.training, SCOPE, wanted)
    found = train.carry_on(line.training, SCOPE, run)
    assert found.model.ref == "searched@v1"
    told = train.show_run(line.training, SCOPE, run).run
    assert told.params["metric"] == "mean_iou"


def test_killed_it_goes_on_and_made_again_it_is_the_same(line, weights, tmp_path):
    """Segformer drops parts of itself at random while it learns: the dice are part of the course."""
    root = tmp_path / "ws"
    world(root).close()
    shutil.copytree(weights["segformer"], root / torch_victim.WEIGHTS)
    assert torch_victim.killed_after(root, "transformers", 2)
    whole = made_of(line, root / torch_victim.WEIGHTS, "whole", pixels=96 * 128)
    assert torch_victim.finished(root, "transformers") == digest_of(whole.onnx)
    workspace = Workspace(root, store.SystemClock())
    assert train.reproduce(workspace.training, SCOPE, Ref.parse("line-model@v1")).equal
    config = root / torch_victim.WEIGHTS / "config.json"
    config.write_text(config.read_text().replace("0.02", "0.03"))
    with pytest.raises(FolderRefused, match="the run learnt from"):
        train.reproduce(workspace.training, SCOPE, Ref.parse("line-model@v1"))
    workspace.close()


CONFIG, TENSORS = "config.json", "model.safetensors"
INDEX = {"weight_map": {"a": "../../secret.safetensors"}}
TIMM = {"backbone_config": {"model_type": "timm_backbone", "use_timm_backbone": True}}
SPOILT = {
    "no config": {CONFIG: None},
    "no weights": {TENSORS: None},
    "pickle": {TENSORS: None, "pytorch_model.bin": pickle.dumps({})},
    "code": {CONFIG: {"auto_map": {"AutoModel": "mine.Mine"}}},
    "timm": {CONFIG: TIMM},
    "unknown": {CONFIG: {"model_type": "no_such"}},
    "words": {CONFIG: {"model_type": "bert"}},
    "torn": {TENSORS: b"\x90" * 1000},
    "others": {TENSORS: safetensors.numpy.save({"a": np.zeros(3, np.float32)})},
    "outside": {TENSORS: None, "model.safetensors.index.json": json.dumps(INDEX).encode()},
    "no json": {CONFIG: b"{"},
}
"""What is changed in a folder: files gone, other bytes, other settings."""


def spoil(folder: Path, what: str) -> None:
    for name, change in SPOILT[what].items():
        file = folder / name
        match change:
            case None:
                file.unlink()
            case bytes():
                file.write_bytes(change)
            case _:
                file.write_text(json.dumps({**json.loads(file.read_text()), **change}))


@pytest.mark.parametrize(
    ("what", "because"),
    [
        ("no config", "has no config.json"),
        ("no weights", "has no model.safetensors"),
        ("pickle", "a Python pickle, which can run code"),
        ("code", "it wants to run Python code that came with it"),
        ("timm", "its backbone is of the library timm"),
        ("unknown", "does not know"),
        ("words", "neither finds objects nor draws regions"),
        ("torn", "cannot be read"),
        ("others", "holds no weights of a rt_detr"),
        ("outside", "its index names '../../secret.safetensors'"),
        ("no json", "cannot be read"),
    ],
)
def test_a_folder_that_may_not_be_loaded_is_refused_with_what_to_do(
    line, weights, tmp_path, what, because
):
    folder = Path(shutil.copytree(weights["rt_detr"], tmp_path / "weights"))
    spoil(folder, what)
    with pytest.raises(FolderRefused, match=because) as said:
        made_of(line, folder, "refused")
    assert said.value.fix


def test_what_cannot_be_exported_is_told_before_it_learns(line, tmp_path, capfd):
    with pytest.raises(Refused, match="cannot be exported at 128 × 96 px") as said:
        made_of(line, tiny("upernet", tmp_path / "upernet"), "never")
    assert "adaptive_avg_pool2d" in said.value.what
    assert "graph(" not in "".join(capfd.readouterr())
    (run,) = [r for r in train.list_runs(line.training, SCOPE) if r.model_name == "never"]
    told = train.show_run(line.training, SCOPE, run.id)
    assert told.run.status == "failed"
    assert not [each for each in told.metrics if each.key == "step.loss"]


def test_a_folder_becomes_a_model_as_it_is(weights, tmp_path):
    root = tmp_path / "ws"
    app.create(root)
    drawn = demo.write_images(demo.Line(seed=1, size_px=(128, 96)), tmp_path / "line", 1)
    picture = str(tmp_path / "line" / drawn.rows[0].file)
    with sdk.local(root) as here:

        def brought(kind: str, **more) -> app.ModelImported:
            ask = app.ModelImport(file=str(weights[kind]), as_=kind.replace("_", "-"), **more)
            return here.call(app.model_import, ask)

        found = brought("rt_detr", picture=picture)
        assert (found.model, found.task) == ("rt-detr@v1", "detect")
        assert found.stated["classes"] == ["bolt", "cat", "gear"]
        assert found.stated["resize"]["size_hw"] == [96, 128]
        assert found.answer["annotations"], "an untrained one is sure of nothing and says much"
        assert brought("rt_detr").model == "rt-detr@v1", "the same again changes nothing"
        drawer = brought("segformer", dry_run=True)
        assert (drawer.task, drawer.outputs["masks"]) == ("segment", ["N", 4, 24, 32])
        with pytest.raises(UsageError, match="says itself"):
            brought("rt_detr", contract="contract.yaml")


def test_without_a_folder_it_says_how_to_get_one(line):
    with pytest.raises(UsageError, match="wants a folder of weights"):
        line.train("line@v1", recipe="transformers", model_name="none")
    with pytest.raises(FolderRefused, match="no folder") as said:
        made_of(line, Path("PekingU/rtdetr_r18vd"), "none")
    assert "--local-dir" in said.value.fix
