"""Some of the labelled pictures, as large as the model sees them, decoded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.infer import Predictor, Prepared, Sized, normalised, sized

if TYPE_CHECKING:
    from visloop.evaluate.assess.case import Case
    from visloop.train import Labelled

Pixels: TypeAlias = NDArray[np.uint8]
_MOST_BYTES: Final = 1 << 30


def some_of(case: Case[Any], count: int) -> list[Labelled]:
    """At most so many of the case's pictures, drawn by its seed, in their order."""
    pictures = case.pictures
    if len(pictures) <= count:
        return list(pictures)
    rng = np.random.default_rng(case.seed)
    return [pictures[at] for at in sorted(rng.choice(len(pictures), count, replace=False))]


class Views:
    """Pictures at the model's size by their digest; kept, as long as they take 1 GiB at most."""

    def __init__(self, case: Case[Any]) -> None:
        self._case = case
        self._known: dict[str, Sized] = {}

    def of(self, picture: Labelled) -> Sized:
        """The picture, as the contract resizes it."""
        known = self._known.get(picture.sample.image)
        if known is None:
            known = sized(
                self._case.ports.blobs.get(picture.sample.image), self._case.package.contract
            )
            if (len(self._known) + 1) * known.pixels.nbytes <= _MOST_BYTES:
                self._known[picture.sample.image] = known
        return known

    def hurt(
        self, change: Callable[[Labelled, Pixels], Pixels]
    ) -> Callable[[Predictor, Labelled], Prepared]:
        """How pictures are made ready when `change` hurts what of the input is picture, not padding."""

        def place(predictor: Predictor, picture: Labelled) -> Prepared:
            view = self.of(picture)
            inside = part_of(view)
            pixels = view.pixels.copy()
            pixels[inside] = change(picture, pixels[inside])
            return Prepared(normalised(pixels, predictor.contract), view.placement)

        return place


def part_of(view: Sized) -> tuple[slice, slice]:
    """Rows and columns of the input that are picture; the rest of a letterbox is padding."""
    x1, y1, x2, y2 = (round(side) for side in view.placement.target_xyxy)
    return slice(y1, y2), slice(x1, x2)


def seed_of(case: Case[Any], picture: Labelled) -> int:
    """A picture's own chances, the same in every run."""
    return int(picture.sample.image[:12], 16) ^ case.seed
