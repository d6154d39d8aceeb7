"""Own recipes whose figures are known by formula, so that a search over them can be judged."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from visloop import vision
from visloop.train import Aim, Fitted, as_recipe

METADATA = "Metadata-Version: 2.1\nName: ladders\nVersion: 1.0\n"
POINTS = """[visloop.recipes]
ladder = ladders:ladder
rope = ladders:rope
"""
TOP = 0.7
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


def installed(folder: Path) -> Path:
    """A folder for `sys.path` by which both recipes are found, as pip would have put it."""
    told = folder / "ladders-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(METADATA)
    (told / "entry_points.txt").write_text(POINTS)
    shutil.copy(__file__, folder / "ladders.py")  # a run keeps the code of its recipe's package
    return folder


@as_recipe(threads=1, aim=Aim("score", {"height": "0..1", "colour": "red,blue"}))
def ladder(
    lesson,
    bench,
    *,
    height: Share = 0.0,
    colour: str = "red",
    rungs: int = 4,
    pause_s: float = 0.0,
    broken: bool = False,
) -> Fitted:
    """The nearer `height` is to the top, the better, from the first epoch on; colour is nothing."""
    if broken:
        raise ValueError("a rung broke")
    score = 0.0 * len(colour)
    for rung in range(1, rungs + 1):
        time.sleep(pause_s)
        score = (1 - (height - TOP) ** 2) * rung / rungs
        bench.log("score", score, rung)
    return _fitted(lesson, {"score": score})


@as_recipe(threads=1, aim=Aim("score", {"height": "0..1"}, watched="loss"))
def rope(lesson, bench, *, height: Share = 0.0) -> Fitted:
    """Never as good as a ladder."""
    bench.log("loss", -height, 1)
    return _fitted(lesson, {"held_out_score": 0.1 * height})


def _fitted(lesson, metrics) -> Fitted:
    """A network of mean colours, which answers something."""
    contract = vision.Contract(
        resize=vision.Resize(mode="squash", size_px=8),
        classes=lesson.classes,
        class_dictionary=lesson.class_dictionary,
    )
    weights = np.random.default_rng(lesson.seed).normal(size=(3, len(lesson.classes)))
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["N", weights.shape[1]]
            )
        ],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return Fitted(model.SerializeToString(), contract, None, metrics)
