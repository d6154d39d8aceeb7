"""Recipe `segment`: a class for every pixel, by a light decoder on EfficientNet-Lite0.

C counts classes; channel 0 of every map is the background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visloop import infer
from visloop.adapters.torch import schooling
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.export import check_export, to_onnx
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.lite0 import WIDTHS, Lite0, Weights
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import BLANK, Pictures, Prepared, input_size, tensors_of
from visloop.adapters.torch.pyramid import CHANNELS, Pyramid, fresh
from visloop.adapters.torch.starting import start_from
from visloop.train import Fitted
from visloop.vision import Contract, Decode, Resize

if TYPE_CHECKING:
    from visloop.train import Bench, Labelled, Lesson, Shown
    from visloop.vision import Task

STRIDE: Final = 4
_STRIDES: Final = (4, 8, 16, 32)
_OUTPUTS: Final = ("masks",)
_SHOWN: Final = 6_000
_CHECKED: Final = 4
_LIMIT: Final = (
    "Draws {n} classes at a quarter of its input of {w} × {h} px: what is thinner than {px} px there "
    "may be missed."
)


class Parameters(schooling.Parameters, frozen=True, kw_only=True):
    """`pixels` of the model's input, whose shape follows the pictures; the others as of all recipes."""

    pixels: Annotated[int, msgspec.Meta(ge=1024, le=4_000_000)] = 110_592


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

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fine-tune the backbone with a new decoder, export, measure on pictures held out.

        Raises:
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        contract = _contract(lesson, learnt)
        with determined(lesson.seed, lesson.threads):
            network = Segmenter(infer.imagenet_weights(), len(lesson.classes), frozen=params.frozen)
            start_from(network, lesson, bench, {"maps.1.weight": 1, "maps.1.bias": 1})
            pictures = Pictures(bench, contract, learnt, lesson.classes, masks=True)
            held = Pictures(bench, contract, measured, lesson.classes, masks=True)
            answers = Answers(network)
            with bench.stage("fit"):
                watch = Watch(answers, _OUTPUTS, held, params.watched)
                _teach(network, lesson, bench, pictures, watch)
            with bench.stage("export"):
                model = to_onnx(answers, contract.resize.output_hw, _OUTPUTS)
                some = tensors_of(
                    [pictures[i] for i in range(min(_CHECKED, len(pictures)))], contract
                )
                apart = check_export(answers, model, contract, some, _OUTPUTS)
        with bench.stage("measure"):
            figures = _measure(model, held, bench, lesson)
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
        contract = _contract(lesson, lesson.pictures)
        pictures = Pictures(bench, contract, lesson.pictures, lesson.classes, masks=True)
        return schooling.shown(lesson, pictures, rows, columns)


def _contract(lesson: Lesson, learnt: Sequence[Labelled]) -> Contract:
    shapes = [(each.sample.height, each.sample.width) for each in learnt]
    return Contract(
        resize=Resize(
            mode="letterbox", size_hw=input_size(shapes, lesson.params.pixels), kernel="area"
        ),
        decode=Decode(task="segment"),
        classes=lesson.classes,
        class_dictionary=lesson.class_dictionary,
    )


def _teach(
    network: Segmenter, lesson: Lesson, bench: Bench, pictures: Pictures, watch: Watch
) -> None:
    def truth(_: Sequence[int], seen: Sequence[Prepared]) -> Mapping[str, Tensor]:
        maps = np.stack([np.asarray(each.mask, np.int64) for each in seen])
        return {"map": torch.from_numpy(maps)}

    def losses(batch: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        logits = network(batch)
        size = wanted["map"].shape[-2:]
        logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
        return {
            "cross_entropy": functional.cross_entropy(logits, wanted["map"], ignore_index=BLANK),
            "dice_loss": dice_loss(logits, wanted["map"]),
        }

    schooling.school(
        lesson, bench, network, pictures, watch, shown=_SHOWN, truth=truth, losses=losses
    )


def dice_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """1 - the mean over classes of twice what is shared over what both cover.

    Args:
        logits: float32 (N, 1 + C, H, W).
        wanted: int64 (N, H, W); 255 is not counted.

    Source: Milletari 2016 (V-Net).
    """
    known = (wanted != BLANK)[:, None]
    places = torch.arange(logits.shape[1], device=logits.device)[None, :, None, None]
    truth = (wanted[:, None] == places).float()
    said = torch.softmax(logits, dim=1) * known
    both = (said * truth).sum(dim=(0, 2, 3))
    cover = (said.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))).clamp(min=1)
    there = truth.sum(dim=(0, 2, 3)) > 0
    return 1 - (2 * both / cover)[there].mean()


def _measure(model: bytes, pictures: Pictures, bench: Bench, lesson: Lesson) -> dict[str, float]:
    """Mean over the classes of intersection over union, all held-out pixels together."""
    if not len(pictures):
        return {}
    predictor = infer.Predictor.load(model, pictures.contract, threads=lesson.threads)
    both = np.zeros(len(lesson.classes))
    either = np.zeros(len(lesson.classes))
    todo = range(len(pictures))
    for place in bench.track(todo, doing="measure", unit="image", total=len(pictures)):
        prepared = pictures[place]
        array = tensors_of([prepared], pictures.contract).contiguous().numpy()
        said = _drawn(predictor.run(array).raw["masks"][0], prepared)
        true = np.asarray(prepared.mask)
        known = true != BLANK
        for at in range(len(lesson.classes)):
            a, b = (said == 1 + at) & known, (true == 1 + at) & known
            both[at] += (a & b).sum()
            either[at] += (a | b).sum()
    there = either > 0
    return {
        "held_out": float(len(pictures)),
        "held_out_mean_iou": float((both[there] / either[there]).mean()),
    }


def _drawn(masks: NDArray[np.float32], prepared: Prepared) -> NDArray[np.int64]:
    """The likeliest class of each pixel of the input: int64 (H, W)."""
    high, wide = prepared.pixels.shape[:2]
    whole = functional.interpolate(
        torch.from_numpy(masks)[None], size=(high, wide), mode="bilinear", align_corners=False
    )
    return whole[0].argmax(dim=0).numpy()
