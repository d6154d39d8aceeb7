"""An anchor-free detector: where centres are, and how far the box reaches from there.

Q counts cells of stride 8, C classes; boxes are x1 y1 x2 y2 in pixels of the input.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visloop.adapters.torch.lite0 import WIDTHS, Lite0, Weights
from visloop.adapters.torch.pyramid import CHANNELS, Pyramid, fresh, grid

STRIDE: Final = 8
_STRIDES: Final = (8, 16, 32)
HEADS: Final = {"heat.1.weight": 0, "heat.1.bias": 0}
"""Parameters with a row for each class, and how many rows come before the first."""
_PRIOR: Final = 0.01
_TYPICAL_CELLS: Final = 3.0
_MOST: Final = 7.0


class Detector(nn.Module):
    """Lite0, a pyramid to stride 8, and two small heads.

    Args:
        weights: of the backbone.
        classes: C.
        size_hw: height and width of the input, multiples of 32; it may learn from smaller tiles.
        frozen: see `Lite0`.

    Source: Zhou 2019 (objects as points), Liu 2019 (TTFNet: boxes learnt around the centre).
    """

    centres: Tensor

    def __init__(
        self, weights: Weights, classes: int, *, size_hw: tuple[int, int], frozen: int = 3
    ) -> None:
        super().__init__()
        self.backbone = Lite0(weights, strides=_STRIDES, frozen=frozen)
        self.pyramid = Pyramid([WIDTHS[stride] for stride in _STRIDES])
        self.heat = nn.Sequential(fresh(CHANNELS, CHANNELS, 3), nn.Conv2d(CHANNELS, classes, 1))
        self.reach = nn.Sequential(fresh(CHANNELS, CHANNELS, 3), nn.Conv2d(CHANNELS, 4, 1))
        centres = grid(size_hw[0] // STRIDE, size_hw[1] // STRIDE, STRIDE)
        self.register_buffer("centres", centres, persistent=False)
        _start(self.heat[-1], -math.log((1 - _PRIOR) / _PRIOR))
        _start(self.reach[-1], math.log(_TYPICAL_CELLS))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """float32 (N, 3, H, W) → logits (N, C, H/8, W/8) and corners (N, 4, H/8, W/8)."""
        x = self.pyramid(self.backbone(image))
        reach = torch.exp(torch.clamp(self.reach(x), max=_MOST)) * STRIDE
        centres = self.centres
        if reach.shape[-2:] != centres.shape[-2:]:  # a tile: the grid begins in its corner
            centres = centres[:, : reach.shape[-2], : reach.shape[-1]]
        corners = torch.cat([centres - reach[:, :2], centres + reach[:, 2:]], dim=1)
        return self.heat(x), corners


class Answers(nn.Module):
    """The detector as it is exported: `boxes` (N, Q, 4) and `scores` (N, Q, C) in [0, 1].

    A score is kept where it is the greatest of its 3 × 3 neighbours, which stands for most of a
    non-maximum suppression.
    """

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """float32 (N, 3, H, W) → boxes, scores."""
        logits, corners = self.network(image)
        heat = torch.sigmoid(logits)
        best = functional.max_pool2d(heat, 3, 1, 1)
        scores = torch.where(heat == best, heat, torch.zeros_like(heat))
        return corners.flatten(2).transpose(1, 2), scores.flatten(2).transpose(1, 2)


def peaks_apart(heat: Tensor, found: NDArray[np.float32]) -> float:
    """How far kept scores are from those that a heat map asks for.

    Of neighbours that are as good as equal, any may be the one that is kept, and a third one may
    keep them all out. So a kept score counts with its distance from the heat there and from the
    greatest heat around it; one that was not kept counts with how far it stood out.

    Args:
        heat: float32 (N, C, rows, columns), before neighbours are compared.
        found: float32 (N, Q, C), Q = rows × columns, 0 where nothing was kept.
    """
    scores = torch.from_numpy(np.ascontiguousarray(found.transpose(0, 2, 1))).reshape(heat.shape)
    around = functional.pad(heat, (1, 1, 1, 1), value=0.0)
    rows, columns = heat.shape[2:]
    shifts = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    beside = torch.stack([around[..., y : y + rows, x : x + columns] for y, x in shifts]).amax(0)
    kept = torch.maximum((scores - heat).abs(), beside - heat)
    return float(torch.where(scores > 0, kept, heat - beside).clamp(min=0.0).max())


def _start(layer: nn.Module, bias: float) -> None:
    assert isinstance(layer, nn.Conv2d)
    nn.init.normal_(layer.weight, std=0.01)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)
