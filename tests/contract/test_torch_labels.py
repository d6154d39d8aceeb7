"""What labels do to a detector: crowds, empty pictures, rare classes. Squares on grey, learnt in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, infer, registry, store
from visloop.adapters.torch.schooling import MOST_WEIGHT, class_weights

RED, BLUE = (40, 40, 220), (220, 60, 40)
SIDE = 64
LESSON = {
    "epochs": 12,
    "batch": 4,
    "rate": 2e-3,
    "head_rate": 1e-2,
    "pixels": SIDE * SIDE,
    "holdout": 0,
    "augment": 0,
    "watched": 0,
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory):
    made = Workspace(tmp_path_factory.mktemp("labels"), store.SystemClock())
    yield made
    made.close()


Square = tuple[str, tuple[int, int, int], bool]
"""What it is called (empty: nobody drew a box), its colour, and whether it is a crowd."""


def taught(
    workspace: Workspace, folder: Path, name: str, shown: list[list[Square]], **params: object
) -> infer.Predictor:
    """A detector of pictures with squares in places drawn by chance."""
    numbers = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    known = sorted({label for squares in shown for label, _, _ in squares if label})
    images, boxes = [], []
    for place, squares in enumerate(shown):
        pixels = canvas(numbers)
        for half, (label, colour, crowd) in enumerate(squares):
            x, y = 32 * half + int(numbers.integers(2, 12)), int(numbers.integers(2, 44))
            pixels[y : y + 18, x : x + 18] = colour
            if label:
                boxes.append(
                    {"id": len(boxes) + 1, "image_id": place, "category_id": known.index(label),
                     "bbox": [x, y, 18, 18], "area": 324, "iscrowd": int(crowd)}
                )  # fmt: skip
        cv2.imwrite(str(folder / "images" / f"{place}.png"), pixels)
        images.append({"id": place, "file_name": f"{place}.png", "width": SIDE, "height": SIDE})
    kinds = [{"id": i, "name": label} for i, label in enumerate(known)]
    told = {"images": images, "annotations": boxes, "categories": kinds}
    (folder / "annotations.json").write_text(json.dumps(told))
    data.add(workspace.data, SCOPE, name, [folder], data.AddOptions(add_classes=True))
    data.commit(workspace.data, SCOPE, name, "drawn")
    model = workspace.train(f"{name}@v1", recipe="detect", params={**LESSON, **params}).model
    made = registry.load(workspace.registry, workspace.model(model))
    return infer.Predictor.load(made.onnx, made.contract)


def canvas(numbers: np.random.Generator) -> np.ndarray:
    return numbers.integers(90, 130, (SIDE, SIDE, 3)).astype(np.uint8)


def scores(predictor: infer.Predictor, colour: tuple[int, int, int]) -> dict[str, float]:
    """How sure the detector is of each class at a square of this colour: means over places."""
    numbers = np.random.default_rng(9)
    found: dict[str, list[float]] = {}
    for _ in range(8):
        pixels = canvas(numbers)
        x, y = (int(each) for each in numbers.integers(4, 42, 2))
        pixels[y : y + 18, x : x + 18] = colour
        png = cv2.imencode(".png", pixels)[1].tobytes()
        raw = predictor.run(predictor.prepare(png)[None]).raw["scores"][0]
        for place, label in enumerate(predictor.contract.classes):
            found.setdefault(label, []).append(float(raw[:, place].max()))
    return {label: float(np.mean(each)) for label, each in found.items()}


def test_a_crowd_teaches_nothing_and_an_empty_picture_teaches_that_nothing_is_there(
    workspace, tmp_path
):
    red, blue = ("part", RED, False), ("", BLUE, False)
    crowd = ("part", BLUE, True)
    unsure = taught(workspace, tmp_path / "a", "crowds", [[red], [crowd, red]] * 6)
    sure = taught(workspace, tmp_path / "b", "empty", [[red], [blue]] * 6)
    assert scores(unsure, BLUE)["part"] > 2 * scores(sure, BLUE)["part"]
    assert scores(sure, RED)["part"] > 2 * scores(sure, BLUE)["part"]


def lead_of_rare(predictor: infer.Predictor) -> float:
    found = scores(predictor, BLUE)
    return found["rare"] - found["common"]


def test_a_rare_class_is_called_by_its_name_when_classes_are_balanced(workspace, tmp_path):
    shown = [[("common", RED, False)]] * 10 + [[("rare", BLUE, False)]] * 2
    plain = taught(workspace, tmp_path / "a", "plain", shown)
    balanced = taught(workspace, tmp_path / "b", "balanced", shown, balanced=True)
    assert scores(balanced, BLUE)["rare"] > scores(plain, BLUE)["rare"] + 0.1
    # by how much the right name leads; alone, the wrong one's score depends on the processor's rounding
    assert lead_of_rare(balanced) > lead_of_rare(plain) + 0.1
    assert scores(balanced, RED)["common"] > scores(balanced, RED)["rare"]


def test_classes_count_alike_but_none_counts_without_end():
    counts = np.array([900.0, 90.0, 9.0, 1.0])
    weights = class_weights(counts, balanced=True)
    assert (weights * counts).sum() == pytest.approx(counts.sum(), rel=1e-5)
    assert weights[0] * 900 == pytest.approx(weights[1] * 90, rel=1e-5)
    assert weights[3] / weights[0] == pytest.approx(MOST_WEIGHT / (1000 / 4 / 900), rel=1e-5)
    assert class_weights(counts, balanced=False).tolist() == [1, 1, 1, 1]
