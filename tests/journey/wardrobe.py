"""The circle on real pictures, driven as a user would: clothes are learnt, served, and the cameras fail.

Who may see what:

    train/           510 learnt from, 90 the gate's own test split (drawn by `split`, seed 0)
    test/, exam      186, judged by the first model before anything else happens, never learnt from
    test/, stream    93 of them: served clean, then by each broken camera; captured, labelled, learnt from
    test/, fresh     the other 93: never served before the last figure is taken, never learnt from

The halves are a stratified draw (seed 0). Three copies of one picture are not three pictures: all
intervals over copies are bootstraps over the pictures that they were made from.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from numpy.typing import NDArray

from tests.journey import worlds
from tests.journey.corruptions import BROKEN, corrupted
from visloop import app, evaluate, observe, registry
from visloop.faces import sdk
from visloop.ids import Ref, digest_of

SEED: Final = 0
WINDOW: Final = 50
PATIENCE_S: Final = 300.0
SETTINGS: Final = f"""\
format: 1
gate:
  checks: [{{metric: accuracy, at_least: 0.7}}]
monitor: {{window: {WINDOW}, alpha: 0.01}}
loop: {{dataset: clothes, deployment: rack, model: wardrobe, labels: 220, every_s: 0.3}}
"""


@dataclass(frozen=True)
class Picture:
    """A file of one class; `source` is the file that a copy was made from, by which camera."""

    data: bytes
    label: str
    source: str
    camera: str = "file"

    def by(self, camera: str) -> Picture:
        return Picture(corrupted(self.data, camera), self.label, self.source, camera)


def pictures(folder: Path) -> list[Picture]:
    files = sorted(folder.glob("*/*.jpg"))
    return [Picture(f.read_bytes(), f.parent.name, f"{f.parent.name}/{f.name}") for f in files]


def halves(of: Sequence[Picture], seed: int) -> tuple[list[Picture], list[Picture]]:
    """Half of each class to each side, both in random order."""
    rng = random.Random(seed)
    first: list[Picture] = []
    second: list[Picture] = []
    for label in sorted({each.label for each in of}):
        drawn = [each for each in of if each.label == label]
        rng.shuffle(drawn)
        first += drawn[: len(drawn) // 2]
        second += drawn[len(drawn) // 2 :]
    rng.shuffle(first)
    rng.shuffle(second)
    return first, second


def copies(of: Sequence[Picture], seed: int) -> list[Picture]:
    """Each picture by each broken camera, shuffled."""
    made = [each.by(camera) for each in of for camera in BROKEN]
    random.Random(seed).shuffle(made)
    return made


@dataclass
class Circle:
    """A workspace on its way round; what was measured stays here."""

    root: Path
    home: sdk.Local
    stream: list[Picture]
    fresh: list[Picture]
    port: int = field(default_factory=worlds.free_port)
    right: dict[str, list[bool]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, operation: Any, **fields: Any) -> Any:
        return self.home.call(operation, operation.request(**fields))

    @contextmanager
    def up(self) -> Iterator[None]:
        """`visloop up`: the page, a serving process, a worker."""
        process = worlds.start(self.root, "up", "--port", str(self.port))
        try:
            worlds.wait_for(f"{self.url}/health/ready", process)
            yield
        finally:
            worlds.stop(process)

    def send(self, name: str, served: Sequence[Picture]) -> None:
        """Ask the deployment, one picture after the other, until the monitor has seen them all."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            answers = [client.post(f"{self.url}/predict/rack", content=p.data) for p in served]
        assert all(each.status_code == 200 for each in answers)
        said = [each.json()["label"] for each in answers]
        self.right[name] = [a == p.label for a, p in zip(said, served, strict=True)]
        sent = sum(len(each) for each in self.right.values())
        worlds.until(lambda: self._seen() >= sent, timeout_s=PATIENCE_S, what="the last look")

    def _seen(self) -> int:
        """Answers that were looked at for capture: the only deployment numbers them from one."""
        monitor = observe.monitor(self.home.ports.observe, self.home.scope, "rack")
        return monitor.cursor if monitor else 0

    def windows(self, model: str, sent: int) -> list[dict[str, Any]]:
        """The windows over a model's answers, once all that `sent` of them fill have been tested."""

        def tested() -> Any:
            rows = self.ask(app.monitor, name="rack").windows
            mine = [row for row in rows if row["model"] == model]
            return mine if len(mine) >= sent // WINDOW else None

        return worlds.until(tested, timeout_s=PATIENCE_S, what="the test of all windows")

    def label(self, seen: Iterable[Picture]) -> Any:
        """What a person would do with the queue: say what each picture shows."""
        truth = self.root / "truth.csv"
        with truth.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("image", "label"))
            writer.writerows((digest_of(each.data), each.label) for each in seen)
        return self.ask(app.label_import, file=str(truth), dataset="clothes")

    def cycle(self) -> dict[str, Any]:
        """The loop's first turn, once it has ended."""

        def ended() -> Any:
            history = self.ask(app.loop_status).history
            return history[-1] if history and history[-1]["ended"] else None

        return dict(worlds.until(ended, timeout_s=PATIENCE_S, what="the loop's first turn"))

    def exam(self, name: str, judged: Iterable[Picture]) -> str:
        """Pictures as a data set of their own, that no training reads."""
        folder = self.root / "exams" / name
        for each in judged:
            place = folder / each.label / f"{Path(each.source).stem}~{each.camera}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(each.data)
        self.ask(app.add, paths=(str(folder),), to=name)
        return f"{name}@{self.ask(app.commit, dataset=name, message='an exam').version}"

    def answers(self, model: str, exam: str) -> dict[str, bool]:
        """Path of each picture of an exam → whether the model is right about it."""
        ports = self.home.ports
        report = evaluate.evaluate(
            ports.evaluate, self.home.scope, Ref.parse(model), Ref.parse(exam)
        )
        found = evaluate.load_answers(ports.evaluate, report)
        right = (found.predicted == found.truth).tolist()
        return dict(zip(found.paths, right, strict=True))

    def package(self, model: str) -> registry.Package:
        ports, scope = self.home.ports, self.home.scope
        version = registry.resolve(ports.registry, scope, Ref.parse(model))
        return registry.load(ports.registry, version)


