"""D7: what maps of "where the model looked" are worth, on pictures with known truth.

    python bench/bench_explain.py clothing --count 60    # grids of four photographs, one of the class
    python bench/bench_explain.py street                 # FastestDet on COCO: does D-RISE point at it?
    python bench/bench_explain.py cells                  # `detect` learnt on BCCD: the same of cells

Each prints JSON lines, a method a line, with Wilson's 95 % intervals: how often the hottest pixel lies
where the class is, beside a point in the middle and a point at random; and, of the classifier, the
areas under deletion and insertion beside those of a random order, and how alike maps are when the weights
are scrambled (Spearman's rank correlation; Adebayo 2018).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.stats import spearmanr

from visloop import app, data, evaluate, registry
from visloop.evaluate import ExplainSettings, Subject, wilson
from visloop.faces import sdk
from visloop.ids import Ref
from visloop.progress import Silent
from visloop.vision import (
    Contract,
    Decode,
    Decoder,
    Normalise,
    Resize,
    geometry_xyxy,
    iou_matrix,
)

SHARED = Path(os.environ.get("VISLOOP_TEST_DATA", "../shared/data"))
SIDE = 224
METHODS = ("gradcam", "integrated-gradients", "smoothgrad", "occlusion", "rise")
Boxes = list[tuple[float, float, float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(WHAT))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--of", default="pointing,areas,sanity", help="of clothing")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--singles", type=int, default=2, help="test pictures of each class")
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--masks", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=12)
    given = parser.parse_args()
    given.methods = given.methods.split(",")
    with tempfile.TemporaryDirectory() as root:
        WHAT[given.what](Path(root), given)


def told(**row: Any) -> None:
    print(json.dumps(row), flush=True)


def share(hits: list[bool]) -> dict[str, Any]:
    low, high = wilson(float(np.mean(hits)), len(hits), 0.95)
    return {"share": round(float(np.mean(hits)), 3), "low": round(low, 3), "high": round(high, 3)}


# --- a classifier ----------------------------------------------------------------------------------


def clothing(root: Path, given: argparse.Namespace) -> None:
    """classify-linear on photographs of ten kinds of clothes; judged on grids of four test pictures."""
    with opened(root) as here:
        for split in ("train", "test"):
            here.call(app.add, app.Add(paths=(str(SHARED / "clothing" / split),), to="clothes",
                                       split=split, add_classes=True))  # fmt: skip
        here.call(app.commit, app.Commit(dataset="clothes", message="in"))
        here.call(app.train, app.Train(ref="clothes@v1:train", model="wear"))
        package = package_of(here, "wear@v1")
        pictures = by_class(here, "clothes@v1:test")
        settings = ExplainSettings(masks=given.masks, steps=given.steps)
        grids = list(drawn(pictures, given.count))
        singles = [(raw, name) for name, raws in pictures.items() for raw in raws[: given.singles]]
        if "pointing" in given.of:
            base_rates(package, grids)
            for method in given.methods:
                pointing(package, grids, method, settings)
        if "areas" in given.of:
            for method in (*given.methods, "random order"):
                areas(package, singles, method, settings)
        if "sanity" in given.of:
            for method in given.methods:
                sanity(package, [raw for raw, _ in singles[:: given.singles]], method, settings)


def drawn(pictures: dict[str, list[bytes]], count: int) -> Iterator[tuple[bytes, str, Boxes]]:
    """Grids of four classes, the one that is asked for, and where it is."""
    rng = np.random.default_rng(5)
    names = sorted(pictures)
    for _ in range(count):
        chosen = rng.choice(len(names), 4, replace=False)
        sheet = np.zeros((2 * SIDE, 2 * SIDE, 3), np.uint8)
        for place, at in enumerate(chosen):
            raws = pictures[names[at]]
            y, x = place // 2 * SIDE, place % 2 * SIDE
            sheet[y : y + SIDE, x : x + SIDE] = square(raws[rng.integers(len(raws))])
        place = int(rng.integers(4))
        y, x = place // 2 * SIDE, place % 2 * SIDE
        raw = cv2.imencode(".png", sheet)[1].tobytes()
        yield raw, names[chosen[place]], [(x, y, x + SIDE, y + SIDE)]


def square(raw: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    side = min(picture.shape[:2])
    y, x = ((size - side) // 2 for size in picture.shape[:2])
    return cv2.resize(
        picture[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )


def pointing(package: registry.Package, grids: Any, method: str, settings: ExplainSettings) -> None:
    started, hits, inside = time.perf_counter(), [], []
    for raw, label, boxes in grids:
        found = evaluate.look(Subject(package, raw, label=label), method, settings, Silent())
        hits.append(evaluate.points_at(found, boxes))
        heat = found.values - found.values.min()
        ((x1, y1, x2, y2),) = (tuple(map(int, box)) for box in boxes)
        inside.append(float(heat[y1:y2, x1:x2].sum() / max(heat.sum(), 1e-12)))
    spent = (time.perf_counter() - started) / len(grids)
    told(row="pointing, grids", method=method, n=len(grids), **share(hits),
         heat_inside=round(float(np.mean(inside)), 3), seconds=round(spent, 2))  # fmt: skip


def base_rates(package: registry.Package, grids: Any) -> None:
    known = [Subject(package, raw, label=label).target.score for raw, label, _ in grids]
    told(row="pointing, grids", method="a point at random", n=len(grids), share=0.25,
         median_score=round(float(np.median(known)), 3))  # fmt: skip


def areas(package: registry.Package, singles: Any, method: str, settings: ExplainSettings) -> None:
    rng, gone, back = np.random.default_rng(1), [], []
    for raw, label in singles:
        subject = Subject(package, raw, label=label)
        if method == "random order":
            heat = rng.random(subject.prepared.shape[1:]).astype(np.float32)
        else:
            heat = evaluate.input_heat(subject, evaluate.look(subject, method, settings, Silent()))
        gone.append(evaluate.deletion(subject, heat))
        back.append(evaluate.insertion(subject, heat))
    told(row="areas", method=method, n=len(gone), deletion=mean(gone), insertion=mean(back))


def mean(values: list[float]) -> dict[str, float]:
    half = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    middle = float(np.mean(values))
    return {
        "mean": round(middle, 3),
        "low": round(middle - half, 3),
        "high": round(middle + half, 3),
    }


def sanity(
    package: registry.Package, raws: list[bytes], method: str, settings: ExplainSettings
) -> None:
    """How alike the maps are when the head's, and when all weights are scrambled; and with another seed."""
    label = {name: [] for name in ("head", "all", "seed")}
    for raw in raws:
        subject = Subject(package, raw)
        first = evaluate.look(subject, method, settings, Silent())
        for what, other in (("head", evaluate.scrambled(package, 1, "head.weight")),
                            ("all", evaluate.scrambled(package, 1))):  # fmt: skip
            changed = Subject(other, raw, label=subject.target.label)
            label[what].append(alike(first, evaluate.look(changed, method, settings, Silent())))
        again = ExplainSettings(settings.masks, settings.steps, settings.seconds, 7)
        label["seed"].append(alike(first, evaluate.look(subject, method, again, Silent())))
    told(row="sanity", method=method, n=len(raws),
         **{what: round(float(np.mean(values)), 3) for what, values in label.items()})  # fmt: skip


