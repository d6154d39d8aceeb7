"""What an explanation is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.vision import Annotation

Floats: TypeAlias = NDArray[np.float32]
Method: TypeAlias = Literal["gradcam", "integrated-gradients", "smoothgrad", "rise", "occlusion"]

GRADIENTS: Final[tuple[Method, ...]] = ("gradcam", "integrated-gradients", "smoothgrad")
METHODS: Final[tuple[Method, ...]] = (*GRADIENTS, "rise", "occlusion")


@dataclass(frozen=True)
class ExplainSettings:
    """How to look; `seed` makes masks and noise the same again.

    `masks` of `rise`, `steps` of `integrated-gradients` and `smoothgrad`; `seconds` ends a method that
    asks the network very often, with what it has by then (0: no end).
    """

    masks: int = 1000
    steps: int = 32
    seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Target:
    """What is explained: a class, a box, a mask or a number, and how sure the model is of it."""

    label: str
    score: float
    said: Annotation | None = None


@dataclass(frozen=True)
class Saliency:
    """How much each pixel of the upright picture spoke for the target.

    `values` float32 (H, W), larger is more; 0 where `seen` (bool, H, W) is false: the model was not
    shown that part. `asked` counts the network's runs over a picture; `seconds` is what they took.
    """

    method: Method
    values: Floats
    seen: NDArray[np.bool_]
    asked: int
    seconds: float

    @property
    def peak_xy(self) -> tuple[int, int]:
        """The pixel with the largest value."""
        y, x = np.unravel_index(int(np.argmax(self.values)), self.values.shape)
        return int(x), int(y)


@dataclass(frozen=True)
class Neighbour:
    """A picture that the model learnt from: how near (cosine) and what it is labelled."""

    path: str
    image: str
    near: float
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Feature:
    """One number that the linear head reads: how far it pushed, and pictures that have most of it."""

    index: int
    push: float
    value: float
    usual: float
    shown_by: tuple[str, ...]
    images: tuple[str, ...]


@dataclass(frozen=True)
class Pushes:
    """Exact Shapley values of a linear head in logits, the strongest first.

    `usual` is the mean logit over `n` background pictures, `here` that of the picture: the values of all
    `width` features add up to their difference.
    """

    features: tuple[Feature, ...]
    here: float
    usual: float
    n: int
    width: int


@dataclass(frozen=True)
class Explanation:
    """Everything that was found; `notes` say what could not be."""

    target: Target
    saliency: Saliency
    neighbours: tuple[Neighbour, ...]
    pushes: Pushes | None
    notes: tuple[str, ...]
    by: str = ""

    def told(self) -> dict[str, Any]:
        """The figures, for people and scripts."""
        said = self.target.said
        x, y = self.saliency.peak_xy
        return {
            "method": self.saliency.method,
            "label": self.target.label,
            "score": round(self.target.score, 6),
            "box": getattr(said, "xyxy", None),
            "peak": (x, y),
            "asked": self.saliency.asked,
            "seconds": round(self.saliency.seconds, 2),
            "seen": round(float(self.saliency.seen.mean()), 4),
        }
