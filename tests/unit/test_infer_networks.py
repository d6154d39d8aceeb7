"""The backbone knows its classes, and a head on it is one file that says both."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from visloop.errors import UsageError
from visloop.infer import ModelRefused, Predictor, backbone, imagenet_classifier, with_head
from visloop.infer.lite0 import build, imagenet_weights
from visloop.vision import Contract, ShapeError

# What these COCO photos show, by ImageNet's indices: vase, analog clock, ballplayer, pizza, pier
SEEN = {
    "000000000030": 883,
    "000000000064": 409,
    "000000000192": 981,
    "000000000194": 963,
    "000000000520": 718,
}


def _photos(folder, split):
    paths = sorted((folder / "clothing" / split).rglob("*.jpg"))
    return [path.read_bytes() for path in paths], [path.parent.name for path in paths]


def _embeddings(photos):
    start = backbone()
    predictor = Predictor.load(*start)
    prepared = [predictor.prepare(photo) for photo in photos]
    parts = [predictor.run(np.stack(prepared[i : i + 8])) for i in range(0, len(prepared), 8)]
    return np.concatenate([part.embedding for part in parts])


def test_every_build_gives_the_same_bytes():
    assert build(imagenet_weights(), 224) == backbone().onnx
    assert with_head(backbone().onnx, np.eye(3, 1280), np.zeros(3)) == with_head(
        backbone().onnx, np.eye(3, 1280), np.zeros(3)
    )


@pytest.mark.shared
def test_the_network_names_what_photos_show(shared_data):
    predictor = Predictor.load(*imagenet_classifier())
    for name, index in SEEN.items():
        data = (shared_data / "coco" / "images" / f"{name}.jpg").read_bytes()
        answer = predictor.predict(data)
        assert predictor.annotate(answer.probabilities, author="model:imagenet@v1")[0].label == str(
            index
        ), name


@pytest.mark.shared
@pytest.mark.slow
def test_a_logistic_head_tells_clothing_apart(shared_data):
    train, known = _photos(shared_data, "train")
    test, truth = _photos(shared_data, "test")
    head = LogisticRegression(C=0.03, max_iter=500).fit(_embeddings(train), known)
    classes = tuple(str(name) for name in head.classes_)
    model = with_head(backbone().onnx, head.coef_, head.intercept_)
    predictor = Predictor.load(model, Contract(classes=classes))
    answers = [
        predictor.annotate(predictor.predict(photo).probabilities, author="") for photo in test
    ]
    right = [best[0].label == name for best, name in zip(answers, truth, strict=True)]
    assert np.mean(right) >= 0.8


@pytest.mark.shared
def test_the_file_computes_what_the_head_was_fitted_to(shared_data):
    photos, names = _photos(shared_data, "test")
    photos, names = photos[::4], names[::4]
    embeddings = _embeddings(photos)
    head = LogisticRegression(C=0.03, max_iter=50, tol=1e-2).fit(embeddings, names)
    model = with_head(backbone().onnx, head.coef_, head.intercept_)
    predictor = Predictor.load(model, Contract(classes=tuple(map(str, head.classes_))))
    outputs = predictor.run(np.stack([predictor.prepare(photo) for photo in photos]))
    np.testing.assert_allclose(outputs.embedding, embeddings, atol=1e-5)
    np.testing.assert_allclose(outputs.probabilities, head.predict_proba(embeddings), atol=1e-5)
    np.testing.assert_allclose(outputs.probabilities.sum(axis=1), 1, atol=1e-5)


def test_temperature_makes_answers_less_sure_and_changes_none():
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(4, 1280)), rng.normal(size=4)
    picture = rng.normal(size=(1, 3, 224, 224)).astype(np.float32)
    contract = Contract(classes=("a", "b", "c", "d"))
    sure, unsure = (
        Predictor.load(with_head(backbone().onnx, weights, bias, temperature=t), contract)
        .run(picture)
        .probabilities[0]
        for t in (1.0, 5.0)
    )
    assert unsure.max() < sure.max()
    assert (np.argsort(unsure) == np.argsort(sure)).all()


@pytest.mark.parametrize(
    ("weights", "bias"), [((3, 100), (3,)), ((3, 1280), (4,)), ((1280,), (3,)), ((3, 1280), (3, 1))]
)
def test_a_head_that_does_not_fit_is_named(weights, bias):
    with pytest.raises(ShapeError, match=r"\(K, 1280\)"):
        with_head(backbone().onnx, np.zeros(weights), np.zeros(bias))


def test_a_head_wants_a_network_and_a_temperature():
    with pytest.raises(ModelRefused):
        with_head(b"not a model", np.zeros((3, 1280)), np.zeros(3))
    with pytest.raises(UsageError, match="temperature"):
        with_head(backbone().onnx, np.zeros((3, 1280)), np.zeros(3), temperature=0)
