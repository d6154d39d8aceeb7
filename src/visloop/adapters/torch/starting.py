"""Beginning with another model's weights: what fits by name and shape, heads class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor, nn

from visloop.adapters.torch.export import weights_of
from visloop.errors import Refused

if TYPE_CHECKING:
    from visloop.train import Bench, Lesson

_INSIDE: Final = "network."
"""What is exported holds the network under this name."""


class NothingToStartFrom(Refused):
    """The model to start from has no weights that this recipe's network has a place for."""

    code = "train.nothing_to_start_from"


def start_from(network: nn.Module, lesson: Lesson, bench: Bench, heads: Mapping[str, int]) -> None:
    """Take over the weights of `lesson.start`, where there is one.

    Args:
        network: what will learn.
        lesson: with the model to start from, and its classes by their present names.
        bench: where it is told what was taken over.
        heads: names of the parameters that have a row for each class → rows before the first.

    Raises:
        NothingToStartFrom: the model is of another kind of network.
    """
    start = lesson.start
    if start is None:
        return
    known = weights_of(start.onnx)
    taken = 0
    with torch.no_grad():
        for name, each in network.state_dict().items():
            found = known.get(_INSIDE + name)
            if found is None:
                continue
            given = torch.from_numpy(np.array(found, copy=True))
            if name in heads:
                _rows(each, given, start.classes, lesson.classes, heads[name])
            elif each.shape == given.shape:
                each.copy_(given)
                taken += 1
    if not taken:
        raise NothingToStartFrom(
            f"{start.ref} holds no weights that this recipe could start from",
            fix="start from a model of classify-finetune, detect, segment or regress",
        )
    same = [name for name in lesson.classes if name in start.classes]
    classes = f"; of its classes: {', '.join(same)}" if same and heads else ""
    bench.ports.progress.note(f"starts from {start.ref}: {taken} parts of the network{classes}")


def _rows(mine: Tensor, given: Tensor, was: Sequence[str], now: Sequence[str], before: int) -> None:
    """The rows of the classes that both know, and those before the first class."""
    if mine.shape[1:] != given.shape[1:] or len(given) != before + len(was):
        return
    mine[:before] = given[:before]
    for place, name in enumerate(now):
        if name in was:
            mine[before + place] = given[before + was.index(name)]
