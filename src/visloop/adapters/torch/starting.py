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
    from visloop.train import Bench, Lesson, Start

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
    rows: dict[str, str | None] = {}
    with torch.no_grad():
        for name, each in network.state_dict().items():
            found = known.get(_INSIDE + name)
            if found is None:
                continue
            given = torch.from_numpy(np.array(found, copy=True))
            if name in heads:
                rows |= _rows(each, given, start, lesson.classes, heads[name])
            elif each.shape == given.shape:
                each.copy_(given)
                taken += 1
    if not taken:
        raise NothingToStartFrom(
            f"{start.ref} holds no weights that this recipe could start from",
            fix="start from a model of classify-finetune, detect, segment or regress",
        )
    bench.started(start, taken, rows)


def _rows(
    mine: Tensor, given: Tensor, start: Start, now: Sequence[str], before: int
) -> dict[str, str | None]:
    """Take the rows of the classes that both know, and those before the first class.

    Of several classes that are one now, the first gives its row.

    Returns:
        class → the class whose row it begins with, by the name that it had; None: it is new.
    """
    if mine.shape[1:] != given.shape[1:] or len(given) != before + len(start.classes):
        return {}
    mine[:before] = given[:before]
    taken: dict[str, str | None] = dict.fromkeys(now)
    for place, name in enumerate(now):
        if name in start.classes:
            at = start.classes.index(name)
            mine[before + place] = given[before + at]
            taken[name] = start.called[at]
    return taken
