"""Gradients of ONNX files: the same answers as ONNX Runtime's, and slopes that finite steps confirm."""

from __future__ import annotations

import subprocess
import sys
import warnings
from functools import cache

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from visloop import infer
from visloop.adapters.torch.gradients.network import OPERATORS, TorchNetwork
from visloop.infer import NoGradient
from visloop.vision import ShapeError

NOT_COMPUTED = (
    "training",  # norms and dropout while a network learns
    "flexattention",  # an operator of a preview domain
    "averagepool_2d_dilations",
    "averagepool_3d_dilations",
    "convtranspose_output_shape",
    "convtranspose_kernel_shape",
    "convtranspose_autopad_same",
    "layer_normalization",  # these ask for the mean and the spread too; see below
    "maxpool_with_argmax",
    "empty_set",
    "exclude_outside",
    "tf_crop_and_resize",
    "antialias",
    "not_larger",
    "not_smaller",
    "scatternd_m",  # multiply, max, min
)
"""What of ONNX's own cases is refused, by its name."""


def cases():
    """ONNX's own cases of the operators that are known, with one float input left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cases overflow on purpose
        found = collect_testcases(None)
    for case in found:
        model = case.model
        if not {n.op_type for n in model.graph.node} <= set(OPERATORS) or model.functions:
            continue
        inputs, outputs = next(iter(case.data_sets))
        if not all(isinstance(each, np.ndarray) and each.ndim for each in outputs):
            continue
        floats = [
            at
            for at, each in enumerate(inputs)
            if isinstance(each, np.ndarray) and each.dtype == np.float32 and each.ndim
        ]
        if floats and all(isinstance(each, np.ndarray | np.generic) for each in inputs):
            yield case.name, with_one_input(model, inputs, floats[0]), inputs[floats[0]], outputs


def with_one_input(model: onnx.ModelProto, inputs, keep: int) -> onnx.ModelProto:
    """All inputs but one become constants."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for at, value in enumerate(inputs):
        if at != keep:
            constant = numpy_helper.from_array(np.asarray(value), made.graph.input[at].name)
            made.graph.initializer.append(constant)
    first = made.graph.input[keep]
    del made.graph.input[:]
    made.graph.input.append(first)
    return made


def batched(model: onnx.ModelProto) -> onnx.ModelProto:
    """Some cases have a first side of 1 that counts no pictures."""
    sides = model.graph.input[0].type.tensor_type.shape.dim
    if sides:
        sides[0].dim_param = "N"
    return model


def test_every_operator_computes_what_onnx_says_it_does():
    seen, wrong = set[str](), list[str]()
    for name, model, inputs, outputs in cases():
        names = [each.name for each in model.graph.output]
        ops = {node.op_type for node in model.graph.node}
        try:
            network = TorchNetwork(batched(model).SerializeToString())
            found = network.values(inputs, names)
        except infer.ModelRefused:
            assert "flexattention" in name
            continue
        except NoGradient:
            if not any(part in name for part in NOT_COMPUTED):
                wrong.append(name)
            continue
        for output, wanted in zip(names, outputs, strict=True):
            near = np.allclose(found[output], wanted, rtol=1e-3, atol=1e-5, equal_nan=True)
            if (found[output].shape != wanted.shape or not near) and "training" not in name:
                wrong.append(name)
        seen |= ops
    assert wrong == []
    assert set(OPERATORS) - seen <= {
        "CumSum",  # ONNX's cases of these have no float32 input
        "Einsum",
        "NonZero",
        "Trilu",
        "Xor",
        "Size",
        "LayerNormalization",
    }


def one_node(op: str, *constants, opset: int = 17, **attributes) -> bytes:
    """A network of one operator: float32 (N, 4) and constants."""
    names = [f"c{at}" for at in range(len(constants))]
    graph = helper.make_graph(
        [helper.make_node(op, ["input", *names], ["y"], **attributes)],
        "one",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), n) for v, n in zip(constants, names, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("op", "constants", "attributes"),
    [
        ("LayerNormalization", (np.float32([1, 2, 3, 4]), np.float32([0, 1, 0, 1])), {}),
        ("CumSum", (np.int64(1),), {"exclusive": 1, "reverse": 1}),
        ("Einsum", (np.float32([[1, 2], [3, 4], [5, 6], [7, 8]]),), {"equation": "ij,jk->ik"}),
        ("Trilu", (np.int64(1),), {"upper": 0}),
    ],
)
def test_operators_without_a_case_of_their_own_answer_as_onnx_runtime_does(
    op, constants, attributes
):
    assert infer.differentiable(one_node(op, *constants, **attributes)).outputs == ("y",)


def run(model: bytes, output: str, x):
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run([output], {session.get_inputs()[0].name: x})[0]


