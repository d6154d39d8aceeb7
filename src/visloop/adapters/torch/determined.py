"""The same seed gives the same numbers: threads, algorithms and random numbers held fast.

Bit for bit on a CPU, for the same number of threads, torch version and kind of processor. On a GPU
torch uses its deterministic algorithms where it has them, which is not promised to be bit for bit.
"""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from visloop.ids import digest_of

_Module = TypeVar("_Module", bound=nn.Module)


@contextmanager
def determined(seed: int, threads: int) -> Generator[None, None, None]:
    """Torch on so many threads, deterministic, with its random numbers seeded; then as before."""
    before = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng():
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(mode=strict)
            torch.set_num_threads(before)


def generator(*key: object) -> np.random.Generator:
    """Random numbers that depend on the key alone, in every process."""
    words = digest_of(*(str(part) for part in key))
    return np.random.default_rng(int(words[:32], 16))


def number_of(*key: object) -> int:
    """A seed for torch that depends on the key alone."""
    return int(generator(*key).integers(2**63))


def python_random(numbers: np.random.Generator) -> random.Random:
    """Python's kind of random numbers, for libraries that want both."""
    return random.Random(int(numbers.integers(2**63)))


def arranged(module: _Module, device: torch.device | str, *, fast: bool = True) -> _Module:
    """The module on a device, its numbers in the memory order in which convolutions are fast."""
    order = torch.channels_last if fast else torch.contiguous_format
    moved: Any = module.to(device)
    return moved.to(memory_format=order)


def device_of(name: str) -> torch.device:
    """`auto` is the GPU where torch can use one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)