def alike(a: evaluate.Saliency, b: evaluate.Saliency) -> float:
    small = [cv2.resize(each.values, (56, 56)).reshape(-1) for each in (a, b)]
    found = float(spearmanr(*small).statistic) if np.ptp(small[1]) else 0.0
    return found if np.isfinite(found) else 0.0


# --- detectors -------------------------------------------------------------------------------------


def street(_: Path, given: argparse.Namespace) -> None:
    """FastestDet, that somebody else trained, on the COCO pictures."""
    names = tuple((SHARED / "models" / "coco.names").read_text().split("\n")[:80])
    contract = Contract(
        classes=names,
        input_name="input.1",
        decoder=Decoder(colour="bgr"),
        resize=Resize(mode="squash", size_px=352, crop_px=None, kernel="area"),
        normalise=Normalise(mean=(0.0,) * 3, std=(255.0,) * 3),
        decode=Decode(
            task="detect", layout="fastestdet", boxes="758", nms_iou=0.45, score_threshold=0.5
        ),
    )
    package = registry.Package((SHARED / "models" / "FastestDet.onnx").read_bytes(), contract)
    pictures = []
    for file in sorted((SHARED / "coco" / "images").glob("*.jpg")):
        raw = file.read_bytes()
        high, wide = cv2.imdecode(np.frombuffer(raw, np.uint8), 1).shape[:2]
        truth = []
        for line in (SHARED / "coco" / "labels-det" / f"{file.stem}.txt").read_text().splitlines():
            kind, x, y, w, h = map(float, line.split()[:5])
            truth.append((names[int(kind)], ((x - w / 2) * wide, (y - h / 2) * high,
                                             (x + w / 2) * wide, (y + h / 2) * high)))  # fmt: skip
        pictures.append((raw, truth))
    boxes_pointed(package, pictures, given, ("rise", "occlusion"))


