"""Finding what a black box likes best: the evolution strategy CMA-ES, in few dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def evolve(
    ask: Callable[[Floats], Floats], start: Floats, steps: Iterable[int], rng: np.random.Generator
) -> Floats:
    """The best point that was asked about, (D,).

    Args:
        ask: points (L, D) → how good they are, (L,); the more the better.
        start: the first guess, (D,); steps begin with length one in each direction.
        steps: one item a generation of L = 4 + 3 ln D points.
        rng: where chance comes from.

    Source: Hansen 2016, The CMA Evolution Strategy: A Tutorial (its default weights and rates).
    """
    d = len(start)
    many = 4 + int(3 * np.log(d))
    weights = np.log((many + 1) / 2) - np.log(np.arange(1, many // 2 + 1))
    weights /= weights.sum()
    mass = 1 / float((weights**2).sum())
    c_path, c_size = (4 + mass / d) / (d + 4 + 2 * mass / d), (mass + 2) / (d + mass + 5)
    c_one = 2 / ((d + 1.3) ** 2 + mass)
    c_many = min(1 - c_one, 2 * (mass - 2 + 1 / mass) / ((d + 2) ** 2 + mass))
    damp = 1 + 2 * max(0.0, np.sqrt((mass - 1) / (d + 1)) - 1) + c_size
    usual = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d**2))

    middle, size, spread = start.astype(np.float64), 1.0, np.eye(d)
    path, size_path = np.zeros(d), np.zeros(d)
    best, reached = middle, -np.inf
    for _ in steps:
        lengths, axes = np.linalg.eigh(spread)
        lengths = np.sqrt(np.maximum(lengths, 1e-20))
        moves = (rng.standard_normal((many, d)) * lengths) @ axes.T
        points = middle + size * moves
        found = ask(points)
        order = np.argsort(-found)
        if found[order[0]] > reached:
            best, reached = points[order[0]], found[order[0]]
        chosen = moves[order[: len(weights)]]
        move = weights @ chosen
        middle = middle + size * move
        plain = axes @ ((axes.T @ move) / lengths)
        size_path = (1 - c_size) * size_path + np.sqrt(c_size * (2 - c_size) * mass) * plain
        size *= float(np.exp(c_size / damp * (np.linalg.norm(size_path) / usual - 1)))
        path = (1 - c_path) * path + np.sqrt(c_path * (2 - c_path) * mass) * move
        spread = (1 - c_one - c_many) * spread + c_one * np.outer(path, path)
        spread += c_many * (chosen.T * weights) @ chosen
    return best