@contextmanager
def opened(root: Path, clothing: Path) -> Iterator[Circle]:
    """A workspace with the pictures shared out and nothing learnt yet."""
    app.create(root)
    (root / "visloop.yaml").write_text(SETTINGS, "utf-8")
    stream, fresh = halves(pictures(clothing / "test"), SEED)
    with sdk.local(root) as home:
        yield Circle(root, home, stream, fresh)


def by_source(right: Mapping[str, bool]) -> dict[str, float]:
    """Share of right answers over the copies of each picture."""
    found: dict[str, list[bool]] = {}
    for path, each in right.items():
        found.setdefault(path.split("~")[0], []).append(each)
    return {source: float(np.mean(each)) for source, each in found.items()}


@dataclass(frozen=True)
class Gain:
    """A difference of accuracy on the same pictures, with its 95 % interval."""

    before: float
    after: float
    low: float
    high: float
    n: int

    @property
    def gain(self) -> float:
        return self.after - self.before

    def __str__(self) -> str:
        return (
            f"{self.before:.3f} → {self.after:.3f}, "
            f"{self.gain:+.3f} [{self.low:+.3f}, {self.high:+.3f}], n={self.n} pictures"
        )


def paired(before: Mapping[str, bool], after: Mapping[str, bool], *, draws: int = 10_000) -> Gain:
    """Paired bootstrap over pictures: the copies of one picture are drawn together."""
    old, new = by_source(before), by_source(after)
    assert old.keys() == new.keys()
    pairs = np.array([(old[source], new[source]) for source in sorted(old)])
    rows = np.random.default_rng(SEED).integers(len(pairs), size=(draws, len(pairs)))
    gains = (pairs[:, 1] - pairs[:, 0])[rows].mean(axis=1)
    low, high = np.quantile(gains, (0.025, 0.975)).tolist()
    means: NDArray[np.float64] = pairs.mean(axis=0)
    return Gain(float(means[0]), float(means[1]), low, high, len(pairs))
