"""A small world with boxes and masks, for the recipes that train networks: seconds, not minutes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, demo, store

TINY = {"epochs": 2, "pixels": 96 * 128, "batch": 4}


def world(root: Path, *, count: int = 12) -> Workspace:
    """line@v1: `count` pictures of 128 × 96 px to learn from, 4 in the test split."""
    root.mkdir()
    workspace = Workspace(root, store.SystemClock())
    workspace.training = replace(workspace.training, scratch=root / "runs")
    line = demo.Line(seed=1, mode="many", size_px=(128, 96))
    for split, start, number in (("train", 0, count), ("test", 1000, 4)):
        folder = root / f"pictures-{split}"
        demo.write_images(line, folder, number, start=start, layout="coco")
        options = data.AddOptions(split=split, add_classes=True)
        data.add(workspace.data, SCOPE, "line", [folder], options)
    data.commit(workspace.data, SCOPE, "line", "drawn")
    return workspace
