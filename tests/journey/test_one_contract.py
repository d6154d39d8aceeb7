"""One detector, three ways to ask it: the library, `predict` and the server say the same boxes."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from PIL import Image

from tests.journey import worlds
from tests.journey.parity import pictures as pictures_of
from visloop import app, infer, registry
from visloop.faces import sdk
from visloop.ids import Ref
from visloop.vision import Box, Contract

FASTESTDET = """\
decoder: {colour: bgr}
resize: {mode: squash, kernel: area}
normalise: {mean: [0, 0, 0], std: [255, 255, 255]}
decode: {task: detect, layout: fastestdet, score_threshold: 0.5, nms_iou: 0.45}
classes: coco.names
"""
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    root = tmp_path_factory.mktemp("one-contract")
    app.create(root)
    models = shared_data / "models"
    (root / "coco.names").write_bytes((models / "coco.names").read_bytes())
    (root / "street.yaml").write_text(FASTESTDET)
    pictures = root / "pictures"
    pictures.mkdir()
    photos = sorted((shared_data / "coco" / "images").glob("*.jpg"))
    for photo in photos:
        (pictures / photo.name).write_bytes(photo.read_bytes())
    for name, data in pictures_of.odd(
        next(photo for photo in photos if photo.stem == "000000000061")
    ):
        (pictures / name).write_bytes(data)
    with sdk.local(root) as here:
        file, contract = str(models / "FastestDet.onnx"), str(root / "street.yaml")
        here.call(app.model_import, app.ModelImport(file=file, as_="street", contract=contract))
        here.call(app.deploy, app.Deploy(model="street@v1", as_="kerb", wait_s=0))
    return root


def _said(predictor: infer.Predictor, file: Path) -> list[dict]:
    answer = predictor.predict(file.read_bytes(), author="model:street@v1")
    return msgspec.json.decode(msgspec.json.encode(answer.annotations))


@pytest.fixture(scope="module")
def by_library(world: Path) -> dict[str, list[dict]]:
    with sdk.local(world) as here:
        version = registry.resolve(here.ports.registry, here.scope, Ref.parse("street@v1"))
        package = registry.load(here.ports.registry, version)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    return {file.name: _said(predictor, file) for file in sorted((world / "pictures").iterdir())}


def test_library_predict_and_server_say_the_same_boxes(world, by_library):
    with sdk.local(world) as here:
        ask = app.Predict(model="street@v1", sources=(str(world / "pictures"),))
        rows = here.call(app.predict, ask).rows
    assert {Path(r["file"]).name: r["annotations"] for r in rows} == by_library
    assert len(by_library) >= 30
    assert sum(map(len, by_library.values())) >= 40, "the detector finds things"
    with worlds.serving(world) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for name, said in by_library.items():
            data = (world / "pictures" / name).read_bytes()
            reply = client.post("/predict/kerb", content=data).raise_for_status().json()
            assert reply["annotations"] == said, name
            with Image.open(io.BytesIO(data)) as image:
                sides = {image.width, image.height}
            assert {reply["width"], reply["height"]} == sides
        request = _v2(data)
        told = client.post("/v2/models/kerb/infer", json=request).raise_for_status().json()
        by_name = {output["name"]: output for output in told["outputs"]}
        assert json.loads(by_name["annotations"]["data"][0]) == said
        assert by_name["758"]["shape"] == [1, 85, 22, 22]
        (log,) = [client.get("/v2/models/kerb").raise_for_status().json()]
        assert {"758", "annotations"} == {output["name"] for output in log["outputs"]}
    with sdk.local(world) as here:
        found = here.call(app.predictions, app.Predictions(name="kerb", limit=100))
        assert found.count == len(by_library) + 1
        newest = found.rows[0]
        logged = msgspec.json.encode(newest["answer"]["annotations"])
        assert msgspec.json.decode(logged) == said
        traced = here.call(app.trace, app.Trace(prediction=newest["id"]))
        assert traced.model["recipe"] == "import"


def _v2(data: bytes) -> dict:
    text = base64.b64encode(data).decode()
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [text]}
    return {"inputs": [tensor]}


def test_a_turned_picture_gets_the_boxes_of_the_upright_one(by_library):
    def people(name):
        boxes = [b["xyxy"] for b in by_library[name] if b["label"] == "person"]
        return np.array(min(boxes))

    for orientation in (2, 3, 5, 6, 8):
        np.testing.assert_allclose(
            people(f"turned-{orientation}.jpg"), people("000000000061.jpg"), atol=12
        )


def test_one_changed_field_is_another_contract_and_another_answer(world, by_library):
    with sdk.local(world) as here:
        version = registry.resolve(here.ports.registry, here.scope, Ref.parse("street@v1"))
        package = registry.load(here.ports.registry, version)
        assert package.contract.digest == version.contract
    for part, change in (
        ("decoder", {"colour": "rgb"}),
        ("resize", {"mode": "letterbox"}),
        ("resize", {"kernel": "nearest"}),
        ("normalise", {"std": (128.0, 128.0, 128.0)}),
        ("decode", {"nms_iou": 0.2}),
        ("decode", {"score_threshold": 0.3}),
    ):
        changed = msgspec.structs.replace(getattr(package.contract, part), **change)
        other: Contract = msgspec.structs.replace(package.contract, **{part: changed})
        assert other.digest != version.contract, part
        predictor = infer.Predictor.load(package.onnx, other)
        answers = {
            name: _said(predictor, world / "pictures" / name)
            for name in ("000000000061.jpg", "000000000142.jpg", "odd.jpg", "huge.jpg")
        }
        assert any(said != by_library[name] for name, said in answers.items()), (part, change)


def test_answers_are_written_as_lines_results_and_pictures(world, by_library, tmp_path):
    pictures = world / "pictures"
    (tmp_path / "in").mkdir()
    for name in ("000000000061.jpg", "turned-6.jpg"):
        (tmp_path / "in" / name).write_bytes((pictures / name).read_bytes())
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xffno")

    def predict(out: str):
        ask = app.Predict(
            model="street@v1", sources=(str(tmp_path / "in"),), out=str(tmp_path / out)
        )
        with sdk.local(world) as here:
            return here.call(app.predict, ask)

    told = predict("answers.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert told.count == len(lines)
    assert told.failed == 1
    assert lines[1]["error"]["code"].startswith("infer.")
    predict("results.json")
    results = json.loads((tmp_path / "results.json").read_text())
    said = by_library["000000000061.jpg"]
    first = [each for each in results if each["image_id"] == 1]
    assert [each["score"] for each in first] == [each["score"] for each in said]
    x1, y1, x2, y2 = said[0]["xyxy"]
    assert first[0]["bbox"] == pytest.approx([x1, y1, x2 - x1, y2 - y1], abs=0.001)
    assert first[0]["category"] == said[0]["label"]
    predict("drawn")
    assert sorted(p.name for p in (tmp_path / "drawn").iterdir()) == [
        "000000000061.jpg",
        "answers.jsonl",
        "turned-6.jpg",
    ]
    with (
        Image.open(tmp_path / "drawn" / "turned-6.jpg") as drawn,
        Image.open(pictures / "000000000061.jpg") as upright,
    ):
        assert drawn.size == upright.size
        before, after = np.asarray(upright.convert("RGB"), int), np.asarray(drawn, int)
        x1, y1, x2, y2 = (round(side) for side in by_library["turned-6.jpg"][0]["xyxy"])
        edge = np.abs(after[y1 : y2 - 1, x2 - 2] - before[y1 : y2 - 1, x2 - 2]).mean()
        middle = (slice(y1 + 20, y2 - 20), slice(x1 + 20, x2 - 20))
        assert edge > 3 * np.abs(after[middle] - before[middle]).mean()


def test_a_film_and_a_data_version_are_answered_too(world, shared_data):
    with sdk.local(world) as here:
        here.call(app.add, app.Add(paths=(str(world / "pictures" / "000000000061.jpg"),), to="one"))
        here.call(app.commit, app.Commit(dataset="one", message="one"))
        ask = app.Predict(model="street@v1", sources=("one@v1",))
        (row,) = here.call(app.predict, ask).rows
        assert row["file"] == "000000000061.jpg"
        assert Box(**{k: v for k, v in row["annotations"][0].items() if k != "type"}).label
        film = shared_data / "video" / "bottle-detection.mp4"
        ask = app.Predict(model="street@v1", sources=(str(film),), every=15.0)
        frames = here.call(app.predict, ask).rows
    assert [round(each["time_s"]) for each in frames] == [0, 15, 30]
