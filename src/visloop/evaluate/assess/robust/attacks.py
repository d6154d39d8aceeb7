"""Attacks: small changes of pixels, made to take the model's right answers away.

What is changed is the picture as the model sees it (after resizing), by at most `eps` levels of 255 a
value (L∞), and the result is a picture again, of whole levels. A letterbox's padding stays.

Sources: Andriushchenko et al. 2020 (Square attack, which needs answers only); Goodfellow et al. 2015
(one step along the gradient's sign); Madry et al. 2018 (projected gradient descent).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.assess.robust.targets import Standing, Target
from visloop.evaluate.assess.robust.views import Pixels, part_of
from visloop.infer import NoGradient, Outputs, Sized, gradient, normalised

if TYPE_CHECKING:
    from visloop.infer import Differentiable, Predictor

Steps: TypeAlias = Callable[[int], Iterable[int]]
"""0 … n - 1, reported to whoever watches."""

_BATCH: Final = 4
_SHARE: Final = 0.05
"""Of the picture, a square's: where the paper begins. In so few queries smaller ones bring nothing."""
_OVERSHOT: Final = 2.5


@dataclass
class Victim:
    """A picture under attack: what became of it, and what that cost."""

    view: Sized
    target: Target
    rng: np.random.Generator
    pixels: Pixels
    standing: Standing
    queries: int = 0

    def take(self, pixels: Pixels, standing: Standing) -> None:
        """Go on from here."""
        self.pixels, self.standing = pixels, standing


class Oracle:
    """The model, asked about pictures of its own size."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def outputs(self, pictures: Sequence[Pixels]) -> Outputs:
        """Answers to (h, w, 3) pictures."""
        ready = [normalised(pixels, self.predictor.contract) for pixels in pictures]
        parts = [ready[at : at + _BATCH] for at in range(0, len(ready), _BATCH)]
        return Outputs.joined([self.predictor.run(np.stack(part)) for part in parts])

    def ask(self, pictures: Sequence[Pixels], victims: Sequence[Victim]) -> list[Standing]:
        """How each victim would stand with its picture."""
        outputs = self.outputs(pictures)
        for victim in victims:
            victim.queries += 1
        return [victim.target.standing(outputs, row) for row, victim in enumerate(victims)]


def noise(oracle: Oracle, victims: Sequence[Victim], eps: int) -> None:
    """No attack: every value up or down by chance, as far as the others go. What is lost is not theirs."""
    made = [_moved(each, eps * each.rng.choice((-1, 1), each.pixels.shape)) for each in victims]
    for victim, pixels, standing in zip(victims, made, oracle.ask(made, victims), strict=True):
        victim.take(pixels, standing)


def square(oracle: Oracle, victims: Sequence[Victim], eps: int, queries: int, steps: Steps) -> None:
    """Squares of one colour at random places, kept where they bring the answer nearer to wrong."""
    for step in steps(queries):
        left = [each for each in victims if not each.standing.fooled]
        if not left:
            return
        made = [
            _moved(each, _stripes(each, eps) if not step else _patched(each, eps)) for each in left
        ]
        for victim, pixels, standing in zip(left, made, oracle.ask(made, left), strict=True):
            if standing.fooled or not step or standing.loss < victim.standing.loss:
                victim.take(pixels, standing)


def descend(
    oracle: Oracle,
    network: Differentiable,
    victims: Sequence[Victim],
    eps: int,
    steps: Iterable[int],
    *,
    of: int,
) -> None:
    """Along the gradient's sign, `of` steps from a random start; a single one from the picture itself.

    Raises:
        NoGradient, ShapeError: the gradient cannot be had, or not of what the contract reads.
    """
    size = eps if of == 1 else _OVERSHOT * eps / of
    moved = {
        id(each): np.zeros(each.pixels.shape)
        if of == 1
        else each.rng.uniform(-eps, eps, each.pixels.shape)
        for each in victims
    }
    for _ in steps:
        left = [each for each in victims if not each.standing.fooled]
        if not left:
            return
        here = [_moved(each, moved[id(each)]) for each in left]
        for victim, slope in zip(left, _slopes(oracle, network, left, here), strict=True):
            stepped = moved[id(victim)] - size * np.sign(slope)
            moved[id(victim)] = np.clip(stepped, -eps, eps)
        made = [_moved(each, moved[id(each)]) for each in left]
        for victim, pixels, standing in zip(left, made, oracle.ask(made, left), strict=True):
            if standing.fooled or standing.loss < victim.standing.loss:
                victim.take(pixels, standing)


def _slopes(
    oracle: Oracle, network: Differentiable, victims: Sequence[Victim], pictures: Sequence[Pixels]
) -> list[NDArray[np.floating]]:
    """Of each victim's loss with respect to its pixels, (h, w, 3), up to a positive factor a channel."""
    contract = oracle.predictor.contract
    found: list[NDArray[np.floating]] = []
    for at in range(0, len(victims), _BATCH):
        part, outputs = victims[at : at + _BATCH], oracle.outputs(pictures[at : at + _BATCH])
        inputs = np.stack([normalised(each, contract) for each in pictures[at : at + _BATCH]])
        wanted = [each.target.weights(outputs, row) for row, each in enumerate(part)]
        told = [each for each in wanted if each is not None]
        if len(told) < len(part):
            raise NoGradient("what its outputs say of objects is no sum of scores that are known")
        weights = np.stack(told)
        tensor = network.before(part[0].target.tensor)
        slopes = gradient(network, inputs, {tensor: weights}).transpose(0, 2, 3, 1)
        if contract.decoder.colour == "bgr":
            slopes = slopes[..., ::-1]
        found += [np.broadcast_to(each, (*each.shape[:2], 3)) for each in slopes]
    return found


def _moved(victim: Victim, by: NDArray[np.floating] | NDArray[np.integer]) -> Pixels:
    """The clean picture, moved by (h, w, 3) levels where it is picture."""
    clean = victim.view.pixels
    inside = part_of(victim.view)
    pixels = clean.copy()
    pixels[inside] = np.clip(np.rint(clean[inside] + by[inside]), 0, 255).astype(np.uint8)
    return pixels


def _stripes(victim: Victim, eps: int) -> NDArray[np.integer]:
    """Where the Square attack begins: columns, each channel up or down."""
    _, wide, channels = victim.pixels.shape
    stripes = victim.rng.choice((-eps, eps), (1, wide, channels))
    return np.broadcast_to(stripes, victim.pixels.shape)


def _patched(victim: Victim, eps: int) -> NDArray[np.integer]:
    """What there is, with one more square."""
    by = victim.pixels.astype(np.int64) - victim.view.pixels
    rows, columns = part_of(victim.view)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    side = min(max(1, round((_SHARE * high * wide) ** 0.5)), high, wide)
    top = rows.start + int(victim.rng.integers(0, high - side + 1))
    left = columns.start + int(victim.rng.integers(0, wide - side + 1))
    by[top : top + side, left : left + side] = victim.rng.choice((-eps, eps), (1, 1, 3))
    return by
