"""Maps of classes: how wrong one is while it is learnt, and how right on pictures held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from visloop import infer
from visloop.adapters.torch.pictures import BLANK, Pictures, Prepared, tensors_of

if TYPE_CHECKING:
    from visloop.train import Bench


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


def held_out(model: bytes, pictures: Pictures, bench: Bench, threads: int) -> dict[str, float]:
    """Mean over the classes of intersection over union, all held-out pixels together."""
    if not len(pictures):
        return {}
    predictor = infer.Predictor.load(model, pictures.contract, threads=threads)
    classes = len(pictures.contract.classes)
    both, either = np.zeros(classes), np.zeros(classes)
    todo = range(len(pictures))
    for place in bench.track(todo, doing="measure", unit="image", total=len(pictures)):
        prepared = pictures[place]
        array = tensors_of([prepared], pictures.contract).contiguous().numpy()
        said = _drawn(predictor.run(array).raw["masks"][0], prepared)
        true = np.asarray(prepared.mask)
        known = true != BLANK
        for at in range(classes):
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
