"""Data sets to measure with: samples of five boxes each, committed, without a picture's bytes.

What asks, compares and commits reads no picture; so these are staged and committed as an import
does it, and a million of them fit on a small disk. One seed: everybody measures the same set.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import figures
import msgspec
import numpy as np

from visloop import app, data
from visloop.ids import Ref
from visloop.vision import Box

Spent: TypeAlias = tuple[float, float]
"""Seconds, CPU seconds."""
DATASET = "many"
BOXES = 5
CLASSES = 20
NAMES = tuple(f"c{each:02d}" for each in range(CLASSES))
_AT_ONCE = 10_000


def drawn(n: int) -> dict[str, Any]:
    """Columns: `owner`, `label`, `corner`, `size` of every box, `iso` of every sample."""
    rng = np.random.default_rng(0)
    return {
        "owner": np.repeat(np.arange(n), BOXES),
        "label": rng.integers(0, CLASSES, n * BOXES),
        "corner": rng.integers(0, 300, (n * BOXES, 2)),
        "size": rng.integers(5, 300, (n * BOXES, 2)),
        "iso": 100 * (1 + rng.integers(0, 32, n)),
    }


def fill(root: Path, n: int, columns: dict[str, Any]) -> tuple[Spent, Spent]:
    """A committed data set in a new workspace; what staging it and the commit took."""
    app.create(root)
    with app.opened(root) as ports:
        scope = app.scope_for(None, ports)
        with ports.ledger.write(scope) as write:
            data.stage(ports.data, write, DATASET, [])
        data.add_classes(ports.data, scope, DATASET, NAMES)
        parts: list[Spent] = []
        for start in range(0, n, _AT_ONCE):
            part = [sample(at, columns) for at in range(start, min(n, start + _AT_ONCE))]
            parts.append(figures.spent(lambda part=part: staged(ports, part)))
        commit = figures.spent(lambda: data.commit(ports.data, scope, DATASET, "bench"))
        return (sum(each[0] for each in parts), sum(each[1] for each in parts)), commit


def staged(ports: app.Ports, samples: list[data.Sample]) -> None:
    """One transaction."""
    with ports.ledger.write(app.scope_for(None, ports)) as write:
        data.stage(ports.data, write, DATASET, samples)


def sample(at: int, columns: dict[str, Any]) -> data.Sample:
    """The sample of that number."""
    boxes: list[Box] = []
    for each in range(at * BOXES, (at + 1) * BOXES):
        (x, y), (width, height) = columns["corner"][each].tolist(), columns["size"][each].tolist()
        xyxy = (float(x), float(y), float(x + width), float(y + height))
        boxes.append(Box(label=NAMES[columns["label"][each]], xyxy=xyxy))
    iso = int(columns["iso"][at])
    return data.Sample(
        id=f"{at:032x}",
        path=path_of(at),
        image=f"{at:064x}",
        bytes=9300,
        width=640,
        height=640,
        annotations=tuple(boxes),
        split="train" if at % 5 else "test",
        metadata={"exif.iso": iso, "exif.make": f"Maker {at % 7}", "exif.f_number": 2.8},
    )


def path_of(at: int) -> str:
    """Where the sample of that number is."""
    return f"cam{at // 1000:04d}/{at:07d}.jpg"


def moved(ports: app.Ports, places: Iterable[int], by_px: float) -> list[data.Sample]:
    """The newest samples of these numbers, the first box of each moved to the right."""
    snapshot = data.open(ports.data, Ref.parse(f"{DATASET}@main"))
    found: list[data.Sample] = []
    for at in places:
        was = snapshot.get(path_of(at))
        assert was is not None
        first, *rest = was.annotations
        assert isinstance(first, Box)
        x1, y1, x2, y2 = first.xyxy
        other = msgspec.structs.replace(first, xyxy=(x1 + by_px, y1, x2 + by_px, y2))
        found.append(msgspec.structs.replace(was, annotations=(other, *rest)))
    return found
