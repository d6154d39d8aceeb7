"""Search: how right it is on clothes, and how fast the nearest are found among 100,000 (D8).

    python bench/bench_search.py [--count 100000] [--no-words]

Precision: 786 pictures of ten kinds of clothes (VISLOOP_TEST_DATA); of the first five found, the
share that has the class asked for. Words are the ten class names and four paraphrases of each,
written before anything was measured. Intervals are bootstraps over the queries. The ways of
scoring: the mean of directions that search uses; the 20 likeliest ImageNet answers of a picture,
weighed by how near their names are to the words, plainly and sharpened; and search with the data's
own labels of `train`, judged on the pictures of `test` alone.

D8: the vectors of those pictures and of drawn parts, spread to the count: each is a random mean of
a real one and of one of its ten nearest, with noise on every number. That flatters nobody: hundreds
of vectors lie around each real one, and only noise says which are nearest. Ours is the nearest ten
of all without an index (which needs no building but its sketch) and with one; the limit is one
product with all vectors in memory. Recall is against that product.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import figures
import numpy as np

from visloop import data, demo, infer
from visloop.data.finding.nearest import Placed, nearest, nearest_of_all
from visloop.infer.lite0 import imagenet_weights
from visloop.progress import Silent

FOLDER = Path(os.environ.get("VISLOOP_TEST_DATA", figures.HERE.parent.parent / "shared" / "data"))
FOUND = 5
BLOCK, QUESTIONS = 10_000, 100
QUERIES = {
    "dress": ["a long evening gown", "frock", "one-piece garment for women", "wedding dress"],
    "hat": ["cap", "something to wear on the head", "headwear", "a sun hat"],
    "longsleeve": ["long-sleeved shirt", "pullover", "sweater", "jersey with long sleeves"],
    "outwear": ["jacket", "warm clothes for outside", "winter coat", "parka"],
    "pants": ["trousers", "jeans", "denim", "long legwear"],
    "shirt": ["button-up shirt", "blouse with collar", "office shirt", "formal shirt for men"],
    "shoes": ["footwear", "a pair of trainers", "sneakers", "boots"],
    "shorts": ["short trousers", "swimming trunks", "bermuda shorts", "shorts for the beach"],
    "skirt": ["miniskirt", "a woman's skirt", "pleated skirt", "a short skirt"],
    "t-shirt": ["tee", "short-sleeved top", "a plain tee shirt", "casual top"],
}
Scores = Callable[[str], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--no-words", action="store_true", help="speed only")
    given = parser.parse_args()
    files = sorted((FOLDER / "clothing").glob("*/*/*.jpg"))
    encoder = infer.Lite0Encoder()
    vectors = embedded(encoder, [file.read_bytes() for file in files])
    classes = np.array([file.parent.name for file in files])
    test = np.array([file.parent.parent.name == "test" for file in files])
    if not given.no_words:
        figures.publish([*words(encoder, vectors, classes, test), pictures(vectors, classes)])
    line = demo.Line(seed=7)
    drawn = embedded(encoder, [demo.encode(line.frame(at)) for at in range(400)])
    figures.publish(fast(np.concatenate([vectors, drawn]), given.count))


def embedded(encoder: infer.Lite0Encoder, raws: list[bytes]) -> np.ndarray:
    batches = [raws[at : at + 16] for at in range(0, len(raws), 16)]
    model = encoder.pictures
    return np.concatenate(
        [model.run(np.stack([model.prepare(raw) for raw in part])).embedding for part in batches]
    )


# --- how right -----------------------------------------------------------------------------------


class Right(figures.Row):
    """A row of precision in place of seconds."""

    told: dict[str, Any]

    def figures(self) -> dict[str, Any]:
        return {"row": self.row, "work": self.work, "n": self.n} | self.told


def right(work: str, n: int, hits: list[float], base: float) -> Right:
    draws = np.random.default_rng(0).choice(hits, (2000, len(hits))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    row = Right("search", work, n)
    row.told = {
        "precision_at_5": round(float(np.mean(hits)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
        "base_rate": round(base, 3),
        "queries": len(hits),
    }
    return row


def words(
    encoder: infer.Lite0Encoder, vectors: np.ndarray, classes: np.ndarray, test: np.ndarray
) -> list[Right]:
    everything = np.ones(len(classes), np.bool_)
    asked = [(name, text) for name, texts in QUERIES.items() for text in (name, *texts)]
    ways: list[tuple[str, Scores, np.ndarray]] = [
        ("words, directions (used)", lambda t: directed(encoder, vectors, t, {}), everything),
        ("words, top 20 × nearness", lambda t: answered(encoder, vectors, t, None), everything),
        ("words, top 20 × sharpened", lambda t: answered(encoder, vectors, t, 0.07), everything),
        ("words, directions, test pictures", lambda t: directed(encoder, vectors, t, {}), test),
    ]
    own = ways_of(vectors[~test], classes[~test])
    ways.append(
        (
            "words, directions and labels of train, test pictures",
            lambda t: directed(encoder, vectors, t, own),
            test,
        )
    )
    rows = []
    for work, score, among in ways:
        for kind, fits in (("class names", True), ("paraphrases", False)):
            chosen = [(name, text) for name, text in asked if (name == text) == fits]
            hits = [hit(score(text), classes, name, among) for name, text in chosen]
            base = float(np.mean([(classes[among] == name).mean() for name, _ in chosen]))
            rows.append(right(f"{work}, {kind}", int(among.sum()), hits, base))
    return rows


def hit(scores: np.ndarray, classes: np.ndarray, wanted: str, among: np.ndarray) -> float:
    best = np.argsort(-np.where(among, scores, -np.inf), kind="stable")[:FOUND]
    return float((classes[best] == wanted).mean())


def directed(
    encoder: infer.Lite0Encoder, vectors: np.ndarray, text: str, own: dict[str, np.ndarray]
) -> np.ndarray:
    return vectors @ encoder.words(text, own).vector


def answered(
    encoder: infer.Lite0Encoder, vectors: np.ndarray, text: str, sharp: float | None
) -> np.ndarray:
    """The 20 likeliest of ImageNet's answers, each by how near its name is to the words."""
    weights = imagenet_weights()
    logits = vectors @ weights["_fc.weight"].T + weights["_fc.bias"]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[shares < np.sort(shares, axis=1)[:, -20, None]] = 0
    near = encoder._meanings @ encoder._meaning(text)  # noqa: SLF001 - what the way used is made of
    return shares @ (near if sharp is None else np.exp((near - near.max()) / sharp))