def slope(model: bytes, output: str, x, weights, way, step: float = 0.03) -> float:
    """How ONNX Runtime's answer changes along a way, by two finite steps."""
    up, down = (run(model, output, (x + side * step * way).astype(np.float32)) for side in (1, -1))
    return float(((up.astype(np.float64) - down) * weights).sum() / (2 * step))


@cache
def head() -> bytes:
    """The backbone with a head of three classes."""
    rng = np.random.default_rng(5)
    return infer.with_head(
        infer.backbone().onnx, rng.normal(0, 0.05, (3, 1280)), rng.normal(size=3)
    )


def test_a_gradient_is_the_slope_of_onnx_runtimes_answers():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (2, 3, 224, 224)).astype(np.float32)
    weights = rng.normal(size=(2, 3)).astype(np.float32)
    found = infer.gradient(head(), x, {"probabilities": weights})
    assert found.shape == x.shape
    for way in (found / np.linalg.norm(found), rng.normal(size=x.shape) / 500):
        measured = slope(head(), "probabilities", x, weights, way)
        assert measured == pytest.approx(float((found * way).sum()), rel=0.05, abs=2e-3)


def test_a_sure_answer_has_a_gradient_before_its_softmax():
    network = infer.differentiable(infer.with_head(infer.backbone().onnx, *sure()))
    x = np.random.default_rng(1).uniform(-1, 1, (1, 3, 224, 224)).astype(np.float32)
    one = np.float32([[1, 0]])
    assert network.before("probabilities") == "logits"
    assert network.before("embedding") == "embedding"
    assert np.abs(network.gradient(x, {"probabilities": one})).max() == 0
    assert np.abs(network.gradient(x, {"logits": one})).max() > 0


def sure():
    weights = np.zeros((2, 1280))
    weights[0] = 10.0
    return weights, np.zeros(2)


def test_a_layer_tells_its_values_and_its_own_gradient():
    x = np.random.default_rng(1).uniform(-1, 1, (2, 3, 224, 224)).astype(np.float32)
    network = infer.differentiable(head())
    weights = np.float32([[1, 0, 0], [0, 0, 1]])
    layer = network.layer(x, {"logits": weights})
    assert layer.values.shape == layer.gradient.shape == (2, 1280, 7, 7)
    # from the last map the way is linear: a mean over places, then the head
    rows = head_weights()[[0, 2]]
    wanted = np.repeat(rows[:, :, None] / 49, 49, axis=2).reshape(2, 1280, 7, 7)
    np.testing.assert_allclose(layer.gradient, wanted, atol=1e-6)
    assert network.layer(x, {"logits": weights}, layer.name).name == layer.name


def head_weights():
    graph = onnx.load_from_string(head()).graph
    return next(numpy_helper.to_array(w).T for w in graph.initializer if w.name == "head.weight")


@pytest.mark.shared
def test_a_detector_of_somebody_else_has_gradients_one_picture_at_a_time(shared_data):
    model = (shared_data / "models" / "FastestDet.onnx").read_bytes()
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, (1, 3, 352, 352)).astype(np.float32)
    weights = rng.normal(size=(1, 85, 22, 22)).astype(np.float32)
    network = infer.differentiable(model)
    found = network.gradient(x, {"758": weights})
    way = found / np.linalg.norm(found)
    measured = slope(model, "758", x, weights, way, step=0.003)
    assert measured == pytest.approx(float(np.linalg.norm(found)), rel=0.03)


def test_what_has_no_gradient_is_refused_by_name():
    with pytest.raises(NoGradient, match="'Det'"):
        infer.differentiable(one_node("Det"))
    one = np.ones((1, 4), np.float32)
    with pytest.raises(NoGradient, match="does not change with the input"):
        infer.gradient(one_node("Add", one), one, {"c0": one})
    network = infer.differentiable(head())
    x = np.zeros((1, 3, 224, 224), np.float32)
    with pytest.raises(NoGradient, match="no tensor 'masks'"):
        network.gradient(x, {"masks": np.float32([[1]])})
    with pytest.raises(ShapeError, match="its weights"):
        network.gradient(x, {"logits": np.float32([[1, 0]])})


def test_a_network_that_would_answer_otherwise_is_refused(monkeypatch):
    """The check against ONNX Runtime is what stands between a wrong operator and a wrong map."""
    monkeypatch.setitem(OPERATORS, "Relu", OPERATORS["Abs"])
    with pytest.raises(NoGradient, match="differs by"):
        infer.differentiable(one_node("Relu"))


def test_without_torch_the_error_says_what_to_install():
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert said.stdout == "'torch' is not installed|pip install 'visloop[torch]'\n"


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from visloop import errors, infer
try:
    infer.differentiable(b"")
except errors.MissingExtra as missing:
    print(missing.what, missing.fix, sep="|")
"""
