"""What a checkpoint must agree with: the same lesson, by the same recipe, on the same software."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch

from visloop.ids import digest_of

if TYPE_CHECKING:
    from visloop.train import Lesson


def fingerprint(lesson: Lesson, recipe: str) -> str:
    """A digest of everything that decides the weights, but for the code of this package."""
    said = [(p.sample.image, p.said, p.blank) for p in (*lesson.pictures, *lesson.held_out)]
    parts = (
        recipe,
        repr(said),
        repr(lesson.classes),
        msgspec.json.encode(lesson.params),
        f"{lesson.seed} {lesson.threads}",
        f"torch {torch.__version__} numpy {np.__version__}",
    )
    return digest_of(*parts)
