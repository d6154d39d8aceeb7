"""FiftyOne's side of `bench_explorer.py`, run by the Python of its own environment.

    python fiftyone_side.py fill ROWS      rows as JSON lines: file, width, height, split, boxes
    python fiftyone_side.py serve PORT     its app on loopback

Boxes are `[label, [x, y, width, height]]`, in shares of the picture. What a killed fill had brought
in stays; the next one goes on behind it. Where its database lies, and that it sends nothing home,
is said by the environment's variables.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path

import fiftyone as fo
from fiftyone import ViewField as F

NAME = "many"
AT_ONCE = 2000
QUESTIONS = 7


def fill(rows: Path) -> None:
    """One data set, and the bench's questions as saved views: a box of a class, at least 50 px wide."""
    began = time.perf_counter()
    there = fo.dataset_exists(NAME)
    dataset = fo.load_dataset(NAME) if there else fo.Dataset(NAME, persistent=True)
    before = len(dataset)
    part = []
    for at, line in enumerate(rows.open(encoding="utf-8")):
        if at < before:
            continue
        part.append(sample(json.loads(line)))
        if len(part) == AT_ONCE:
            dataset.add_samples(part, progress=False)
            part = []
    if part:
        dataset.add_samples(part, progress=False)
    for k in range(QUESTIONS):
        name = f"c{k:02d}"
        wide = (F("label") == name) & (F("bounding_box")[2] * F("$metadata.width") >= 50)
        if name not in dataset.list_saved_views():
            dataset.save_view(name, dataset.match(F("boxes.detections").filter(wide).length() > 0))
    counts = [len(dataset.load_saved_view(f"c{k:02d}")) for k in range(QUESTIONS)]
    told = {"samples": len(dataset), "added": len(dataset) - before, "found": counts}
    print(json.dumps(told | {"fill_s": round(time.perf_counter() - began, 1)}))


def sample(row: dict) -> fo.Sample:
    made = fo.Sample(filepath=row["file"], tags=[row["split"]])
    made["boxes"] = fo.Detections(
        detections=[fo.Detection(label=label, bounding_box=box) for label, box in row["boxes"]]
    )
    made["metadata"] = fo.ImageMetadata(width=row["width"], height=row["height"])
    return made


def serve(port: str) -> None:
    """As `fiftyone app launch` starts it, without a session that opens a browser."""
    main = Path(fo.__file__).parent / "server" / "main.py"
    sys.argv = [str(main), "--port", port, "--address", "127.0.0.1"]
    runpy.run_path(str(main), run_name="__main__")


if __name__ == "__main__":
    verb, given = sys.argv[1:]
    serve(given) if verb == "serve" else fill(Path(given))
