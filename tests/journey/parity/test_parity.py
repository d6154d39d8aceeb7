"""The framework's model, the library, `predict` and the server say the same of a hundred pictures."""

from __future__ import annotations

import base64
import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from tests.journey import worlds
from tests.journey.parity import alike, pictures
from tests.journey.parity.frameworks import framework_of
from visloop import app, config, infer, registry
from visloop.faces import sdk
from visloop.ids import Ref
from visloop.train.recipe import BUILT_IN
from visloop.vision import Annotation

pytestmark = pytest.mark.shared

SMALL = {"pixels": "12288", "holdout": "0"}
RECIPES: dict[str, tuple[str, dict[str, str]]] = {
    "classify-linear": ("clothes", {}),
    "classify-finetune": ("clothes", {"epochs": "1", "holdout": "0"}),
    "detect": ("cells", {**SMALL, "epochs": "16"}),
    "segment": ("people", {**SMALL, "epochs": "12"}),
    "regress": ("counts", {**SMALL, "epochs": "4"}),
}
"""Recipe → what it is trained on, and for how long: seconds, but no longer untrained."""
ELSEWHERE = {"transformers": "tests/contract/test_transformers.py"}
"""Recipes whose parity another test shows, with its path."""
LEAST = {"detect": 200, "segment": 30, "import": 200}
"""So many boxes and masks must be found for their likeness to mean anything; else one a picture."""
FASTESTDET = """\
decoder: {colour: bgr}
resize: {mode: squash, kernel: area}
normalise: {mean: [0, 0, 0], std: [255, 255, 255]}
decode: {task: detect, layout: fastestdet, score_threshold: 0.5, nms_iou: 0.45}
classes: coco.names
"""


@dataclass(frozen=True)
class World:
    """A workspace with a model of every recipe, all of them deployed under their recipe's name."""

    root: Path
    pictures: list[Path]
    learnt: np.ndarray[Any, np.dtype[np.float64]]

    def package(self, recipe: str) -> registry.Package:
        with sdk.local(self.root) as here:
            version = registry.resolve(here.ports.registry, here.scope, Ref.parse(f"{recipe}@v1"))
            return registry.load(here.ports.registry, version)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> World:
    folder = tmp_path_factory.mktemp("parity")
    root, models = folder / "ws", shared_data / "models"
    app.create(root)
    sets = {
        "clothes": pictures.clothes(shared_data, folder / "clothes", each=6),
        "cells": pictures.cells(shared_data, folder / "cells", count=16),
        "counts": pictures.counted(shared_data, folder / "counts", count=16),
        "people": pictures.people(shared_data, folder / "people"),
    }
    (root / "coco.names").write_bytes((models / "coco.names").read_bytes())
    (root / "street.yaml").write_text(FASTESTDET)
    with sdk.local(root) as here:
        for name, paths in sets.items():
            here.call(app.add, app.Add(paths=(str(paths),), to=name))
            here.call(app.commit, app.Commit(dataset=name, message="real pictures"))
        for recipe, (name, params) in RECIPES.items():
            ask = app.Train(ref=f"{name}@v1", recipe=recipe, model=recipe, set=params)
            here.call(app.train, ask)
        file, contract = str(models / "FastestDet.onnx"), str(root / "street.yaml")
        here.call(app.model_import, app.ModelImport(file=file, as_="import", contract=contract))
        for recipe in (*RECIPES, "import"):
            here.call(app.deploy, app.Deploy(model=f"{recipe}@v1", as_=recipe, wait_s=0))
    with (folder / "counts" / "counts.csv").open() as table:
        learnt = np.array([float(row["value"]) for row in csv.DictReader(table)])
    return World(root, pictures.gather(shared_data, folder / "pictures"), learnt)


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[httpx.Client]:
    with worlds.serving(world.root) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_every_recipe_is_here():
    known = {*BUILT_IN, *config.plugins("recipes")}
    assert known == RECIPES.keys() | ELSEWHERE.keys(), "show the parity of a new recipe too"
    home = Path(__file__).parents[3]
    assert all((home / path).exists() for path in ELSEWHERE.values())


