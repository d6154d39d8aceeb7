"""A workspace with drawn pictures, put together from the real parts, for tests of several rooms."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw
from sqlalchemy import create_engine

from visloop import data, evaluate, registry, store, train
from visloop.events import Scope
from visloop.ids import Ref
from visloop.progress import Silent

SCOPE = Scope()
KINDS = ("disc", "square", "stripe")
ROOMS = ("data", "evaluate", "label", "registry", "train")


def draw(kind: str, seed: int) -> Image.Image:
    rng = random.Random(f"{kind}{seed}")
    ground, ink = (tuple(rng.randrange(256) for _ in range(3)) for _ in range(2))
    picture = Image.new("RGB", (96, 80), ground)
    pen = ImageDraw.Draw(picture)
    x, y, r = rng.randrange(30, 60), rng.randrange(30, 50), rng.randrange(14, 24)
    if kind == "disc":
        pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    elif kind == "square":
        pen.rectangle((x - r, y - r, x + r, y + r), fill=ink)
    else:
        for step in range(0, 96, 12):
            pen.rectangle((step, 0, step + 5, 80), fill=ink)
    return picture


def folder(root: Path, *, start=0, count=8, kinds=KINDS) -> Path:
    for kind in kinds:
        (root / kind).mkdir(parents=True)
        for seed in range(start, start + count):
            draw(kind, seed).save(root / kind / f"{seed}.png")
    return root


class Workspace:
    """The ports of one folder, as the application puts them together."""

    def __init__(
        self, root: Path, clock: store.SystemClock | store.FakeClock, lease_s: float = 3.0
    ) -> None:
        url = f"sqlite:///{root / 'ledger.db'}"
        if not (root / "ledger.db").exists():
            for room in ROOMS:
                __import__(f"visloop.{room}.tables")
            engine = create_engine(url)
            store.metadata.create_all(engine)
            engine.dispose()
        self.ledger = store.Ledger.open(url, clock=clock)
        self.blobs = store.PackBlobs(root / "blobs")
        common = {"ledger": self.ledger, "blobs": self.blobs, "progress": Silent()}
        self.data = data.DataPorts(**common)
        self.training = train.TrainPorts(**common, code=root, lease_s=lease_s)
        self.evaluate = evaluate.EvaluatePorts(**common)
        self.registry = self.training.registry

    def add(self, source: Path, name="shapes", split=None) -> data.Version:
        options = data.AddOptions(split=split, add_classes=True)
        data.add(self.data, SCOPE, name, [source], options)
        return data.commit(self.data, SCOPE, name, "more")

    def train(self, ref="shapes@v1", **values) -> train.TrainResult:
        values.setdefault("threads", 1)
        return train.train(self.training, SCOPE, Ref.parse(ref), **values)

    def model(self, ref: str) -> registry.ModelVersion:
        return registry.resolve(self.registry, SCOPE, Ref.parse(ref))

    def kinds(self, *, start="run.") -> list[str]:
        return [f.kind for f in self.ledger.facts() if f.kind.startswith(start)]

    def close(self) -> None:
        self.blobs.close()
        self.ledger.close()


def draw_splits(root: Path) -> Path:
    """Folders train/ (24 pictures) and test/ (18) of drawn shapes."""
    folder(root / "train")
    folder(root / "test", start=100, count=6)
    return root


def opened(root: Path, pictures: Path, clock: store.SystemClock | store.FakeClock) -> Workspace:
    """A workspace that holds shapes@v1 (train only) and shapes@v2 (train and test)."""
    root.mkdir()
    workspace = Workspace(root, clock)
    workspace.add(pictures / "train", split="train")
    workspace.add(pictures / "test", split="test")
    return workspace
