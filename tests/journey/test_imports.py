"""Any ONNX file becomes a model, or the user is told what does not fit and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import visloop
from tests.unit.test_infer_saying import BOXES, SCORES, always
from visloop import app
from visloop.errors import VisloopError
from visloop.faces import cli, sdk

PLAIN = """\
resize: {mode: letterbox, size_hw: [32, 64]}
decode: {task: detect, score_threshold: 0.5, nms_iou: 0.5}
classes: [cat, dog]
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("imports")
    app.create(root)
    (root / "pets.onnx").write_bytes(always(boxes=BOXES, scores=SCORES))
    (root / "pets.yaml").write_text(PLAIN)
    return root


def _import(root: Path, **fields):
    ask = {"file": str(root / "pets.onnx"), "as_": "pets", "contract": str(root / "pets.yaml")}
    with sdk.local(root) as here:
        return here.call(app.model_import, app.ModelImport(**(ask | fields)))


def test_the_same_import_twice_is_one_version_and_another_contract_the_next(root, tmp_path):
    first, again = _import(root), _import(root)
    assert first.model == again.model == "pets@v1"
    assert first.task == "detect"
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**first.stated, "classes": ["cat", "hound"]}))
    second = _import(root, contract=str(other))
    assert second.model == "pets@v2"
    assert second.contract != first.contract


def test_what_an_imported_model_does_not_know_is_no_obstacle(root):
    _import(root)
    with visloop.open(root) as ws:
        shown = ws.call(app.model_show, app.ModelShow(ref="pets@v1"))
        assert "Imported" in shown.card
        assert "layout boxes" in shown.card
        assert ws.call(app.models, app.Models()).rows[0]["data"] == ""
        with pytest.raises(VisloopError, match="made elsewhere") as refused:
            ws.gate("pets@v1")
        assert "--on" in refused.value.fix


def test_a_dry_run_answers_a_picture_and_registers_nothing(root, shared_data, capsys):
    models = shared_data / "models"
    (root / "street.yaml").write_text(
        "decoder: {colour: bgr}\n"
        "resize: {mode: squash, kernel: area}\n"
        "normalise: {mean: [0, 0, 0], std: [255, 255, 255]}\n"
        "decode: {task: detect, layout: fastestdet, score_threshold: 0.65, nms_iou: 0.45}\n"
        f"classes: {models / 'coco.names'}\n"
    )
    picture = shared_data / "coco" / "images" / "000000000061.jpg"
    words = f"model import {models / 'FastestDet.onnx'} --as street --dry-run --picture {picture}"
    cli.run([*words.split(), "--contract", str(root / "street.yaml"), "--workspace", str(root)])
    told = capsys.readouterr().out
    assert "would import: detect, 80 classes" in told
    assert "  person 0." in told
    assert "nothing was changed" in told
    with sdk.local(root) as here:
        assert "street" not in {r["model"] for r in here.call(app.models, app.Models()).rows}


@pytest.mark.parametrize(
    ("contract", "because"),
    [
        (None, r"needs a contract.*inputs 'input' \(N, 3, 32, 64\); outputs 'boxes' \(N, 7, 4\)"),
        ("classes: [cat", "cannot be read"),
        ("- cat", "holds no contract"),
        ("colour: bgr", "unknown field `colour`"),
        (PLAIN + "format: 2", "it is of format 2"),
        (PLAIN.replace("[cat, dog]", "names.txt"), "names.txt cannot be read"),
        (PLAIN.replace("[cat, dog]", "[cat]"), r"is \(N, 7, 2\); a contract of 1 classes"),
        (PLAIN.replace("[32, 64]", "[64, 32]"), "the contract gives"),
        (PLAIN.replace("task: detect", "task: detect, layout: yolov8"), r"wants \(N, 6, N\)"),
        (PLAIN.replace("task: detect", "task: detect, boxes: b"), "no output 'b' but"),
        (PLAIN.replace("detect", "segment"), "no output 'masks'"),
        (PLAIN + "input_name: x", "the contract's is 'x'"),
    ],
)
def test_a_contract_that_does_not_fit_is_refused_with_a_mend(root, tmp_path, contract, because):
    file = tmp_path / "contract.yaml"
    file.write_text(contract or "")
    with pytest.raises(VisloopError, match=because) as refused:
        _import(root, as_="never", contract=str(file) if contract else None)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("outputs", "contract", "because"),
    [
        ({"probabilities": [np.nan, 1]}, "classes: [a, b]", "not a number"),
        ({"value": [np.inf]}, "decode: {task: regress}", "not a number"),
    ],
)
def test_models_that_answer_nonsense_are_refused(root, tmp_path, outputs, contract, because):
    (tmp_path / "m.onnx").write_bytes(always(**outputs))
    (tmp_path / "c.yaml").write_text(f"resize: {{mode: squash, size_hw: [32, 64]}}\n{contract}\n")
    with pytest.raises(VisloopError, match=because):
        _import(root, file=str(tmp_path / "m.onnx"), contract=str(tmp_path / "c.yaml"), as_="bad")


def test_numbers_do_not_vanish_into_coco_results(root, tmp_path):
    (tmp_path / "m.onnx").write_bytes(always(value=[3.5]))
    contract = "resize: {mode: squash, size_hw: [32, 64]}\ndecode: {task: regress, unit: bar}\n"
    (tmp_path / "c.yaml").write_text(contract)
    _import(root, file=str(tmp_path / "m.onnx"), contract=str(tmp_path / "c.yaml"), as_="gauge")
    Image.new("RGB", (64, 32)).save(tmp_path / "dial.png")

    def predict(out):
        ask = app.Predict(
            model="gauge", sources=(str(tmp_path / "dial.png"),), out=str(tmp_path / out)
        )
        with sdk.local(root) as here:
            return here.call(app.predict, ask).count

    with pytest.raises(VisloopError, match="COCO's results hold no numbers") as refused:
        predict("answers.json")
    assert "--out " in refused.value.fix
    assert not (tmp_path / "answers.json").exists()
    assert predict("answers.jsonl") == 1
    (row,) = map(json.loads, (tmp_path / "answers.jsonl").read_text().splitlines())
    assert row["annotations"][0]["value"] == 3.5


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"PK\x03\x04zip", b"not a model"])
def test_files_that_are_no_model_are_refused(root, tmp_path, content):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(VisloopError) as refused:
        _import(root, file=str(tmp_path / "m.onnx"), as_="bad")
    assert refused.value.code == "infer.model_refused"
    with pytest.raises(VisloopError, match="cannot be read"):
        _import(root, file=str(tmp_path / "nothing.onnx"), as_="bad")
