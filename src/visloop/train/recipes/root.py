"""`linear_head.rooted` as part of the network."""

from __future__ import annotations

from typing import Final

import onnx
from onnx import helper

_HEAD: Final = "head"


def root_before_head(model: bytes) -> bytes:
    """Let the head of `infer.with_head` see the root of the embedding; the output stays as it was.

    Args:
        model: ONNX bytes whose node `head` reads an embedding, (N, D).

    Returns:
        ONNX bytes; the same input gives the same bytes.
    """
    proto = onnx.load_from_string(model)
    nodes = proto.graph.node
    place = next(i for i, node in enumerate(nodes) if node.name == _HEAD)
    embedding = nodes[place].input[0]
    positive, root = f"{_HEAD}.positive", f"{_HEAD}.root"
    nodes[place].input[0] = root
    nodes.insert(place, helper.make_node("Sqrt", [positive], [root], name=root))
    nodes.insert(place, helper.make_node("Relu", [embedding], [positive], name=positive))
    return proto.SerializeToString(deterministic=True)