@pytest.mark.parametrize("recipe", [*RECIPES, "import"])
def test_the_framework_the_library_predict_and_the_server_say_the_same(
    recipe: str, world: World, server: httpx.Client
) -> None:
    package = world.package(recipe)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    framework = framework_of(package, world.learnt)
    rows = predicted(world, recipe)
    assert len(world.pictures) >= 100
    worst, found = dict[str, float](), Counter[str]()
    for picture in world.pictures:
        data = picture.read_bytes()
        array, placement = predictor.place(data)
        outputs = predictor.run(array[None])
        author = f"model:{recipe}@v1"
        said = predictor.say(outputs, 0, placement, author=author)
        ours = predictor.say(framework(array[None]), 0, placement, author=author)
        for name, far in alike.apart(said, ours, package.contract.decode.score_threshold).items():
            worst[name] = max(worst.get(name, 0.0), far)
        found.update(getattr(each, "label", "") for each in said)
        reply = server.post(f"/predict/{recipe}", content=data).raise_for_status().json()
        row = rows.pop(picture.name)
        if package.contract.decode.task == "classify":
            (told,) = said
            assert row["label"] == reply["label"] == told.label, picture.name
            assert row["confidence"] == reply["confidence"] == round(told.score, 6), picture.name
        else:
            exactly = msgspec.json.decode(msgspec.json.encode(said))
            assert row["annotations"] == reply["annotations"] == exactly, picture.name
    assert not rows
    print(f"{recipe}: {worst} over {found.total()}: {dict(found)}")
    assert found.total() >= LEAST.get(recipe, len(world.pictures)), found


def predicted(world: World, recipe: str) -> dict[str, dict[str, Any]]:
    """What `predict` writes of each picture."""
    folder = str(world.pictures[0].parent)
    with sdk.local(world.root) as here:
        ask = app.Predict(model=f"{recipe}@v1", sources=(folder,))
        return {Path(row["file"]).name: row for row in here.call(app.predict, ask).rows}


@pytest.mark.parametrize("recipe", [*RECIPES, "import"])
def test_several_pictures_in_one_request_are_answered_like_each_alone(
    recipe: str, world: World, server: httpx.Client
) -> None:
    package = world.package(recipe)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    some = [picture.read_bytes() for picture in world.pictures[::9]]
    texts = [base64.b64encode(data).decode() for data in some]
    tensor = {"name": "image", "datatype": "BYTES", "shape": [len(some)], "data": texts}
    reply = server.post(f"/v2/models/{recipe}/infer", json={"inputs": [tensor]})
    by_name = {output["name"]: output for output in reply.raise_for_status().json()["outputs"]}
    alone = [predictor.predict(data, author=f"model:{recipe}@v1") for data in some]
    if package.contract.decode.task == "classify":
        together = np.reshape(by_name["probabilities"]["data"], (len(some), -1))
        each = np.stack(
            [answer.probabilities for answer in alone if answer.probabilities is not None]
        )
        np.testing.assert_allclose(together, each, atol=alike.SCORE)
        return
    for text, answer in zip(by_name["annotations"]["data"], alone, strict=True):
        together = msgspec.convert(json.loads(text), list[Annotation])
        alike.apart(together, answer.annotations, package.contract.decode.score_threshold)


def test_what_is_no_picture_is_refused_by_all_of_them(
    world: World, server: httpx.Client, shared_data: Path
) -> None:
    package = world.package("detect")
    predictor = infer.Predictor.load(package.onnx, package.contract)
    with sdk.local(world.root) as here:
        ask = app.Predict(model="detect@v1", sources=(str(shared_data / "broken"),))
        rows = {Path(row["file"]).name: row for row in here.call(app.predict, ask).rows}
    for file in sorted((shared_data / "broken").iterdir()):
        with pytest.raises((infer.NotAnImage, infer.TruncatedImage)) as refused:
            predictor.predict(file.read_bytes())
        code = refused.value.code
        assert rows[file.name]["error"]["code"] == code
        reply = server.post("/predict/detect", content=file.read_bytes())
        told = reply.status_code, reply.json()["error"]["code"]
        assert told == ((422, code) if file.stat().st_size else (400, "serve.bad_request"))
