"""How wrong the detector was."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

BOX_WEIGHT: Final = 5.0
_CERTAIN: Final = 1.0
_SMALL: Final = 1e-7


def heat_loss(logits: Tensor, heat: Tensor, counts: Tensor) -> Tensor:
    """Focal loss that goes easy on the slopes of the bumps, per centre.

    Args:
        logits: float32 (N, C, H, W).
        heat: float32 (N, C, H, W) in [0, 1], 1 at centres.
        counts: float32 (N, H, W), how much a cell counts; 0 where nothing is known.

    Source: Law and Deng 2018 (CornerNet), equation 1.
    """
    p = torch.sigmoid(logits)
    centre = heat == _CERTAIN
    found = -functional.logsigmoid(logits) * (1 - p).square()
    invented = -functional.logsigmoid(-logits) * p.square() * (1 - heat).pow(4)
    loss = torch.where(centre, found, invented) * counts[:, None]
    return loss.sum() / (centre * counts[:, None]).sum().clamp(min=1)


def box_loss(corners: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """1 - GIoU, weighted by cell.

    Args:
        corners: float32 (N, 4, H, W).
        wanted: float32 (N, 4, H, W).
        weight: float32 (N, H, W).

    Source: Rezatofighi 2019.
    """
    rows = weight > 0
    a, b = corners.permute(0, 2, 3, 1)[rows], wanted.permute(0, 2, 3, 1)[rows]
    w = weight[rows]
    return ((1 - giou(a, b)) * w).sum() / w.sum().clamp(min=_SMALL)


def giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised overlap of boxes in pairs, (M, 4) and (M, 4) → (M,) in [-1, 1]."""
    inside = _area(torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:]))
    around = _area(torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:]))
    union = _area(a[:, :2], a[:, 2:]) + _area(b[:, :2], b[:, 2:]) - inside
    union, around = union.clamp(min=_SMALL), around.clamp(min=_SMALL)
    return inside / union - (around - union) / around


def _area(low: Tensor, high: Tensor) -> Tensor:
    return (high - low).clamp(min=0).prod(dim=1)
