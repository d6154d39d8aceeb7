"""Maps point at what a network really reads; Shapley values are what their definition says."""

from __future__ import annotations

import io
from itertools import permutations

import numpy as np
import piexif
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from visloop import evaluate, infer, registry, train
from visloop.errors import UsageError
from visloop.evaluate import ExplainSettings, NothingToExplain, Subject, look
from visloop.evaluate.explaining.head import features_of, linear_head, pushes, shapley
from visloop.evaluate.explaining.looking import integrated
from visloop.progress import Silent
from visloop.train.recipes.root import root_before_head
from visloop.vision import Contract, Decode, Resize, ShapeError

PX = 64
READS = (8, 40, 24, 56)
"""Where the network looks, x1 y1 x2 y2 of its input: left, below the middle."""
QUICK = ExplainSettings(masks=400, steps=16)


def model(nodes, outputs, constants) -> bytes:
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "spot",
        [helper.make_tensor_value_info("input", floats, ["N", 3, PX, PX])],
        [helper.make_tensor_value_info(name, floats, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def spot() -> np.ndarray:
    window = np.zeros((1, 1, PX, PX), np.float32)
    x1, y1, x2, y2 = READS
    window[..., y1:y2, x1:x2] = 1.0
    return window


@pytest.fixture(scope="module")
def classifier() -> registry.Package:
    """`lit`: how bright and red one place is; `dark` its opposite; read through a map of 16 × 16."""
    kernel = np.zeros((2, 3, 4, 4), np.float32)
    kernel[0, 0], kernel[1, 0] = 1 / 16, -1 / 16
    small = spot()[..., ::4, ::4]
    onnx = model(
        [
            helper.make_node("Conv", ["input", "kernel"], ["conv"], strides=[4, 4]),
            helper.make_node("Relu", ["conv"], ["relu"]),
            helper.make_node("Mul", ["relu", "small"], ["map"]),
            helper.make_node("GlobalAveragePool", ["map"], ["pool"]),
            helper.make_node("Flatten", ["pool"], ["embedding"]),
            helper.make_node("Gemm", ["embedding", "w", "b"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        [("probabilities", ["N", 2]), ("embedding", ["N", 2])],
        {
            "kernel": kernel,
            "small": small,
            "w": np.float32([[60, -60], [-60, 60]]),
            "b": np.float32([-1, 1]),
        },
    )
    resize = Resize(mode="letterbox", size_px=PX, crop_px=None)
    return registry.Package(onnx, Contract(classes=("lit", "dark"), resize=resize))


@pytest.fixture(scope="module")
def detector() -> registry.Package:
    """Two boxes that never move; the score of the first is how bright its place is."""
    boxes = np.float32([[*READS], [40, 8, 56, 24]])[None]
    onnx = model(
        [
            helper.make_node("Mul", ["input", "spot"], ["seen"]),
            helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "share"], ["score"]),
            helper.make_node("Reshape", ["score", "shape"], ["one"]),
            helper.make_node("Mul", ["one", "both"], ["scores"]),
            helper.make_node("Mul", ["one", "zeros"], ["nothing"]),
            helper.make_node("Add", ["nothing", "fixed"], ["boxes"]),
        ],
        [("boxes", ["N", 2, 4]), ("scores", ["N", 2, 1])],
        {
            "spot": spot() * np.float32([1, 0, 0])[:, None, None],
            "share": np.float32(48 * 0.9),
            "shape": np.int64([-1, 1, 1]),
            "both": np.float32([[[1.0], [0.4]]]),
            "zeros": np.zeros((1, 2, 4), np.float32),
            "fixed": boxes,
        },
    )
    resize = Resize(mode="squash", size_px=PX, crop_px=None)
    decode = Decode(task="detect", score_threshold=0.3)
    return registry.Package(onnx, Contract(classes=("thing",), resize=resize, decode=decode))


def picture(*, size=(128, 64), turned: bool = False, red=(0, 80, 48, 128)) -> bytes:
    """A dark picture with noise and a red place; as it hangs on the wall, whatever the file holds."""
    wide, high = size
    rgb = np.random.default_rng(0).integers(0, 60, (high, wide, 3)).astype(np.uint8)
    x1, y1, x2, y2 = (side * wide // 128 for side in red)
    rgb[y1:y2, x1:x2, 0] = 250
    upright = Image.fromarray(rgb)
    out = io.BytesIO()
    if not turned:
        upright.save(out, "PNG")
        return out.getvalue()
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: 6}})
    upright.rotate(90, expand=True).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def on_the_spot(found: evaluate.Saliency, size) -> bool:
    """Of a letterbox: the input's rectangle in pixels of the picture."""
    wide, high = size
    scale, x1, y1, x2, y2 = max(size) / PX, *READS
    left, top = (max(size) - wide) / 2, (max(size) - high) / 2
    box = (x1 * scale - left, y1 * scale - top, x2 * scale - left, y2 * scale - top)
    return evaluate.points_at(found, [box])


@pytest.mark.parametrize("method", evaluate.METHODS)
def test_every_method_finds_the_place_that_the_network_reads(classifier, method):
    size = (128, 128)
    subject = Subject(classifier, picture(size=size, red=(0, 60, 90, 128)), label="lit")
    found = look(subject, method, QUICK, Silent())
    assert found.values.shape == found.seen.shape == (128, 128)
    assert on_the_spot(found, size), (method, found.peak_xy)
    assert found.values.min() == 0.0


@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_a_turned_and_letterboxed_picture_has_its_map_where_a_person_sees_it(classifier, method):
    size = (48, 128)
    raw = picture(size=size, turned=True, red=(0, 160, 90, 340))
    found = look(Subject(classifier, raw, label="lit"), method, QUICK, Silent())
    assert found.values.shape == (128, 48)
    assert on_the_spot(found, size), found.peak_xy


def test_what_the_model_was_not_shown_is_said(classifier):
    cut = registry.Package(
        classifier.onnx, Contract(classes=("lit", "dark"), resize=Resize(size_px=PX, crop_px=PX))
    )
    found = look(Subject(cut, picture(size=(128, 64))), "occlusion", QUICK, Silent())
    assert found.seen.mean() == pytest.approx(0.5)
    assert not found.seen[:, :30].any()
    assert (found.values[~found.seen] == 0).all()


def test_integrated_gradients_add_up_to_the_difference_from_grey(classifier):
    subject = Subject(classifier, picture(size=(128, 128), red=(0, 60, 90, 128)), label="lit")
    shares = integrated(subject, ExplainSettings(steps=64), Silent())
    network = subject.network
    here, grey = (
        network.values(batch, ["logits"])["logits"][0, 0]
        for batch in (subject.prepared[None], subject.baseline + 0 * subject.prepared[None])
    )
    assert shares.sum() == pytest.approx(here - grey, rel=0.02)


def test_the_same_seed_gives_the_same_map_and_another_another(classifier):
    subject = Subject(classifier, picture(size=(128, 128)), label="lit")
    one, same, other = (
        look(subject, "rise", ExplainSettings(masks=64, seed=seed), Silent()).values
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_a_limit_on_time_ends_it_with_what_there_is(classifier):
    subject = Subject(classifier, picture(), label="lit")
    found = look(subject, "rise", ExplainSettings(masks=100_000, seconds=1e-6), Silent())
    assert 64 <= found.asked < 1000


@pytest.mark.parametrize("method", ["rise", "integrated-gradients", "occlusion"])
def test_of_a_detector_the_map_is_of_one_box(detector, method):
    raw = picture(size=(128, 128), red=(0, 0, 128, 128))
    subject = Subject(detector, raw, which=0)
    assert subject.target.said.xyxy == (16, 80, 48, 112)
    found = look(subject, method, ExplainSettings(masks=600, steps=8), Silent())
    assert evaluate.points_at(found, [subject.target.said.xyxy]), found.peak_xy
    with pytest.raises(UsageError, match="one cell"):
        look(subject, "gradcam", QUICK, Silent())


def test_what_a_model_does_not_say_cannot_be_explained(detector, classifier):
    dark = picture(size=(128, 128), red=(0, 0, 0, 0))
    with pytest.raises(NothingToExplain, match="finds nothing"):
        Subject(detector, dark)
    with pytest.raises(NothingToExplain, match="2 of them"):
        Subject(detector, picture(size=(128, 128), red=(0, 0, 128, 128)), which=2)
    with pytest.raises(UsageError, match="no class 'lid'"):
        Subject(classifier, dark, label="lid")
    with pytest.raises(UsageError, match="no method"):
        look(Subject(classifier, dark), "gradcham", QUICK, Silent())


def test_a_map_that_is_right_deletes_sooner_and_inserts_sooner_than_a_wrong_one(classifier):
    subject = Subject(classifier, picture(size=(128, 128), red=(0, 60, 90, 128)), label="lit")
    right = evaluate.input_heat(subject, look(subject, "occlusion", QUICK, Silent()))
    assert evaluate.deletion(subject, right) < evaluate.deletion(subject, -right)
    assert evaluate.insertion(subject, right) > evaluate.insertion(subject, -right)


def test_scrambled_weights_make_another_model(classifier):
    raw = picture(size=(128, 128), red=(0, 60, 90, 128))
    other = evaluate.scrambled(classifier, 3)
    first, second = (
        look(Subject(each, raw, label="lit"), "occlusion", QUICK, Silent()).values
        for each in (classifier, other)
    )
    assert np.abs(first - second).max() > 0.01
    assert other.contract == classifier.contract


def test_the_overlay_shows_the_picture_the_map_and_a_strip(classifier):
    subject = Subject(classifier, picture(size=(128, 128), red=(0, 60, 90, 128)), label="lit")
    found = look(subject, "occlusion", QUICK, Silent())
    sheet = evaluate.overlaid(subject.pixels, found, subject.target, "spot@v1")
    assert sheet.shape[1] == 128
    assert sheet.shape[0] > 128
    x, y = found.peak_xy
    corner = sheet[2:20, 100:126].astype(float)
    assert sheet[y, x].astype(float).mean() > corner.mean() + 60


# --- the head ----------------------------------------------------------------------------------------


def by_definition(weights, x, background):
    """Shapley's own formula: what a feature brings, meant over every order in which they come."""
    values = np.zeros_like(weights)
    orders = list(permutations(range(len(x))))
    for order in orders:
        known = np.tile(background, (1, 1))
        before = (known @ weights.T).mean(axis=0)
        for at in order:
            known[:, at] = x[at]
            after = (known @ weights.T).mean(axis=0)
            values[:, at] += after - before
            before = after
    return values / len(orders)


def test_shapley_values_of_a_linear_head_are_what_the_definition_says():
    rng = np.random.default_rng(0)
    weights, x, background = rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(7, 5))
    found = shapley(weights, x, background)
    np.testing.assert_allclose(found, by_definition(weights, x, background), atol=1e-12)


def test_shapley_values_are_those_of_the_library_shap():
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(1)
    weights, bias = rng.normal(size=(3, 20)), rng.normal(size=3)
    x, background = rng.normal(size=20), rng.normal(size=(60, 20))
    masker = shap.maskers.Independent(background, max_samples=60)
    theirs = shap.LinearExplainer((weights, bias), masker).shap_values(x[None])
    np.testing.assert_allclose(shapley(weights, x, background), np.asarray(theirs)[0].T, atol=1e-9)


def reference(rows) -> bytes:
    n = len(rows)
    return train.Reference(
        probabilities=np.full((n, 3), 1 / 3, np.float32),
        embeddings=rows.astype(np.float16),
        statistics=np.zeros((n, 8), np.float32),
        images=tuple(f"{at:064x}" for at in range(n)),
        predicted=np.zeros(n, np.int64),
        truth=np.zeros(n, np.int64),
    ).to_bytes()


def test_the_pushes_of_a_rooted_head_add_up_to_its_logit():
    rng = np.random.default_rng(2)
    weights, bias = rng.normal(size=(3, 1280)), rng.normal(size=3)
    onnx = root_before_head(infer.with_head(infer.backbone().onnx, weights, bias))
    rows = np.abs(rng.normal(size=(6, 1280)))
    package = registry.Package(onnx, Contract(classes=("a", "b", "c")), reference=reference(rows))
    head = linear_head(package)
    assert head.weights == pytest.approx(weights, rel=1e-6)
    x = np.abs(rng.normal(size=1280)).astype(np.float32)
    read = features_of(package, head, x[None])
    np.testing.assert_allclose(read[0], np.sqrt(x), rtol=1e-5)
    paths = {f"{at:064x}": f"{at}.jpg" for at in range(6)}
    found = pushes(package, x, "b", paths, 1280)
    assert sum(each.push for each in found.features) == pytest.approx(found.here - found.usual)
    logits = weights @ np.sqrt(x) + bias
    assert found.here == pytest.approx(logits[1] - logits.mean(), abs=1e-3)
    strongest = found.features[0]
    most = np.argmax(rows.astype(np.float16)[:, strongest.index])
    assert strongest.shown_by[0] == f"{most}.jpg"
    assert abs(strongest.push) == max(abs(each.push) for each in found.features)


def test_a_model_without_a_linear_head_has_no_pushes(classifier, detector):
    assert linear_head(classifier).reads == "embedding"
    assert linear_head(detector) is None
    assert pushes(classifier, np.zeros(2, np.float32), "lit", {}, 3) is None


def test_features_are_known_only_where_they_come_from_the_embedding_alone(classifier):
    head = linear_head(classifier)
    moved = type(head)(head.weights, head.bias, "conv")
    assert features_of(classifier, moved, np.zeros((1, 2), np.float32)) is None


def test_a_batch_that_is_none_is_refused(classifier):
    subject = Subject(classifier, picture(), label="lit")
    with pytest.raises(ShapeError):
        subject.scores(np.zeros((1, 3, 8, 8), np.float32))
