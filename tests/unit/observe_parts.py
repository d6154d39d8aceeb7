"""A deployment under watch, from the real parts: a trained model, its answers in the log and the spool."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
from PIL import ImageEnhance, ImageFilter

from tests.unit.train_parts import KINDS, SCOPE, Workspace, draw, folder
from visloop import infer, label, observe, registry, serve, store, vision
from visloop.ids import Ref, digest_of
from visloop.observe import tables as _observe_tables  # registers the room's tables
from visloop.serve import tables as serving
from visloop.vision import ClassLabel, Prediction

__all__ = ["KINDS", "NAME", "SCOPE", "Line", "built", "picture"]
NAME = "belt"
EFFECTS = {
    "clean": lambda image: image,
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.15),
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
}
assert _observe_tables.monitors is not None


def picture(kind: str, seed: int, effect: str = "clean") -> bytes:
    raw = io.BytesIO()
    EFFECTS[effect](draw(kind, seed)).save(raw, "PNG")
    return raw.getvalue()


def built(root: Path) -> Path:
    """A workspace with shapes@v1 (60 train, 18 test pictures) and net@v1 deployed; copy it for a test."""
    (root / "ws").mkdir(parents=True)
    workspace = Workspace(root / "ws", store.SystemClock())
    workspace.add(folder(root / "train", count=20), split="train")
    workspace.train("shapes@v1:train", model_name="net")
    workspace.close()
    return root / "ws"


class Line:
    """The parts of one watched deployment; `send` answers pictures as a serving process does."""

    def __init__(self, root: Path, *, copy_of: Path | None = None, spool_bytes=64 << 20) -> None:
        if copy_of is not None:
            shutil.copytree(copy_of, root)
        self.clock = store.FakeClock(store.SystemClock().now())
        self.workspace = Workspace(root, self.clock)
        self.ledger, self.blobs = self.workspace.ledger, self.workspace.blobs
        self.spool = store.Spool(root / "spool", spool_bytes)
        self.serve = serve.ServePorts(self.ledger, self.blobs, root)
        self.label = label.LabelPorts(self.ledger, self.workspace.data)
        self.observe = observe.ObservePorts(
            ledger=self.ledger,
            blobs=self.blobs,
            spool=self.spool,
            serve=self.serve,
            registry=self.workspace.registry,
            label=self.label,
        )
        self.sent = 0

    def deploy(self, ref="net@v1") -> registry.ModelVersion:
        model = self.workspace.model(ref)
        serve.deploy(self.serve, SCOPE, NAME, model)
        package = registry.load(self.workspace.registry, model)
        self.predictor = infer.Predictor.load(package.onnx, package.contract)
        self.model = model
        return model

    def send(
        self, count: int, effect="clean", *, start=1000, kinds=KINDS, spooled=True
    ) -> list[str]:
        """Answer `count` pictures; ids of the predictions."""
        rows = []
        for number in range(count):
            data = picture(kinds[number % len(kinds)], start + number, effect)
            rows.append(self._answer(data, spooled=spooled))
        self.spool.flush()
        self.ledger.append(serving.predictions, rows)
        return [row["id"] for row in rows]

    def _answer(self, data: bytes, *, spooled: bool):
        self.sent += 1
        pixels = infer.decode(data, self.predictor.contract)
        outputs = self.predictor.run(infer.to_tensor(pixels, self.predictor.contract)[None])
        p, embedding = outputs.probabilities[0], outputs.embedding[0]
        labels = self.predictor.annotate(p, author=f"model:{self.model.ref}")
        kept = serve.Captured(
            prediction=f"p-{self.sent}",
            image=data,
            statistics=vision.image_statistics(pixels).tobytes(),
            probabilities=p.tobytes(),
            embedding=embedding.astype(np.float16).tobytes(),
        )
        answer = Prediction(
            id=f"p-{self.sent}",
            image=digest_of(data),
            model=self.model.ref,
            package=self.model.package,
            contract=self.model.contract,
            annotations=labels,
            probabilities=tuple(p.tolist()),
        )
        assert isinstance(labels[0], ClassLabel)
        return {
            "id": answer.id,
            "project": SCOPE.project,
            "deployment": NAME,
            "model": answer.model,
            "package": answer.package,
            "contract": answer.contract,
            "image": answer.image,
            "time": self.clock.now(),
            "label": labels[0].label,
            "confidence": labels[0].score,
            "latency_ms": 1.0,
            "answer": answer,
            "spool": str(self.spool.append(kept.to_bytes())) if spooled else None,
            "server": "test",
            "number": self.sent,
        }

    def tick(self, *, alpha=0.01, window=30, fence=None, **capture) -> observe.TickResult:
        capture = {"dataset": "shapes", "below_confidence": 0.0, "above_outlier": 1.0} | capture
        policy = observe.ObservePolicy(
            observe.MonitorPolicy(window, alpha), observe.CapturePolicy(**capture)
        )
        return observe.tick(self.observe, SCOPE, NAME, policy, fence=fence)

    def facts(self, *kinds: str) -> list:
        return self.ledger.facts(kinds=kinds)

    def queue(self, state="waiting") -> list[label.Task]:
        return label.list_tasks(self.label, SCOPE, state=state, limit=None)

    def resolve(self, ref: str) -> registry.ModelVersion:
        return registry.resolve(self.workspace.registry, SCOPE, Ref.parse(ref))

    def close(self) -> None:
        self.spool.close()
        self.workspace.close()
