"""One deployment of each kind: `desk` classifies, `pets` finds boxes, `parts` masks, `gauge` a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.journey.serve_world import World
from tests.unit.test_infer_saying import BOXES, RESIZE, SCORES, always
from visloop.vision import Contract, Decode

PETS = ("cat", "dog")


def zoo(root: Path) -> World:
    """A workspace with all of them deployed; they answer every picture alike, but for `desk`."""
    world = World.create(root)
    world.deploy(world.register())

    def also(name, task, classes=PETS, **outputs):
        decode = Decode(task=task, score_threshold=0.5, unit="bar" if task == "regress" else "")
        contract = Contract(resize=RESIZE, classes=classes, decode=decode)
        world.deploy(world.register_bytes(name, always(**outputs), contract), name)

    planes = np.zeros((3, 32, 64), np.float32)
    planes[0], planes[2, 8:16] = 0.6, 0.9
    also("pets", "detect", boxes=BOXES, scores=SCORES)
    also("parts", "segment", masks=planes)
    also("gauge", "regress", (), value=[41.5])
    return world
