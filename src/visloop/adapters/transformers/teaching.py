"""How transformers' networks are taught by the loop of all recipes: contract, pictures, truth, losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from visloop.adapters.torch import maps, schooling
from visloop.adapters.torch.pictures import BLANK, Pictures, Prepared, input_size
from visloop.vision import Contract, Decode, Normalise, Resize

if TYPE_CHECKING:
    from visloop.adapters.torch.looking import Watch
    from visloop.adapters.transformers.folder import Folder, Kind
    from visloop.adapters.transformers.loading import Loaded
    from visloop.train import Bench, Lesson

BACKGROUND: Final = "background"
_SHOWN: Final = 6_000
_PIXELS: Final = 409_600
_MULTIPLE: Final = 32
_NONE: Final = -1
_GREY: Final = 114
_THRESHOLD: Final = 0.3
_NMS: Final = 0.9
"""Queries compete, so that hardly any object is found twice; what is, is the same box."""


def contract_of(
    folder: Folder,
    kind: Kind,
    classes: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    pixels: int | None,
) -> Contract:
    """What stands around a folder's network: pictures as those that it learnt from.

    Args:
        folder: with their size and levels.
        kind: what it answers with.
        classes: C names.
        shapes: height and width of the pictures to come, from which a size of `pixels` is made.
        pixels: of the input, in place of the folder's own size.
    """
    if folder.size_hw and pixels is None:
        resize = Resize(mode="squash", size_hw=folder.size_hw, kernel="area")
    else:
        size = input_size(shapes or [(1, 1)], pixels or _PIXELS, _MULTIPLE)
        resize = Resize(mode="letterbox", size_hw=size, kernel="area")
    detects = Decode(task="detect", layout="boxes", score_threshold=_THRESHOLD, nms_iou=_NMS)
    return Contract(
        resize=resize,
        normalise=Normalise(mean=folder.mean, std=folder.std),
        decode=detects if kind == "detect" else Decode(task="segment"),
        classes=tuple(classes),
    )


class Painted(Pictures):
    """Pictures whose regions of which nobody knows are painted grey, but for the objects in them.

    Sets of boxes are matched as a whole, so that a region cannot be left out of the reckoning.
    """

    def __getitem__(self, place: int) -> Prepared:
        prepared = super().__getitem__(place)
        if not len(prepared.blank):
            return prepared
        hidden = np.zeros(prepared.pixels.shape[:2], np.bool_)
        for boxes, value in ((prepared.blank, True), (prepared.boxes, False)):
            for x1, y1, x2, y2 in boxes:
                down = slice(max(0, int(y1)), int(np.ceil(y2)))
                hidden[down, max(0, int(x1)) : int(np.ceil(x2))] = value
        pixels = np.where(hidden[..., None], np.uint8(_GREY), prepared.pixels)
        return replace(prepared, pixels=pixels)


def teach(
    lesson: Lesson, bench: Bench, loaded: Loaded, pictures: Pictures, watch: Watch, kind: Kind
) -> None:
    """Teach the network; it comes back on the CPU."""
    truth, losses = (_outlines, _map_losses) if kind == "segment" else (_objects, _set_losses)
    schooling.school(
        lesson,
        bench,
        loaded.network,
        pictures,
        watch,
        shown=_SHOWN,
        truth=lambda _, seen: truth(seen),
        losses=lambda batch, wanted: losses(loaded, batch, wanted),
        new=lambda name: name in loaded.new,
    )


def _objects(seen: Sequence[Prepared]) -> Mapping[str, Tensor]:
    """`places` int64 (N, M), -1 where there is no more object; `boxes` float32 (N, M, 4), centre and
    size in shares of the input.
    """
    most = max(len(each.boxes) for each in seen)
    places = np.full((len(seen), most), _NONE, np.int64)
    boxes = np.zeros((len(seen), most, 4), np.float32)
    for row, each in enumerate(seen):
        high, wide = each.pixels.shape[:2]
        inside = np.clip(each.boxes / np.array([wide, high] * 2, np.float32), 0, 1)
        there = len(each.boxes)
        places[row, :there] = each.places
        boxes[row, :there, :2] = (inside[:, :2] + inside[:, 2:]) / 2
        boxes[row, :there, 2:] = inside[:, 2:] - inside[:, :2]
    return {"places": torch.from_numpy(places), "boxes": torch.from_numpy(boxes)}


def _set_losses(
    loaded: Loaded, batch: Tensor, wanted: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """What the network's own kind of loss says, its parts weighed and summed."""
    labels: list[dict[str, Tensor]] = []
    for places, boxes in zip(wanted["places"], wanted["boxes"], strict=True):
        there = places != _NONE
        labels.append({"class_labels": places[there], "boxes": boxes[there]})
    return {"set_loss": loaded.network(pixel_values=batch, labels=labels).loss}


def _outlines(seen: Sequence[Prepared]) -> Mapping[str, Tensor]:
    return {"map": torch.from_numpy(np.stack([np.asarray(each.mask, np.int64) for each in seen]))}


def _map_losses(
    loaded: Loaded, batch: Tensor, wanted: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    logits = loaded.network(pixel_values=batch).logits
    size = wanted["map"].shape[-2:]
    logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    return {
        "cross_entropy": functional.cross_entropy(logits, wanted["map"], ignore_index=BLANK),
        "dice_loss": maps.dice_loss(logits, wanted["map"]),
    }
