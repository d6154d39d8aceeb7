"""What is exported: the network with its answers as contracts of `detect` and `segment` have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from visloop.adapters.torch.export import ExportDiffers, check_export, to_onnx
from visloop.adapters.transformers.parity import answers_apart
from visloop.errors import Refused

if TYPE_CHECKING:
    from visloop.adapters.transformers.folder import Kind
    from visloop.vision import Contract

OUTPUTS: Final = {"detect": ("boxes", "scores"), "segment": ("masks",)}
_TOLERANCE: Final = 1e-3
"""Of the input's longer side for corners, of one for scores."""


class Boxes(nn.Module):
    """`boxes` (N, Q, 4) in pixels of the input and `scores` (N, Q, C) in [0, 1], of a DETR or its like.

    Args:
        network: answers with `logits` and `pred_boxes`, centre and size in shares of the input.
        classes: C; one logit more is that of "no object".
        size_hw: height and width of the input.

    Source: Carion 2020 (DETR: softmax), Zhu 2021 (Deformable DETR: sigmoid).
    """

    sides: Tensor

    def __init__(self, network: nn.Module, classes: int, size_hw: tuple[int, int]) -> None:
        super().__init__()
        self.network, self.classes = network, classes
        high, wide = size_hw
        sides = torch.tensor([wide, high, wide, high], dtype=torch.float32)
        self.register_buffer("sides", sides, persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """float32 (N, 3, H, W) → boxes, scores."""
        found = self.network(pixel_values=image)
        centre, half = found.pred_boxes[..., :2], found.pred_boxes[..., 2:] / 2
        corners = torch.cat([centre - half, centre + half], dim=-1)
        corners = corners * self.sides.to(corners.device)
        if found.logits.shape[-1] == self.classes:
            return corners, torch.sigmoid(found.logits)
        return corners, torch.softmax(found.logits, dim=-1)[..., : self.classes]


class Maps(nn.Module):
    """`masks` (N, 1 + C, h, w) summing to 1 over the classes, of a semantic segmenter.

    Args:
        network: answers with `logits`.
        background: whether channel 0 of them is the background; else one of zeros is put in front.
    """

    def __init__(self, network: nn.Module, *, background: bool = True) -> None:
        super().__init__()
        self.network, self.background = network, background

    def forward(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → masks."""
        said = torch.softmax(self.network(pixel_values=image).logits, dim=1)
        if self.background:
            return said
        return torch.cat([torch.zeros_like(said[:, :1]), said], dim=1)


def exported(
    answers: nn.Module, kind: Kind, contract: Contract, some: Tensor
) -> tuple[bytes, float]:
    """The ONNX file, and how far its answers to some pictures are from the network's.

    Args:
        answers: `Boxes` or `Maps`.
        kind: which of them.
        contract: of the file.
        some: prepared pictures, float32 (N, 3, H, W).

    Raises:
        Refused: torch cannot write it as ONNX, or it fails at this size.
        ExportDiffers: they do not answer alike.
    """
    try:
        model = to_onnx(answers, contract.resize.output_hw, OUTPUTS[kind], fold=False)
    except Exception as error:  # torch has a class of its own for each kind of reason
        told = str(error).partition("\n")[0]
        high, wide = contract.resize.output_hw
        raise Refused(
            f"the network cannot be exported at {wide} × {high} px: {told}",
            fix="give the size that it was made for (preprocessor_config.json), or take another network",
        ) from error
    if kind == "segment":
        return model, check_export(answers, model, contract, some, OUTPUTS[kind])
    side = float(max(contract.resize.output_hw))
    apart = answers_apart(answers, model, some, (side, 1.0))
    if apart > _TOLERANCE:
        raise ExportDiffers(
            f"the exported model answers otherwise than the trained one, by {apart:.3g}",
            fix="train with the versions of constraints.txt",
        )
    return model, apart
