"""Recipe `segment`: a class for every pixel, by a light decoder on EfficientNet-Lite0.

C counts classes; channel 0 of every map is the background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from visloop import infer
from visloop.adapters.torch import maps, schooling
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.export import check_export, to_onnx
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.lite0 import WIDTHS, Lite0, Weights
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import BLANK, Pictures, Prepared
from visloop.adapters.torch.pyramid import CHANNELS, Pyramid, fresh
from visloop.adapters.torch.sizing import Parameters, Sizes, sizes_of
from visloop.adapters.torch.starting import start_from
from visloop.train import Aim, Fitted
from visloop.vision import Contract, Decode, Resize

if TYPE_CHECKING:
    from visloop.train import Bench, Lesson, Shown
    from visloop.vision import Task

STRIDE: Final = 4
_STRIDES: Final = (4, 8, 16, 32)
_OUTPUTS: Final = ("masks",)
_SHOWN: Final = 6_000
_LIMIT: Final = (
    "Draws {n} classes at a quarter of its input of {w} × {h} px: what is thinner than {px} px there "
    "may be missed."
)


class Segmenter(nn.Module):
    """Lite0, a pyramid to stride 4, and one convolution to the classes."""

    def __init__(self, weights: Weights, classes: int, *, frozen: int) -> None:
        super().__init__()
        self.backbone = Lite0(weights, strides=_STRIDES, frozen=frozen)
        self.pyramid = Pyramid([WIDTHS[stride] for stride in _STRIDES])
        self.maps = nn.Sequential(fresh(CHANNELS, CHANNELS, 3), nn.Conv2d(CHANNELS, 1 + classes, 1))

    def forward(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → logits (N, 1 + C, H/4, W/4)."""
        return self.maps(self.pyramid(self.backbone(image)))


class Answers(nn.Module):
    """The segmenter as it is exported: `masks` (N, 1 + C, H/4, W/4), summing to 1 over the classes."""

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → probabilities."""
        return torch.softmax(self.network(image), dim=1)


class Segment:
    """Masks, one for each class there is."""

    parameters: type[msgspec.Struct] = Parameters
    task: Task = "segment"
    threads: int | None = 1
    aim: Aim = Aim("mean_iou", schooling.SPACE, watched="loss")

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fine-tune the backbone with a new decoder, export, measure on pictures held out.

        Raises:
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        sizes = sizes_of(params, learnt)
        contract = _contract(lesson, sizes)
        bench.ports.progress.note(str(sizes))
        with determined(lesson.seed, lesson.threads):
            network = Segmenter(infer.imagenet_weights(), len(lesson.classes), frozen=params.frozen)
            start_from(network, lesson, bench, {"maps.1.weight": 1, "maps.1.bias": 1})
            pictures = Pictures(bench, contract, learnt, lesson.classes, masks=True)
            held = Pictures(bench, contract, measured, lesson.classes, masks=True)
            answers = Answers(network)
            with bench.stage("fit"):
                watch = Watch(answers, _OUTPUTS, held, params.watched)
                _teach(network, lesson, bench, pictures, watch, sizes)
            with bench.stage("export"):
                model = to_onnx(answers, contract.resize.output_hw, _OUTPUTS)
                some = pictures.first()
                apart = check_export(answers, model, contract, some, _OUTPUTS)
        with bench.stage("measure"):
            figures = maps.held_out(model, held, bench, lesson.threads)
        high, wide = contract.resize.output_hw
        limit = _LIMIT.format(n=len(lesson.classes), w=wide, h=high, px=STRIDE)
        return Fitted(
            onnx=model,
            contract=contract,
            reference=None,
            metrics={**figures, "export_difference": apart},
            limits=(limit,),
        )

    def preview(self, lesson: Lesson, bench: Bench, rows: int, columns: int) -> list[list[Shown]]:
        """Some pictures, a row each: as prepared, then as the first epochs vary them."""
        sizes = sizes_of(lesson.params, lesson.pictures)
        contract = _contract(lesson, sizes)
        pictures = Pictures(bench, contract, lesson.pictures, lesson.classes, masks=True)
        return schooling.shown(lesson, pictures, rows, columns, tile_hw=sizes.tile_hw)


def _contract(lesson: Lesson, sizes: Sizes) -> Contract:
    return Contract(
        resize=Resize(mode="letterbox", size_hw=sizes.input_hw, kernel="area"),
        decode=Decode(task="segment"),
        classes=lesson.classes,
        class_dictionary=lesson.class_dictionary,
    )


def _teach(
    network: Segmenter,
    lesson: Lesson,
    bench: Bench,
    pictures: Pictures,
    watch: Watch,
    sizes: Sizes,
) -> None:
    weights = _weights(lesson, pictures)

    def truth(_: Sequence[int], seen: Sequence[Prepared]) -> Mapping[str, Tensor]:
        maps = np.stack([np.asarray(each.mask, np.int64) for each in seen])
        return {"map": torch.from_numpy(maps)}

    def losses(batch: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        logits = network(batch)
        size = wanted["map"].shape[-2:]
        logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
        weight = None if weights is None else weights.to(logits.device)
        return {
            "cross_entropy": functional.cross_entropy(
                logits, wanted["map"], weight, ignore_index=BLANK
            ),
            "dice_loss": maps.dice_loss(logits, wanted["map"]),
        }

    schooling.school(
        lesson,
        bench,
        network,
        pictures,
        watch,
        shown=_SHOWN,
        truth=truth,
        losses=losses,
        tile_hw=sizes.tile_hw,
    )


def _weights(lesson: Lesson, pictures: Pictures) -> Tensor | None:
    """How much a pixel of the background and of each class counts; None: all alike."""
    if not lesson.params.balanced:
        return None
    counts = np.zeros(1 + len(lesson.classes))
    for place in range(len(pictures)):
        mask = np.asarray(pictures[place].mask)
        counts += np.bincount(mask[mask != BLANK], minlength=len(counts))
    weights = schooling.class_weights(counts[1:], balanced=True)
    return torch.from_numpy(np.concatenate([np.ones(1, np.float32), weights]))
