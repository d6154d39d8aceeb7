"""A light feature pyramid: the features of strides 8, 16 and 32 brought together at stride 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS: Final = 64


class Pyramid(nn.Module):
    """Each level to 64 channels, added from the coarsest to the finest.

    Source: Lin 2017 (feature pyramid networks), with one smoothing convolution at the end only.
    """

    def __init__(self, widths: Sequence[int], channels: int = CHANNELS) -> None:
        super().__init__()
        self.sides = nn.ModuleList(fresh(width, channels, 1) for width in widths)
        self.smooth = nn.ModuleList(fresh(channels, channels, 3) for _ in widths[1:])

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Features of falling size, finest first → float32 (N, 64, H, W) of the finest."""
        sides = [side(level) for side, level in zip(self.sides, levels, strict=True)]
        x = sides[-1]
        for side, smooth in zip(sides[-2::-1], self.smooth, strict=True):
            x = smooth(side + functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


def fresh(inside: int, out: int, size: int) -> nn.Sequential:
    """A new convolution with batch norm and ReLU."""
    conv = nn.Conv2d(inside, out, size, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


def grid(height: int, width: int, stride: int) -> Tensor:
    """Centres of the cells in pixels, float32 (2, height, width): x, then y."""
    x = (torch.arange(width, dtype=torch.float32) + 0.5) * stride
    y = (torch.arange(height, dtype=torch.float32) + 0.5) * stride
    return torch.stack([x[None, :].expand(height, width), y[:, None].expand(height, width)])
