"""One predictor for everybody: the same numbers alone, in a batch and from many threads."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from visloop.errors import Unavailable, UsageError
from visloop.infer import ModelRefused, Predictor, check_model, imagenet_classifier, providers
from visloop.vision import Contract, ContractRefused, Decode, Resize, ShapeError

CLASSES = ("dark", "light")
CONTRACT = Contract(resize=Resize(size_px=8, crop_px=8), classes=CLASSES)


def tiny(edit=None, *, batch="N", classes=2) -> bytes:
    """Mean of the picture as `embedding`, its sign as `probabilities`."""
    floats = TensorProto.FLOAT
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    weights = np.linspace(-1, 1, classes, dtype=np.float32)[None].repeat(3, axis=0)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", floats, [batch, 3, 8, 8])],
        [
            helper.make_tensor_value_info("probabilities", floats, [batch, classes]),
            helper.make_tensor_value_info("embedding", floats, [batch, 3]),
        ],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    if edit:
        edit(model)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def classifier():
    return Predictor.load(*imagenet_classifier())


@pytest.fixture(scope="module")
def prepared(shared_data, classifier):
    paths = sorted((shared_data / "coco" / "images").glob("*.jpg"))
    return np.stack([classifier.prepare(path.read_bytes()) for path in paths])


@pytest.mark.shared
def test_a_picture_gets_the_same_answer_alone_and_in_a_batch(classifier, prepared):
    together = classifier.run(prepared)
    for index, picture in enumerate(prepared):
        alone = classifier.run(picture[None])
        np.testing.assert_allclose(
            alone.probabilities[0], together.probabilities[index], rtol=1e-3, atol=1e-5
        )
        np.testing.assert_allclose(alone.embedding[0], together.embedding[index], atol=1e-3)


@pytest.mark.shared
def test_many_threads_may_ask_at_once(classifier, prepared):
    once = classifier.run(prepared[:4]).probabilities
    with ThreadPoolExecutor(8) as pool:
        for outputs in pool.map(classifier.run, [prepared[:4]] * 16):
            assert (outputs.probabilities == once).all()


@pytest.mark.shared
def test_predict_is_prepare_and_run(classifier, shared_data):
    data = (shared_data / "coco" / "images" / "000000000030.jpg").read_bytes()
    answer = classifier.predict(data)
    outputs = classifier.run(classifier.prepare(data)[None])
    assert (answer.probabilities == outputs.probabilities[0]).all()
    assert answer.embedding.shape == (1280,)


def test_labels_come_best_first_from_a_named_model():
    predictor = Predictor.load(tiny(), CONTRACT)
    labels = predictor.annotate(np.array([0.2, 0.8], np.float32), author="model:lamp@v1", top=5)
    assert [(label.label, label.author, label.review) for label in labels] == [
        ("light", "model:lamp@v1", "proposed"),
        ("dark", "model:lamp@v1", "proposed"),
    ]
    assert labels[0].score == pytest.approx(0.8)


def test_labels_below_the_threshold_are_left_out():
    contract = Contract(resize=CONTRACT.resize, classes=CLASSES, decode=Decode(score_threshold=0.5))
    predictor = Predictor.load(tiny(), contract)
    labels = predictor.annotate(np.array([0.4, 0.6], np.float32), author="", top=5)
    assert [label.label for label in labels] == ["light"]
    with pytest.raises(ShapeError):
        predictor.annotate(np.zeros(3, np.float32), author="")


def test_the_digest_is_of_model_and_contract():
    one = Predictor.load(tiny(), CONTRACT)
    assert one.digest == Predictor.load(tiny(), CONTRACT).digest
    other = Contract(resize=Resize(size_px=10, crop_px=8), classes=CLASSES)
    assert one.digest != Predictor.load(tiny(), other).digest
    edited = tiny(lambda model: setattr(model, "producer_name", "somebody"))
    assert one.digest != Predictor.load(edited, CONTRACT).digest


def test_an_embedder_gives_no_probabilities():
    def only_embedding(model):
        del model.graph.output[0]

    contract = Contract(resize=CONTRACT.resize, decode=Decode(task="embed"))
    outputs = Predictor.load(tiny(only_embedding), contract).run(np.ones((2, 3, 8, 8), np.float32))
    assert outputs.probabilities is None
    assert outputs.embedding.tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    "batch",
    [np.zeros((3, 8, 8), np.float32), np.zeros((1, 3, 9, 8), np.float32), np.zeros((1, 3, 8, 8))],
)
def test_a_batch_of_another_shape_is_named(batch):
    with pytest.raises(ShapeError, match=r"\(N, 3, 8, 8\)"):
        Predictor.load(tiny(), CONTRACT).run(batch)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02.")
    return out.getvalue()


class Evil:
    """A pickle that runs a command when it is loaded."""

    def __reduce__(self):
        return os.system, ("false",)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (pickle.dumps(Evil()), "pickle"),
        (pickle.dumps({}, 0), "not ONNX"),
        (_zip(), "zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"", "not ONNX"),
        (b"import os", "not ONNX"),
        (tiny()[:-40], "not ONNX"),
    ],
)
def test_other_files_are_refused_by_what_they_are(data, because):
    with pytest.raises(ModelRefused, match=because):
        Predictor.load(data, CONTRACT)


def _own_operator(model):
    model.graph.node[2].domain = "my.ops"
    model.opset_import.append(helper.make_opsetid("my.ops", 1))


def _own_function(model):
    node = helper.make_node("Abs", ["x"], ["y"])
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("my.ops", "F", ["x"], ["y"], [node], opsets))


def _outside(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")


def _outside_deep_inside(model):
    constant = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    constant.data_location = TensorProto.EXTERNAL
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=constant)], "g", [], []
    )
    model.graph.node.append(
        helper.make_node("If", ["w"], ["c2"], then_branch=inner, else_branch=inner)
    )


def _other_input(model):
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def _other_size(model):
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 9


def _unknown_operator(model):
    model.graph.node[0].op_type = "NoSuchOperator"


@pytest.mark.parametrize(
    ("edit", "because"),
    [
        (_own_operator, "operators of my.ops"),
        (_own_function, "operators of my.ops"),
        (_outside, "kept in another file"),
        (_outside_deep_inside, "kept in another file"),
        (_other_input, "its inputs are"),
        (_other_size, "it wants an input of"),
        (_unknown_operator, "ONNX Runtime cannot load it"),
    ],
)
def test_models_that_hold_more_than_plain_computation_are_refused(edit, because):
    with pytest.raises(ModelRefused, match=because) as refused:
        Predictor.load(tiny(edit), CONTRACT)
    assert refused.value.code == "infer.model_refused"
    assert refused.value.fix


def test_a_model_that_does_not_fit_its_contract_is_refused():
    with pytest.raises(ModelRefused, match=r"is \(N, 3\); a contract of 2 classes"):
        Predictor.load(tiny(classes=3), CONTRACT)
    with pytest.raises(ModelRefused, match="batch is fixed to 2"):
        Predictor.load(tiny(batch=2), CONTRACT)
    named = Contract(resize=CONTRACT.resize, classes=CLASSES, decode=Decode(probabilities="p"))
    with pytest.raises(ModelRefused, match="no output 'p'"):
        Predictor.load(tiny(), named)
    with pytest.raises(ContractRefused):
        Predictor.load(tiny(), Contract(resize=Resize(library="opencv 5"), classes=CLASSES))


def test_a_model_of_fixed_batch_one_answers_many_all_the_same():
    rng = np.random.default_rng(1)
    pictures = rng.normal(size=(3, 3, 8, 8)).astype(np.float32)
    free, fixed = (Predictor.load(tiny(batch=batch), CONTRACT) for batch in ("N", 1))
    np.testing.assert_allclose(
        free.run(pictures).probabilities, fixed.run(pictures).probabilities, atol=1e-6
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(ModelRefused):
        check_model(data)


def test_a_good_model_passes_the_check():
    assert isinstance(check_model(tiny()), onnx.ModelProto)


def test_the_device_is_chosen_from_what_is_here():
    assert providers("cpu") == ["CPUExecutionProvider"]
    assert providers("auto")[-1] == "CPUExecutionProvider"
    with pytest.raises(UsageError, match="'tpu'"):
        providers("tpu")
    if "CUDAExecutionProvider" not in providers("auto"):
        with pytest.raises(Unavailable) as caught:
            providers("cuda")
        assert "onnxruntime-gpu" in caught.value.fix
    with pytest.raises(Unavailable) as caught:
        providers("openvino")
    assert "onnxruntime-openvino" in caught.value.fix