def cells(root: Path, given: argparse.Namespace) -> None:
    """The recipe `detect`, learnt on BCCD for some epochs."""
    with opened(root) as here:
        here.call(app.add, app.Add(paths=(str(SHARED / "bccd"),), to="cells", add_classes=True))
        here.call(app.commit, app.Commit(dataset="cells", message="in"))
        params = {"epochs": str(given.epochs), "pixels": "49152"}
        here.call(app.train, app.Train(ref="cells@v1", recipe="detect", model="cell", set=params))
        package = package_of(here, "cell@v1")
        pictures = []
        for sample in list(data.open(here.ports.data, Ref.parse("cells@v1:test")).samples())[
            : given.count
        ]:
            truth = [(each.label, geometry_xyxy(each)) for each in sample.annotations]
            pictures.append((here.ports.blobs.get(sample.image), truth))
        boxes_pointed(
            package, pictures, given, ("rise", "integrated-gradients", "smoothgrad", "occlusion")
        )


def boxes_pointed(
    package: registry.Package, pictures: Any, given: argparse.Namespace, methods: tuple[str, ...]
) -> None:
    """Up to three boxes a picture that are right (IoU ≥ 0.5): does the map of each point into its truth?"""
    settings = ExplainSettings(masks=given.masks, steps=given.steps)
    asked, middle, chance = [], [], []
    for raw, truth in pictures:
        for which in range(3):
            try:
                subject = Subject(package, raw, which=which)
            except evaluate.NothingToExplain:
                break
            said = subject.target.said
            same = [box for label, box in truth if label == said.label]
            overlap = iou_matrix(
                np.array([said.xyxy], np.float32), np.array(same, np.float32).reshape(-1, 4)
            )
            if not overlap.size or overlap.max() < 0.5:
                continue
            box = same[int(overlap.argmax())]
            high, wide = subject.pixels.shape[:2]
            asked.append((subject, box))
            middle.append(box[0] <= wide / 2 < box[2] and box[1] <= high / 2 < box[3])
            chance.append((box[2] - box[0]) * (box[3] - box[1]) / (wide * high))
    for method in [each for each in methods if each in given.methods]:
        started = time.perf_counter()
        found = [evaluate.look(subject, method, settings, Silent()) for subject, _ in asked]
        hits = [evaluate.points_at(one, [box]) for one, (_, box) in zip(found, asked, strict=True)]
        spent = (time.perf_counter() - started) / max(1, len(asked))
        told(
            row="pointing, boxes",
            method=method,
            n=len(hits),
            **share(hits),
            seconds=round(spent, 2),
        )
    told(row="pointing, boxes", method="the middle", n=len(middle), **share(middle))
    told(
        row="pointing, boxes",
        method="a point at random",
        n=len(chance),
        share=round(float(np.mean(chance)), 3),
    )


def share_of(chance: list[float]) -> float:
    return round(float(np.mean(chance)), 3)


# --- the workspace -----------------------------------------------------------------------------------


def opened(root: Path) -> Any:
    app.create(root / "ws")
    return sdk.local(root / "ws")


def package_of(here: Any, ref: str) -> registry.Package:
    scope = app.scope_for(None, here.ports)
    return registry.load(
        here.ports.registry, registry.resolve(here.ports.registry, scope, Ref.parse(ref))
    )


def by_class(here: Any, ref: str) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for sample in data.open(here.ports.data, Ref.parse(ref)).samples():
        found.setdefault(sample.annotations[0].label, []).append(here.ports.blobs.get(sample.image))
    return found


WHAT = {"clothing": clothing, "street": street, "cells": cells}

if __name__ == "__main__":
    main()
