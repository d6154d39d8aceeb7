"""Each model as its framework knows it: a torch module in float32 with the weights of the file.

The imported detector's own framework is not here (its authors' Python file would have to run): OpenCV's
reader of ONNX, which shares no code with ONNX Runtime, computes it instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from visloop import infer
from visloop.adapters.torch import classify, regress, segment
from visloop.adapters.torch.detection import network as detection
from visloop.adapters.torch.export import weights_of
from visloop.adapters.torch.lite0 import Lite0
from visloop.registry import Package

Floats = NDArray[np.float32]
Framework = Callable[[Floats], infer.Outputs]
"""Prepared pictures float32 (N, 3, H, W) → what the model answers."""


def framework_of(package: Package, learnt: NDArray[np.float64]) -> Framework:
    """Args: the model's package; `learnt`: of `regress`, the numbers that it learnt from."""
    if package.recipe == "import":
        return _by_opencv(package)
    weights, classes = infer.imagenet_weights(), len(package.contract.classes)
    found = weights_of(package.onnx)
    names: tuple[str, ...]
    match package.recipe:
        case "classify-linear":
            answers: nn.Module = Linear(weights, found["head.weight"].T, found["head.bias"])
            names = ("probabilities", "embedding")
        case "classify-finetune":
            network = _filled(classify.Classifier(weights, classes, frozen=0), found)
            answers, names = classify.Answers(network), ("probabilities", "embedding")
        case "detect":
            size = package.contract.resize.output_hw
            network = _filled(detection.Detector(weights, classes, size_hw=size), found)
            answers, names = detection.Answers(network), ("boxes", "scores")
        case "segment":
            network = _filled(segment.Segmenter(weights, classes, frozen=0), found)
            answers, names = segment.Answers(network), ("masks",)
        case "regress":
            network = _filled(regress.Reader(weights, frozen=0), found)
            middle, spread = float(learnt.mean()), float(learnt.std())
            answers, names = regress.Answers(network, middle, spread), ("value", "embedding")
        case other:
            raise AssertionError(f"no framework is known for {other}")
    return _by_torch(answers.eval(), names)


class Linear(nn.Module):
    """`classify-linear`, which trains without torch: Lite0 as torch has it, and the head."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], rows: Floats, bias: Floats) -> None:
        super().__init__()
        self.backbone = Lite0(weights, strides=(), embeds=True)
        self.rows, self.bias = torch.from_numpy(rows.copy()), torch.from_numpy(bias.copy())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        embedding = self.backbone(image)[-1].mean(dim=(2, 3))
        logits = torch.sqrt(embedding.clamp(min=0)) @ self.rows.T + self.bias
        return torch.softmax(logits, dim=1), embedding


def _filled(network: Any, found: Mapping[str, NDArray[Any]]) -> Any:
    """Every number of the network, from the file; none may be missing."""
    numbers = {
        name: torch.from_numpy(found[f"network.{name}"].copy())
        for name in network.state_dict()
        if not name.endswith("num_batches_tracked")
    }
    network.load_state_dict(numbers, strict=False)
    return network


def _by_torch(answers: nn.Module, names: tuple[str, ...]) -> Framework:
    def ask(batch: Floats) -> infer.Outputs:
        with torch.no_grad():
            said = answers(torch.from_numpy(batch))
        said = said if isinstance(said, tuple) else (said,)
        return _outputs(dict(zip(names, (each.numpy() for each in said), strict=True)))

    return ask


def _by_opencv(package: Package) -> Framework:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(package.onnx, np.uint8))
    (name,) = network.getUnconnectedOutLayersNames()

    def ask(batch: Floats) -> infer.Outputs:
        network.setInput(batch)
        return _outputs({name: network.forward()})

    return ask


def _outputs(said: dict[str, Any]) -> infer.Outputs:
    probabilities, embedding = said.pop("probabilities", None), said.pop("embedding", None)
    return infer.Outputs(probabilities, embedding, said)
