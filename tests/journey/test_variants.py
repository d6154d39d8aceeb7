"""A model in another form: kept where it answers as well, refused with the reason where it does not."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import visloop
from tests.journey.serve_world import SIZE_PX, network, picture
from visloop import app, registry
from visloop.errors import NotFound, UsageError
from visloop.faces import cli, sdk
from visloop.ids import Ref
from visloop.vision import Contract, Resize

CONTRACT = Contract(
    resize=Resize(mode="squash", size_px=SIZE_PX, crop_px=None), classes=("red", "green", "blue")
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three colours, a network that tells them apart, and one whose answers hang by a thread."""
    root = tmp_path_factory.mktemp("variants")
    app.create(root)
    rng = np.random.default_rng(3)
    for number in range(30):
        label = number % 3
        colour = rng.integers(0, 90, 3)
        colour[label] = rng.integers(150, 250)
        place = root / "photos" / CONTRACT.classes[label] / f"{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture(tuple(colour.tolist())))
    with sdk.local(root) as here:
        here.call(app.add, app.Add(paths=(str(root / "photos"),), to="line"))
        here.call(app.commit, app.Commit(dataset="line", message="colours"))
        for name, onnx_, data in (
            ("inspector", network(slow=1), "line@v1"),
            ("fragile", fragile(network()), ""),
        ):
            package = registry.Package(onnx=onnx_, contract=CONTRACT, data=data)
            registry.register(here.ports.registry, here.scope, name, package, run=f"run-{name}")
    return root


def fragile(network: bytes) -> bytes:
    """Right by a difference of constants that 16 bits do not tell apart: 60,015 is 60,000 there."""
    model = onnx.load_from_string(network)
    last = model.graph.node.pop()
    for name, first in (("ahead", -15), ("up", 60_015), ("down", 60_000)):
        values = np.array([first, *([0, 0] if name == "ahead" else [60_000] * 2)], np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    model.graph.node.extend(
        [
            helper.make_node("Add", [last.input[0], "ahead"], ["a"]),
            helper.make_node("Add", ["a", "up"], ["b"]),
            helper.make_node("Sub", ["b", "down"], ["c"]),
            helper.make_node("Softmax", ["c"], ["probabilities"], axis=1),
        ]
    )
    return model.SerializeToString()


def export(root: Path, file: Path, target: str, **fields):
    with sdk.local(root) as here:
        ask = app.ModelExport(
            ref="inspector@v1", file=str(file), target=target, on="line@v1", **fields
        )
        return here.call(app.model_export, ask)


def stored(root: Path, ref: str) -> tuple[onnx.ModelProto, registry.Package]:
    with sdk.local(root) as here:
        ports = here.ports.registry
        package = registry.load(ports, registry.resolve(ports, here.scope, Ref.parse(ref)))
        return onnx.load_from_string(package.onnx), package


@pytest.mark.parametrize(
    ("target", "name", "smaller"), [("onnx-int8", "int8", 3.0), ("onnx-fp16", "fp16", 1.8)]
)
def test_a_smaller_form_is_a_model_with_its_origin(root, tmp_path, target, name, smaller):
    done = export(root, tmp_path / "a.visloop", target)
    made = done.variant
    assert made.passed, made.why
    assert made.model == done.model == f"inspector-{name}@v1"
    assert made.bytes_before / made.bytes_after > smaller
    assert made.report.n == 30
    assert made.report.high >= -made.margin
    assert made.report.same > 0.9
    found, package = stored(root, done.model)
    kinds = {node.op_type for node in found.graph.node}
    assert ("QuantizeLinear" in kinds) == (target == "onnx-int8")
    original = stored(root, "inspector@v1")[1]
    assert package.contract == original.contract
    with sdk.local(root) as here:
        lineage = here.call(app.model_verify, app.ModelVerify(what=done.model)).lineage
        assert lineage["origin"]["model"]["ref"] == "inspector@v1"
        assert lineage["origin"]["derived"]["target"] == target
        card = here.call(app.model_card, app.ModelCard(ref=done.model))
    assert f"It is `inspector@v1` as {target}" in json.dumps(
        card.__dict__ if hasattr(card, "__dict__") else str(card)
    )
    with sdk.local(root) as here:
        shown = here.call(app.model_show, app.ModelShow(ref="inspector@v1"))
        assert here.call(app.model_show, app.ModelShow(ref=done.model)).variant_of == "inspector@v1"
    (row,) = [each for each in shown.variants if each["target"] == target]
    assert (row["model"], row["passed"]) == (done.model, True)
    assert row["report"]["gain"] == made.report.gain
    again = export(root, tmp_path / "b.visloop", target)
    assert again.model == done.model, "the same is one version"


def test_the_last_layers_of_an_integer_model_stay_floats(root):
    found, _ = stored(root, "inspector-int8@v1")
    made_by = {name: node for node in found.graph.node for name in node.output}
    (last,) = [node for node in found.graph.node if node.op_type in {"Gemm", "MatMul"}]
    weights = made_by.get(last.input[1])
    assert weights is None or weights.op_type != "DequantizeLinear"


def test_what_loses_more_than_the_policy_allows_is_refused_with_the_reason(root, tmp_path, capsys):
    words = ["model", "export", "fragile@v1", str(tmp_path / "a.visloop"), "--target", "onnx-fp16"]
    assert cli.run([*words, "--on", "line@v1", "--workspace", str(root)]) == 3
    told = capsys.readouterr().out
    assert "FAIL  fragile@v1 as onnx-fp16" in told
    assert "a loss of more than 0.02 is shown" in told
    assert not list(tmp_path.iterdir())
    with sdk.local(root) as here:
        models = {row["model"] for row in here.call(app.models, app.Models()).rows}
        (row,) = here.call(app.model_show, app.ModelShow(ref="fragile@v1")).variants
    assert "fragile-fp16" not in models
    assert (row["passed"], row["model"]) == (False, "")
    assert "a loss of more than 0.02 is shown" in row["why"]


def test_what_is_not_shown_to_be_as_good_fails_where_the_policy_asks_for_that(root, tmp_path):
    settings = root / "visloop.yaml"
    before = settings.read_text()
    for asked, why in (
        ("better_than_champion: non_inferior", "0.02 is not ruled out"),
        ("min_samples: 31", "too few to judge by"),
    ):
        settings.write_text(f"{before}\ngate: {{{asked}}}\n")
        try:
            done = export(root, tmp_path / "a.visloop", "onnx-fp16")
        finally:
            settings.write_text(before)
        assert why in done.variant.why
    assert not list(tmp_path.iterdir())


def test_openvino_gets_its_own_files_that_answer_alike(root, tmp_path):
    pytest.importorskip("openvino")
    done = export(root, tmp_path / "a.zip", "openvino")
    assert done.variant.passed
    assert done.variant.report.same == 1.0
    with zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes())) as opened:
        assert set(opened.namelist()) == {"about.json", "contract.json", "model.bin", "model.xml"}
        assert json.loads(opened.read("about.json"))["model"] == "inspector@v1"


def test_what_cannot_be_made_is_told(root, tmp_path):
    with pytest.raises(UsageError, match="no target 'onnx-int4'") as refused:
        export(root, tmp_path / "a", "onnx-int4")
    assert "onnx-int8" in refused.value.fix
    ask = app.ModelExport(
        ref="fragile@v1", file=str(tmp_path / "a"), target="onnx-int8", on="line@v1"
    )
    with visloop.open(root) as ws, pytest.raises(NotFound, match="calibrate"):
        ws.call(app.model_export, ask)