def ways_of(vectors: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {}
    for name in sorted(set(classes)):
        way = units[classes == name].mean(axis=0) - units[classes != name].mean(axis=0)
        found[name] = way / np.linalg.norm(way)
    return found


def pictures(vectors: np.ndarray, classes: np.ndarray) -> Right:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = units @ units.T
    np.fill_diagonal(near, -np.inf)
    best = np.argsort(-near, axis=1)[:, :FOUND]
    hits = (classes[best] == classes[:, None]).mean(axis=1).tolist()
    base = float(np.mean([(classes == name).mean() for name in classes]))
    return right("a picture, each of all", len(classes), hits, base)


# --- how fast ------------------------------------------------------------------------------------


def spread(real: np.ndarray, count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    units = real / np.linalg.norm(real, axis=1, keepdims=True)
    near = np.argsort(-(units @ units.T), axis=1)[:, 1:11]
    one = random.integers(0, len(real), count)
    other = near[one, random.integers(0, 10, count)]
    share = random.random((count, 1), np.float32) / 2
    noise = np.exp(random.normal(0, 0.2, (count, real.shape[1]))).astype(np.float32)
    made = (real[one] * (1 - share) + real[other] * share) * noise
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def fast(real: np.ndarray, count: int) -> list[figures.Row]:
    """Vectors are made and looked at in blocks: a million take 2.5 GB on the disk, and no such memory."""
    asked = spread(real, QUESTIONS, 2)
    with tempfile.TemporaryDirectory() as folder:
        gallery = data.Gallery(Path(folder), real.shape[1])
        for at in range(0, count, BLOCK):
            names = [f"{each:064x}" for each in range(at, min(count, at + BLOCK))]
            gallery.add([(names, spread(real, len(names), 1000 + at))])
        wanted, limit = exact(gallery, asked)
        rows = np.arange(count)
        first = figures.Row("D8", "the first of a gallery: its sketch is made", count)
        first.ours, first.cpu = spent(lambda: nearest(gallery, asked[0], rows, 10))
        flat = measured(
            "10 nearest, no index", gallery, asked, wanted, lambda q: nearest(gallery, q, rows, 10)
        )
        flat.bar, flat.limit = "≤ 10 ms at 100k, recall ≥ .99", limit
        fresh = data.Gallery(Path(folder), real.shape[1])
        again = figures.Row("D8", "the first of a process, its sketch is kept", count)
        again.ours, again.cpu = spent(lambda: nearest(fresh, asked[0], rows, 10))
        making = figures.Row("D8", "an index is made", count)
        making.ours, making.cpu = spent(lambda: gallery.index(Silent()))
        placed = Placed(rows, count)
        placed.places(rows[:1])
        by_index = measured(
            "10 nearest, by the index",
            gallery,
            asked,
            wanted,
            lambda q: nearest_of_all(gallery, q, placed, 10),
        )
        by_index.bar = "≤ 2 ms at 1M, recall ≥ .99"
        for row, name in ((first, "sketch"), (making, "lists")):
            row.work += f" ({(Path(folder) / name).stat().st_size / 2**20:.0f} MiB)"
    making.rss_mb = figures.peak_mb()
    return [flat, first, again, by_index, making]


def measured(
    work: str,
    gallery: data.Gallery,
    asked: np.ndarray,
    wanted: np.ndarray,
    find: Callable[[np.ndarray], Any],
) -> figures.Row:
    row = figures.Row("D8", work, len(gallery))
    hits = 0
    for query, right_ones in zip(asked, wanted, strict=True):
        began = time.process_time()
        took, (found, _) = timed(lambda q=query: find(q))
        row.cpu.append(time.process_time() - began)
        row.ours.append(took)
        hits += len({*found.tolist()} & {*right_ones.tolist()})
    median, cpu = np.median(row.ours) * 1e3, np.median(row.cpu) * 1e3
    row.work += (
        f", {gallery.dimensions} numbers each, recall {hits / wanted.size:.4f},"
        f" median {median:.2f} ms (CPU {cpu:.2f})"
    )
    row.rss_mb = figures.peak_mb()
    return row


def exact(gallery: data.Gallery, asked: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """The nearest ten of each by products with all vectors; seconds of one such product a query."""
    best, found = np.zeros((len(asked), 0), np.float32), np.zeros((len(asked), 0), np.int64)
    seconds = 0.0
    for at in range(0, len(gallery), BLOCK):
        rows = np.arange(at, min(len(gallery), at + BLOCK))
        units = gallery.units(rows)
        seconds += min(timed(lambda q=q, u=units: largest(u @ q))[0] for q in asked[:5])
        best = np.concatenate([best, asked @ units.T], axis=1)
        found = np.concatenate([found, np.broadcast_to(rows, (len(asked), len(rows)))], axis=1)
        kept = np.argpartition(-best, 10, axis=1)[:, :10]
        best, found = np.take_along_axis(best, kept, 1), np.take_along_axis(found, kept, 1)
    return found, [seconds]


def spent(work: Callable[[], Any]) -> tuple[list[float], list[float]]:
    seconds, cpu = figures.spent(work)
    return [seconds], [cpu]


def largest(scores: np.ndarray) -> np.ndarray:
    return np.argpartition(-scores, 10)[:10]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


if __name__ == "__main__":
    main()
