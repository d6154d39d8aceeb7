"""EfficientNet-Lite0 as a torch module: the same network, from the same weights, as `infer` builds.

Kernels and widths stand in the weights, strides in `infer`; so the two cannot drift apart. N counts
pictures, H and W are pixels, both multiples of 32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visloop import infer

LEVELS: Final = {4: 2, 8: 4, 16: 10, 32: 15}
"""Stride → the block after which its features are taken."""
WIDTHS: Final = {4: 24, 8: 40, 16: 112, 32: 320}
EMBEDDING: Final = 1280
_EPSILON: Final = 1e-3
_SIX: Final = 6.0

Weights = Mapping[str, NDArray[Any]]


class Unit(nn.Module):
    """A convolution with SAME padding, its batch norm, and ReLU6 where wanted.

    The norm keeps the statistics that it came with unless it `learns`: few pictures tell too little.
    """

    def __init__(
        self, weights: Weights, conv: str, norm: str, *, stride: int = 1, relu6: bool = True
    ) -> None:
        super().__init__()
        kernel = weights[f"{conv}.weight"]
        out, inside, size, _ = kernel.shape
        groups = out if inside == 1 else 1
        padding = size // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(
            inside * groups, out, size, stride, padding, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(out, eps=_EPSILON)
        self.relu6 = relu6
        # TensorFlow's SAME: of an even side the odd pixel of padding comes last
        before = (size - 2) // 2
        self.border = (before, size - 2 - before) * 2 if stride > 1 else None
        self.conv.weight.data = torch.from_numpy(kernel.copy())
        for part in ("weight", "bias", "running_mean", "running_var"):
            getattr(self.norm, part).data = torch.from_numpy(weights[f"{norm}.{part}"].copy())

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) → (N, out, H / stride, W / stride)."""
        if self.border is not None:
            x = functional.pad(x, self.border)
        x = self.norm(self.conv(x))
        return functional.hardtanh(x, 0.0, _SIX, inplace=True) if self.relu6 else x


class Block(nn.Module):
    """Inverted residual: widen, filter depthwise, narrow; the input is added where shapes agree."""

    def __init__(self, weights: Weights, name: str, stride: int) -> None:
        super().__init__()
        expand = weights.get(f"{name}._expand_conv.weight")
        project = weights[f"{name}._project_conv.weight"]
        units: list[nn.Module] = []
        if expand is not None:
            units.append(Unit(weights, f"{name}._expand_conv", f"{name}._bn0"))
        units.append(Unit(weights, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride))
        units.append(Unit(weights, f"{name}._project_conv", f"{name}._bn2", relu6=False))
        self.units = nn.Sequential(*units)
        self.adds = expand is not None and stride == 1 and expand.shape[1] == project.shape[0]

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) → (N, out, H / stride, W / stride)."""
        y = self.units(x)
        return y + x if self.adds else y


class Lite0(nn.Module):
    """The network up to its last block, or up to the embedding.

    Args:
        weights: as `infer.imagenet_weights` gives them.
        strides: whose features are wanted, rising.
        frozen: the stem and so many blocks keep what they learnt on ImageNet: edges and colours.
            They need no gradients, which saves half of a step.
        embeds: whether the 1280-wide layer before the classes is wanted.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        strides: Sequence[int] = (8, 16, 32),
        frozen: int = 3,
        embeds: bool = False,
    ) -> None:
        super().__init__()
        self.taken = {LEVELS[stride] for stride in strides}
        self.stem = Unit(weights, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.ModuleList(
            Block(weights, f"_blocks.{i}", stride) for i, stride in enumerate(infer.LITE0_STRIDES)
        )
        self.head = Unit(weights, "_conv_head", "_bn1") if embeds else None
        self.frozen = frozen
        for part in (self.stem, *self.blocks[:frozen]):
            part.requires_grad_(requires_grad=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) → features of the strides wanted; with `embeds` also (N, 1280, H/32, W/32)."""
        x = self.stem(x)
        levels: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.taken:
                levels.append(x)
        if self.head is not None:
            levels.append(self.head(x))
        return levels

    def train(self, mode: bool = True) -> Lite0:
        """As of any module, but the norms keep the statistics of ImageNet."""
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return self
