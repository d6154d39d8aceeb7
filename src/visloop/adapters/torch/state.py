"""A training's state as bytes: safetensors, which hold numbers and nothing that could run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

_MOMENTS: Final = ("exp_avg", "exp_avg_sq")
_ABOUT: Final = "about"

Curve = list[tuple[str, int, float]]


@dataclass
class State:
    """Everything that a training changes as it goes.

    `mean` is the running mean of the module's numbers, which is what is exported; `step` counts
    steps done; `curve` what was reported, so that a resumed run shows all of it.
    """

    module: nn.Module
    mean: dict[str, Tensor]
    optimiser: torch.optim.AdamW
    step: int
    curve: Curve

    def to_bytes(self, fingerprint: str) -> bytes:
        """The state; `fingerprint` says of which training it is."""
        tensors = {f"now.{name}": each for name, each in changing(self.module).items()}
        tensors |= {f"mean.{name}": each for name, each in self.mean.items()}
        for place, parameter in enumerate(self._parameters()):
            held = self.optimiser.state.get(parameter, {})
            tensors |= {f"{part}.{place}": held[part] for part in _MOMENTS if part in held}
        about = {"step": self.step, "fingerprint": fingerprint, "curve": self.curve}
        tensors = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
        return safetensors.torch.save(tensors, {_ABOUT: json.dumps(about)})

    def restore(self, raw: bytes, fingerprint: str) -> bool:
        """Go on from what `to_bytes` wrote; False when it is of another training, or damaged."""
        try:
            about = _about(raw)
            tensors = safetensors.torch.load(raw)
        except (SafetensorError, ValueError, KeyError):
            return False
        if about.get("fingerprint") != fingerprint:
            return False
        with torch.no_grad():
            for name, each in changing(self.module).items():
                each.copy_(tensors[f"now.{name}"])
            for name, each in self.mean.items():
                each.copy_(tensors[f"mean.{name}"])
        self._restore_moments(tensors, int(about["step"]))
        self.step = int(about["step"])
        self.curve = [(str(key), int(step), float(value)) for key, step, value in about["curve"]]
        return True

    def _restore_moments(self, tensors: Mapping[str, Tensor], step: int) -> None:
        for place, parameter in enumerate(self._parameters()):
            if f"exp_avg.{place}" not in tensors:
                continue
            layout = torch.preserve_format
            held: dict[str, Any] = {"step": torch.tensor(float(step))}
            for part in _MOMENTS:
                fresh = torch.empty_like(parameter, memory_format=layout)
                held[part] = fresh.copy_(tensors[f"{part}.{place}"])
            self.optimiser.state[parameter] = held

    def _parameters(self) -> Iterator[nn.Parameter]:
        for group in self.optimiser.param_groups:
            yield from group["params"]


def changing(module: nn.Module) -> dict[str, Tensor]:
    """The numbers that training may change: parameters that learn, and buffers, by name."""
    learning = {name: p for name, p in module.named_parameters() if p.requires_grad}
    kept = {name: b for name, b in module.named_buffers() if b.dtype.is_floating_point}
    return {name: each.data for name, each in (learning | kept).items()}


def _about(raw: bytes) -> dict[str, Any]:
    """The note that stands in the head of a safetensors file."""
    length = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + length])
    return json.loads(head["__metadata__"][_ABOUT])
