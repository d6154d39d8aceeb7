"""Inversion trips on a model that learnt single pictures by heart, and passes one that learnt its classes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.linear_model import LogisticRegression

from tests.unit.train_parts import SCOPE, Workspace
from visloop import errors, evaluate, registry, store
from visloop.ids import Ref
from visloop.vision import Contract, Decoder, Normalise, Resize

PEOPLE, EACH, SIDE = 4, 6, 16
NAMES = ("ann", "ben", "cid", "dot")
CONTRACT = Contract(
    decoder=Decoder(colour="grey"),
    resize=Resize(mode="squash", size_px=SIDE, crop_px=None, kernel="area"),
    normalise=Normalise(mean=(127.0,), std=(128.0,)),
    classes=NAMES,
)


def smooth(rng, count):
    waves = rng.normal(size=(count, 5, 5))
    return np.stack([cv2.resize(w, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for w in waves])


def person(rng, who, count):
    """Pictures of somebody, in [-1, 1]: what is his in all of them, and as much else in each."""
    his = smooth(np.random.default_rng((77, who)), 1)
    return np.clip(0.25 * (his + 1.2 * smooth(rng, count)), -1, 1)


def model_of(pictures, labels):
    """A linear softmax on pixels, as ONNX."""
    fitted = LogisticRegression(C=10.0, max_iter=500).fit(pictures.reshape(len(labels), -1), labels)
    kept = [
        numpy_helper.from_array(fitted.coef_.T.astype(np.float32), "weights"),
        numpy_helper.from_array(fitted.intercept_.astype(np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("Flatten", ["input"], ["pixels"]),
        helper.make_node("Gemm", ["pixels", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "faces",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", PEOPLE])],
        kept,
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """faces@v2: six pictures of each person to learn from, twenty held out; two models of them."""
    root, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    pictures, labels = [], []
    for split, count in (("train", EACH), ("test", 20)):
        for who, name in enumerate(NAMES):
            place = root / split / name
            place.mkdir(parents=True)
            drawn = person(rng, who, count)
            for number, pixels in enumerate(drawn):
                grey = np.clip(pixels * 128 + 127, 0, 255).astype(np.uint8)
                Image.fromarray(grey).save(place / f"{split}-{number}.png")
            if split == "train":
                pictures += list(drawn)
                labels += [who] * count
    (root / "ws").mkdir()
    workspace = Workspace(root / "ws", store.FakeClock())
    workspace.add(root / "train", name="faces", split="train")
    workspace.add(root / "test", name="faces", split="test")
    many = np.concatenate([person(rng, who, 150) for who in range(PEOPLE)])
    taught = {
        "heart": model_of(np.stack(pictures), np.array(labels)),
        "general": model_of(many, np.repeat(np.arange(PEOPLE), 150)),
    }
    for name, onnx in taught.items():
        package = registry.Package(onnx, CONTRACT, data="faces@v2:train")
        registry.register(workspace.registry, SCOPE, name, package, run=f"run-{name}")
    yield workspace
    workspace.close()


def inverted(faces, model, on="faces@v2:test", **settings):
    return evaluate.make_assessment(
        faces.evaluate, SCOPE, "inversion", faces.model(model), Ref.parse(on), settings=settings
    )


def test_a_model_that_learnt_pictures_by_heart_gives_them_away_and_one_of_the_class_does_not(faces):
    bound = evaluate.find_kind("inversion").headline.at_most
    made = inverted(faces, "heart")
    assert made.figures["nearer"].value > bound
    assert made.figures["nearer"].low > 0.5
    general = inverted(faces, "general")
    assert general.figures["nearer"].value < bound
    assert general.figures["nearer"].low < 0.5
    assert general.figures["recognised"].value > general.figures["chance"].value
    assert [row["class"] for row in made.outcome.rows] == list(NAMES)
    assert len(made.outcome.pictures) == PEOPLE
    sheet = faces.blobs.get(made.outcome.pictures[0].image)
    assert sheet.startswith(b"\xff\xd8")


def test_an_attacker_without_pictures_draws_waves(faces):
    made = inverted(faces, "heart", known="waves", classes="2", generations="10")
    assert made.figures["recognised"].n == 2
    assert inverted(faces, "heart", known="waves", classes="2", generations="10") == made


def test_inversion_wants_pictures_on_both_sides(faces):
    with pytest.raises(errors.Refused, match="0 classes of heart@v1"):
        inverted(faces, "heart", on="faces@v2:train")
