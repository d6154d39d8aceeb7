from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop import infer
from visloop.errors import Corrupt, Refused
from visloop.train.recipes.linear_head import calibrate, fit_head, rooted, softmax
from visloop.train.recipes.root import root_before_head
from visloop.train.reference import Reference


def blobs(seed=0, n=240, classes=4, size=32, spread=1.0):
    """Overlapping clouds: float32 (n, size), int64 (n,)."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, size))
    truth = np.arange(n) % classes
    points = np.maximum(0, 6 + centres[truth] + spread * 3 * rng.normal(size=(n, size)))
    return points.astype(np.float32), truth.astype(np.int64)


def answer(head, points):
    return softmax(rooted(points) @ head.weights + head.bias)


def test_a_head_learns_what_can_be_learnt():
    points, truth = blobs(spread=0.3)
    head = fit_head(points, truth, seed=0)
    assert head.weights.shape == (32, 4)
    assert head.chosen.accuracy > 0.95
    assert (answer(head, points).argmax(axis=1) == truth).mean() > 0.95
    assert head.chosen in head.trials


def test_the_same_data_and_seed_give_the_same_bytes():
    points, truth = blobs()
    first, second = (fit_head(points, truth, seed=3) for _ in range(2))
    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.bias.tobytes() == second.bias.tobytes()
    assert first.held_out.tobytes() == second.held_out.tobytes()


def test_held_out_answers_are_honest_about_pictures_never_seen():
    points, truth = blobs(n=1200)
    known, fresh = slice(0, 400), slice(400, None)
    head = fit_head(points[known], truth[known], seed=0)
    held_out = (head.held_out.argmax(axis=1) == truth[known]).mean()
    unseen = (answer(head, points[fresh]).argmax(axis=1) == truth[fresh]).mean()
    learnt = (answer(head, points[known]).argmax(axis=1) == truth[known]).mean()
    assert abs(held_out - unseen) < 0.08
    assert learnt > held_out


def test_confidence_is_calibrated_on_pictures_never_seen():
    points, truth = blobs(n=2400, spread=1.2)
    head = fit_head(points[:600], truth[:600], seed=0)
    fresh = answer(head, points[600:])
    claimed = fresh.max(axis=1).mean()
    right = (fresh.argmax(axis=1) == truth[600:]).mean()
    assert abs(claimed - right) < 0.06


def test_noise_is_answered_with_doubt():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200, 64)).astype(np.float32)
    head = fit_head(points, (np.arange(200) % 2).astype(np.int64), seed=0)
    assert head.held_out.max(axis=1).mean() < 0.65


def test_two_classes_have_two_columns():
    points, truth = blobs(classes=2, spread=0.3)
    head = fit_head(points, truth, seed=0)
    assert head.weights.shape == (32, 2)
    assert (answer(head, points).argmax(axis=1) == truth).mean() > 0.95


def test_a_class_with_two_pictures_still_trains():
    points, truth = blobs(n=62, classes=3)
    rare = np.r_[np.flatnonzero(truth < 2), np.flatnonzero(truth == 2)[:2]]
    head = fit_head(points[rare], truth[rare], seed=0)
    assert np.isfinite(head.held_out).all()


def test_balance_gives_rare_classes_a_voice():
    points, truth = blobs(n=600, classes=2, spread=1.0)
    keep = np.r_[np.flatnonzero(truth == 0), np.flatnonzero(truth == 1)[:20]]
    plain = fit_head(points[keep], truth[keep], seed=0)
    fair = fit_head(points[keep], truth[keep], seed=0, balanced=True)
    rare = truth == 1
    assert (answer(fair, points[rare]).argmax(axis=1) == 1).mean() > (
        answer(plain, points[rare]).argmax(axis=1) == 1
    ).mean()


@pytest.mark.parametrize("truth", [[0, 0, 0], [0, 0, 1], []])
def test_too_little_to_learn_from_is_refused(truth):
    points = np.zeros((len(truth), 4), np.float32)
    with pytest.raises(Refused, match="two classes"):
        fit_head(points, np.array(truth, np.int64), seed=0)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.2, 5.0), st.integers(0, 1000))
def test_calibration_finds_the_temperature_that_was_used(temperature, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (4_000, 5))
    probabilities = softmax(logits)
    truth = (probabilities.cumsum(axis=1) > rng.random((4_000, 1))).argmax(axis=1)
    assert calibrate(logits * temperature, truth) == pytest.approx(temperature, rel=0.12)


def test_softmax_does_not_overflow():
    assert softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_the_exported_network_computes_what_was_fitted():
    points, truth = blobs(spread=0.3)
    head = fit_head(points, truth, seed=0)
    kind, names = onnx.TensorProto.FLOAT, ("input", "embedding")
    through, back = (onnx.helper.make_tensor_value_info(n, kind, ["N", 32]) for n in names)
    nodes = [onnx.helper.make_node("Identity", ["input"], ["embedding"])]
    graph = onnx.helper.make_graph(nodes, "body", [through], [back])
    opset = [onnx.helper.make_opsetid("", 17)]
    body = onnx.helper.make_model(graph, ir_version=8, opset_imports=opset)
    joined = infer.with_head(body.SerializeToString(), head.weights.T, head.bias)
    session = ort.InferenceSession(root_before_head(joined))
    wide = np.concatenate([points, -points])
    found, embedding = session.run(["probabilities", "embedding"], {"input": wide})
    assert found == pytest.approx(answer(head, wide), abs=1e-5)
    assert (embedding == wide).all()


def reference(n=5) -> Reference:
    rng = np.random.default_rng(0)
    return Reference(
        probabilities=rng.dirichlet(np.ones(3), n).astype(np.float32),
        embeddings=rng.normal(size=(n, 7)).astype(np.float16),
        statistics=rng.normal(size=(n, 8)).astype(np.float32),
        images=tuple(f"{i:064x}" for i in range(n)),
        predicted=rng.integers(0, 3, n),
        truth=rng.integers(0, 3, n),
    )


def test_a_reference_survives_storage_and_is_the_same_bytes_each_time():
    given_ = reference()
    raw = given_.to_bytes()
    assert raw == reference().to_bytes()
    back = Reference.from_bytes(raw)
    assert back.images == given_.images
    for name in ("probabilities", "embeddings", "statistics", "predicted", "truth"):
        assert (getattr(back, name) == getattr(given_, name)).all()


def test_a_reference_that_would_run_code_is_refused(tmp_path):
    stream = tmp_path / "bad.npz"
    np.savez(stream, probabilities=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Corrupt):
        Reference.from_bytes(stream.read_bytes())
    with pytest.raises(Corrupt):
        Reference.from_bytes(b"not an npz")
    with pytest.raises(Corrupt):
        Reference.from_bytes(reference().to_bytes()[:-200])
