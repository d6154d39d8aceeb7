"""A small world with boxes and masks, for the recipes that train networks: seconds, not minutes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.unit.train_parts import SCOPE, Workspace
from visloop import data, demo, store

TINY = {"epochs": 2, "pixels": 96 * 128, "batch": 4}
FEW = {"epochs": 1, "batch": 6, "holdout": 0.2}
RECIPES = {
    "detect": ("line@v1", TINY),
    "segment": ("line@v1", TINY),
    "regress": ("counts@v1", {**FEW, "pixels": 64 * 64}),
    "classify-finetune": ("kinds@v1", FEW),
}
"""Recipe → data and parameters of seconds; a picture to classify is 224 px wide, whatever is asked."""


def world(root: Path, *, count: int = 12) -> Workspace:
    """line@v1: `count` pictures of 128 × 96 px to learn from, 4 in the test split."""
    root.mkdir()
    workspace = Workspace(root, store.SystemClock(), lease_s=60.0)
    workspace.training = replace(workspace.training, scratch=root / "runs")
    line = demo.Line(seed=1, mode="many", size_px=(128, 96))
    for split, start, number in (("train", 0, count), ("test", 1000, 4)):
        folder = root / f"pictures-{split}"
        demo.write_images(line, folder, number, start=start, layout="coco")
        options = data.AddOptions(split=split, add_classes=True)
        data.add(workspace.data, SCOPE, "line", [folder], options)
    data.commit(workspace.data, SCOPE, "line", "drawn")
    return workspace


def with_kinds_and_counts(workspace: Workspace, root: Path) -> None:
    """kinds@v1: 12 pictures of two classes; counts@v1: how many parts are in each of 12 pictures."""
    one = demo.Line(seed=2, size_px=(128, 96), classes=("bolt", "gear"))
    demo.write_images(one, root / "kinds", 12)
    data.add(workspace.data, SCOPE, "kinds", [root / "kinds"], data.AddOptions(add_classes=True))
    data.commit(workspace.data, SCOPE, "kinds", "drawn")
    many = demo.Line(seed=1, mode="many", size_px=(128, 96))
    folder = root / "counts"
    drawn = demo.write_images(many, folder, 12, layout="flat")
    counts = Counter(row.file for row in drawn.rows)
    drawn.truth.unlink()
    rows = [f"{name},{count},parts" for name, count in sorted(counts.items())]
    (folder / "counts.csv").write_text("\n".join(["image,value,unit", *rows, ""]))
    data.add(workspace.data, SCOPE, "counts", [folder], data.AddOptions(add_classes=True))
    data.commit(workspace.data, SCOPE, "counts", "counted")
