"""S1, S2, S4: the window test on real pictures: false alarms, power, cost.

    python bench/bench_drift.py [--pictures DIR] [--windows 2000] [--power 40] [--only S1]

DIR holds train/ and test/ with a folder a class (default: the clothing set of VISLOOP_TEST_DATA).
Everything is what a deployment would have: `classify-linear` is trained, its held-out answers are the
reference, pictures are decoded and answered by the predictor, embeddings at half precision.

S1 draws reference and windows anew from disjoint parts of ONE pool: all pictures, each with the answer
of the fold that did not learn from it. S1-deployed is the harder question: one reference (train/, held
out by folds) against windows drawn from test/, answered by the final model; it also holds what the two
folders differ by. S2 corrupts test/ and encodes it again (what encoding does by itself is a control).
Intervals are 95 %, Clopper-Pearson, over windows as if they were independent; windows of one pool share
pictures, so read them with the pool's size. JSON lines.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from scipy import stats
from threadpoolctl import threadpool_limits

from visloop import app, data, infer, registry, store, train, vision
from visloop.events import Scope
from visloop.ids import Ref
from visloop.observe.detectors import Features, Profile, outlier_scores, window_test
from visloop.progress import Silent

SCOPE = Scope()
HERE = Path(__file__).resolve().parent.parent
SEVERITIES = {
    "blur": (0.5, 1.0, 1.5, 2.5, 4.0),  # sigma, pixels of the file
    "dark": (0.85, 0.7, 0.55, 0.4, 0.25),  # of the brightness
    "noise": (4.0, 8.0, 14.0, 22.0, 32.0),  # sd of 255
    "contrast": (0.85, 0.7, 0.55, 0.4, 0.25),
    "warm": (0.04, 0.08, 0.12, 0.16, 0.2),
    "jpeg": (60, 40, 25, 15, 8),  # quality
    "rotate": (4, 8, 15, 25, 40),  # degrees
}
CONTROL = "re-encoded"  # what encoding again does by itself: not counted as drift
QUALITY = 95
MIXES = (0.2, 0.25, 0.3, 0.35, 0.4)  # of one class, as many as test/ has


def main() -> None:
    default = Path(os.environ.get("VISLOOP_TEST_DATA", HERE.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=default / "clothing")
    parser.add_argument("--windows", type=int, default=2000)
    parser.add_argument("--power", type=int, default=40, help="windows a condition")
    parser.add_argument("--only", choices=("S1", "S1-deployed", "S2", "S4"))
    given = parser.parse_args()
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory() as folder:
        line = Line(Path(folder), given.pictures)
        for row, run in {
            "S1": lambda: validity(line.pool, given.windows),
            "S1-deployed": lambda: deployed(line.reference, line.calm, given.windows),
            "S2": lambda: power(line, given.power),
            "S4": lambda: cost(line.reference, line.calm),
        }.items():
            if given.only in {None, row}:
                run()


def say(**row: object) -> None:
    print(json.dumps(row), flush=True)


def rate(hits: int, of: int) -> dict[str, object]:
    """A share with its Clopper-Pearson interval."""
    low = stats.beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return {"rate": round(hits / of, 4), "ci95": [round(float(low), 4), round(float(high), 4)]}


class Line:
    """Two trained models: one on train/, watched on test/; one on everything, for the pool."""

    def __init__(self, root: Path, pictures: Path) -> None:
        app.create(root)
        ledger = store.Ledger.open(
            f"sqlite:///{root / '.visloop' / 'ledger.db'}", clock=store.SystemClock()
        )
        common = {
            "ledger": ledger,
            "blobs": store.PackBlobs(root / ".visloop" / "blobs"),
            "progress": Silent(),
        }
        self._data = data.DataPorts(**common)
        self._training = train.TrainPorts(**common, code=root)
        self.package = self._train("watched", [pictures / "train"])
        self.reference = features_of(train.Reference.from_bytes(self.package.reference))
        everything = self._train("pool", [pictures / "train", pictures / "test"])
        self.pool = features_of(train.Reference.from_bytes(everything.reference))
        self.predictor = infer.Predictor.load(self.package.onnx, self.package.contract)
        files = sorted((pictures / "test").glob("*/*.jpg"))
        self.images = [infer.decode(f.read_bytes(), self.package.contract) for f in files]
        self.truth = np.array([self.package.contract.classes.index(f.parent.name) for f in files])
        self.calm = self.answer(lambda image: image)

    def _train(self, name: str, folders: list[Path]) -> registry.Package:
        options = data.AddOptions(split="train", add_classes=True)
        for each in folders:
            data.add(self._data, SCOPE, name, [each], options)
        data.commit(self._data, SCOPE, name, "for the bench")
        done = train.train(self._training, SCOPE, Ref.parse(f"{name}@v1:train"), threads=1)
        version = registry.resolve(self._training.registry, SCOPE, Ref.parse(done.model))
        return registry.load(self._training.registry, version)

    def answer(self, change: Callable[[np.ndarray], np.ndarray]) -> Features:
        """Features of every test picture after `change`, as serving would log them."""
        contract = self.package.contract
        images = [change(image) for image in self.images]
        tensors = [infer.to_tensor(image, contract) for image in images]
        outputs = [
            self.predictor.run(np.stack(tensors[at : at + 8])) for at in range(0, len(tensors), 8)
        ]
        return Features(
            statistics=np.stack([vision.image_statistics(image) for image in images]),
            probabilities=np.concatenate([each.probabilities for each in outputs]),
            embedding=half(np.concatenate([each.embedding for each in outputs])),
            classes=contract.classes,
        )


def half(embedding: np.ndarray) -> np.ndarray:
    return embedding.astype(np.float16).astype(np.float32)


def features_of(held: train.Reference) -> Features:
    return Features(held.statistics, held.probabilities, half(held.embeddings))


def validity(pool: Features, windows: int) -> None:
    for n, m in ((50, 200), (50, 393), (100, 393)):
        each = min((len(pool) - m) // n, 5)
        references = -(-windows // each)
        rng = np.random.default_rng(n)
        p: list[float] = []
        for seed in range(references):
            drawn = rng.permutation(len(pool))
            profile = Profile.build(pool.take(drawn[:m]), sizes=(n,), draws=1000, seed=seed)
            rest = drawn[m:]
            p += [
                window_test(profile, pool.take(rest[at * n : (at + 1) * n])).p for at in range(each)
            ]
        alarms("S1", p, n=n, m=m, references=references, pool=len(pool))


def deployed(reference: Features, calm: Features, windows: int) -> None:
    rng = np.random.default_rng(1)
    n = 50
    profile = Profile.build(reference, sizes=(n,))
    p = [
        window_test(profile, calm.take(rng.choice(len(calm), n, replace=False))).p
        for _ in range(windows)
    ]
    alarms("S1-deployed", p, n=n, m=len(reference), references=1, pool=len(calm))


def alarms(row: str, p: list[float], **sizes: int) -> None:
    for alpha in (0.05, 0.01):
        hits = sum(each <= alpha for each in p)
        say(row=row, work="false alarms of calm windows", alpha=alpha, windows=len(p),
            false_alarms=hits, **rate(hits, len(p)), **sizes)  # fmt: skip


def sent(image: np.ndarray, kind: str, amount: float, rng: np.random.Generator) -> np.ndarray:
    """A corrupted picture as it arrives: encoded again, as its camera would."""
    changed = corrupted(image, kind, amount, rng)
    if kind == "jpeg":
        return changed
    return simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(changed, quality=QUALITY), "RGB")


def corrupted(image: np.ndarray, kind: str, amount: float, rng: np.random.Generator) -> np.ndarray:
    values = image.astype(np.float32)
    if kind == CONTROL:
        return image
    if kind == "blur":
        return cv2.GaussianBlur(image, (0, 0), amount)
    if kind == "jpeg":
        return simplejpeg.decode_jpeg(simplejpeg.encode_jpeg(image, quality=int(amount)), "RGB")
    if kind == "rotate":
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), amount, 1)
        return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    if kind == "dark":
        values = values * amount
    elif kind == "noise":
        values = values + rng.normal(0, amount, values.shape)
    elif kind == "contrast":
        values = (values - values.mean()) * amount + values.mean()
    elif kind == "warm":
        values = values * np.array([1 + amount, 1, 1 - 1.5 * amount])
    return np.clip(values, 0, 255).astype(np.uint8)


def conditions(
    line: Line,
) -> Iterator[tuple[str, float, Callable[[np.random.Generator, int], Features]]]:
    """(name, accuracy of the model on it, how to draw a window of n)."""
    for kind, amounts in {CONTROL: (QUALITY,), **SEVERITIES}.items():
        for level, amount in enumerate(amounts, start=1):
            rng = np.random.default_rng(level)
            seen = line.answer(lambda image, k=kind, a=amount, r=rng: sent(image, k, a, r))
            accuracy = float((seen.predicted == line.truth).mean())

            def draw(rng: np.random.Generator, n: int, seen: Features = seen) -> Features:
                return seen.take(rng.choice(len(seen), n, replace=False))

            yield (kind if kind == CONTROL else f"{kind} {level}"), accuracy, draw
    accuracy = float((line.calm.predicted == line.truth).mean())
    for share in MIXES:

        def mixed(rng: np.random.Generator, n: int, share: float = share) -> Features:
            chosen = rng.integers(len(line.package.contract.classes))
            of, others = np.flatnonzero(line.truth == chosen), np.flatnonzero(line.truth != chosen)
            many = min(round(n * share), len(of))
            rows = [
                rng.choice(of, many, replace=False),
                rng.choice(others, n - many, replace=False),
            ]
            return line.calm.take(np.concatenate(rows))

        yield f"mix {share:.0%}", accuracy, mixed


def power(line: Line, windows: int) -> None:
    n = 50
    profile = Profile.build(line.reference, sizes=(n,))
    found: dict[float, list[float]] = {0.05: [], 0.01: []}
    for name, accuracy, draw in conditions(line):
        rng = np.random.default_rng(2)
        drawn = [draw(rng, n) for _ in range(windows)]
        p = [window_test(profile, each).p for each in drawn]
        strange = float(np.mean([(outlier_scores(profile, each) > 0.995).mean() for each in drawn]))
        told = {alpha: sum(each <= alpha for each in p) / windows for alpha in found}
        say(row="S2", condition=name, n=n, windows=windows, accuracy=round(accuracy, 3),
            power_5=told[0.05], power_1=told[0.01], outliers=round(strange, 3))  # fmt: skip
        if name != CONTROL:
            for alpha, share in told.items():
                found[alpha].append(share)
    for alpha, shares in found.items():
        say(row="S2", work="power, mean over conditions", n=n, m=len(line.reference), alpha=alpha,
            conditions=len(shares), windows=windows * len(shares),
            power=round(float(np.mean(shares)), 3))  # fmt: skip


def cost(reference: Features, calm: Features) -> None:
    for m in (len(reference), 10_000):
        rows = np.random.default_rng(0).integers(len(reference), size=m)
        rows[: len(reference)] = np.arange(len(reference))
        start = time.perf_counter()
        profile = Profile.build(reference.take(rows), sizes=(50,))
        built = time.perf_counter() - start
        size = len(profile.to_bytes())
        window = calm.take(np.arange(50))
        window_test(profile, window)
        times: list[float] = []
        for _ in range(30):
            start = time.perf_counter()
            window_test(profile, window)
            times.append(time.perf_counter() - start)
        say(row="S4", work="one window", n=50, m=m, ms=round(min(times) * 1e3, 2),
            median_ms=round(float(np.median(times)) * 1e3, 2),
            build_s=round(built, 2), profile_mb=round(size / 1e6, 2))  # fmt: skip


if __name__ == "__main__":
    main()
