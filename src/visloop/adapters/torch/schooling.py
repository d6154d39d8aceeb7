"""What all recipes here have in common: their parameters, and a network taught on varied pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visloop.adapters.torch.augment import Augment
from visloop.adapters.torch.course import Course, Teaching, teach
from visloop.adapters.torch.determined import arranged, device_of, generator
from visloop.adapters.torch.looking import Looker, Watch
from visloop.adapters.torch.pictures import Prepared, tensors_of
from visloop.adapters.torch.printing import fingerprint
from visloop.adapters.torch.tiling import Cutter
from visloop.train import Shown

if TYPE_CHECKING:
    from visloop.adapters.torch.pictures import Pictures
    from visloop.train import Bench, Lesson

_EPOCHS: Final = (8, 120)
MOST_WEIGHT: Final = 20.0
SPACE: Final = {"rate": "5e-5..1e-3:log", "head_rate": "5e-4..5e-3:log", "frozen": "0..6"}
"""What `tune` searches unless told otherwise: nothing that changes what the loss means."""

Truth = Mapping[str, Tensor]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every recipe that trains a network takes.

    `epochs`: how often each picture is seen (by default as often as is usual for so many pictures);
    `batch` pictures a step; `rate` and `head_rate`, the highest learning rates of the backbone and of
    what is new; `augment`, strength of variation (0: none); `flips`, the mirrorings that leave a
    picture what it is; `holdout`, the share that measures where there is no validation split;
    `watched`, how many of those the run keeps drawn with what the network says of them as it learns;
    `start`, the model whose weights it begins with (`--from`).
    """

    epochs: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    batch: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    rate: Annotated[float, msgspec.Meta(gt=0)] = 3e-4
    head_rate: Annotated[float, msgspec.Meta(gt=0)] = 2e-3
    augment: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.0
    flips: Literal["", "h", "v", "hv"] = "h"
    holdout: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.1
    watched: Annotated[int, msgspec.Meta(ge=0, le=16)] = 4
    device: Literal["auto", "cpu", "cuda"] = "auto"
    start: str = ""


class Lite0Parameters(Parameters, frozen=True, kw_only=True):
    """Those of recipes on EfficientNet-Lite0: also `frozen` blocks that keep what they learnt on
    ImageNet.
    """

    frozen: Annotated[int, msgspec.Meta(ge=0, le=16)] = 3


def varied(lesson: Lesson, *, moves: bool = True) -> Augment:
    """The augmentation that a lesson's parameters ask for."""
    params: Parameters = lesson.params
    return Augment(params.augment, params.flips, lesson.seed, moves=moves)


def school(
    lesson: Lesson,
    bench: Bench,
    network: nn.Module,
    pictures: Pictures,
    watch: Watch,
    *,
    shown: int,
    truth: Callable[[Sequence[int], Sequence[Prepared]], Truth],
    losses: Callable[[Tensor, Truth], Mapping[str, Tensor]],
    moves: bool = True,
    new: Callable[[str], bool] = lambda name: not name.startswith("backbone."),
    tile_hw: tuple[int, int] | None = None,
) -> None:
    """Teach a network; it comes back on the CPU, ready to be exported.

    Args:
        lesson: parameters, seed, threads.
        bench: where progress goes and checkpoints are.
        network: what learns.
        pictures: N of them.
        watch: what is looked at while it learns.
        shown: pictures to show in all, where the parameters do not say how many epochs.
        truth: of a batch, by places and varied pictures, tensors by name.
        losses: what the network's answers to a batch float32 (B, 3, H, W) cost, by name.
        moves: whether zoom and shifts leave the truth what it is.
        new: whether the parameter of that name has learnt nothing yet, and so learns faster.
        tile_hw: height and width of the tiles that are learnt from; None: whole pictures.
    """
    params: Parameters = lesson.params
    device = device_of(params.device)
    arranged(network, device)
    augment, cut = varied(lesson, moves=moves), Cutter(tile_hw, lesson.seed)

    def load(epoch: int, places: Sequence[int]) -> tuple[Tensor, Truth]:
        images = [pictures.labelled[i].sample.image for i in places]
        pairs = zip(places, images, strict=True)
        seen = [augment(cut(pictures[i], epoch, image), epoch, image) for i, image in pairs]
        wanted = {name: each.to(device) for name, each in truth(places, seen).items()}
        return tensors_of(seen, pictures.contract).to(device), wanted

    least, most = _EPOCHS
    course = Course(
        epochs=params.epochs or min(most, max(least, round(shown / len(pictures)))),
        batch=params.batch,
        rates=(params.rate, params.head_rate),
    )
    look = Looker(watch, lesson, bench, epochs=course.epochs, shown=len(pictures))
    teaching = Teaching(
        module=network,
        groups=_groups(network, new),
        pictures=len(pictures),
        load=load,
        losses=lambda batch: losses(*batch),
        look=look,
    )
    printed = fingerprint(lesson, type(network).__name__)
    teach(teaching, course, bench, seed=lesson.seed, fingerprint=printed)
    arranged(network, torch.device("cpu"), fast=False).eval()


def shown(
    lesson: Lesson,
    pictures: Pictures,
    rows: int,
    columns: int,
    *,
    moves: bool = True,
    tile_hw: tuple[int, int] | None = None,
) -> list[list[Shown]]:
    """Pictures of a lesson, a row each: as prepared, then as the first epochs vary them."""
    augment, cut = varied(lesson, moves=moves), Cutter(tile_hw, lesson.seed)
    chosen = generator(lesson.seed, "preview").permutation(len(pictures))[:rows]
    found: list[list[Shown]] = []
    for place in sorted(chosen.tolist()):
        labelled, prepared = pictures.labelled[place], pictures[place]
        said = f"{labelled.value:g} {labelled.unit}" if lesson.task == "regress" else labelled.label
        image = labelled.sample.image
        tiles = [cut(prepared, epoch, image) for epoch in range(columns - 1)]
        seen = [prepared, *(augment(tile, epoch, image) for epoch, tile in enumerate(tiles))]
        boxes = [p.boxes if p.mask is None else p.boxes[:0] for p in seen]
        found.append(
            [
                Shown(p.pixels, drawn, p.places[: len(drawn)], p.mask, said.strip())
                for p, drawn in zip(seen, boxes, strict=True)
            ]
        )
    return found


def class_weights(counts: NDArray[np.float64], *, balanced: bool) -> NDArray[np.float32]:
    """How much one of each class counts, float32 (C,); 1 on the average over all that there are.

    Args:
        counts: float64 (C,), how many there are of each class.
        balanced: whether classes count alike, at most `MOST_WEIGHT` times as much; else their members.
    """
    if not balanced or not counts.sum():
        return np.ones(len(counts), np.float32)
    there = np.maximum(counts, 1)
    weights = np.minimum(counts.sum() / len(counts) / there, MOST_WEIGHT)
    return (weights * counts.sum() / (weights * counts).sum()).astype(np.float32)


def _groups(
    network: nn.Module, new: Callable[[str], bool]
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that have learnt before, and those that are new."""
    named = list(network.named_parameters())
    old = [each for name, each in named if not new(name)]
    return old, [each for name, each in named if new(name)]
