"""R: what the recipes that train networks reach, through the product, on data with known truth.

    python bench/bench_recipes.py detect --seeds 0,1,2     # BCCD, its own splits
    python bench/bench_recipes.py parts                    # detect on the demo world's boxes
    python bench/bench_recipes.py segment                  # the demo world's masks
    python bench/bench_recipes.py clothing                 # classify-finetune beside classify-linear
    python bench/bench_recipes.py regress                  # red cells in BCCD's pictures, counted
    python bench/bench_recipes.py small                    # many small cells: with tiles and without
    python bench/bench_recipes.py kills --kills 20         # SIGKILL at random moments, equal bytes

Each prints JSON lines: figures on the test split, and the seconds of processor time that training
took (one thread). Boxes are judged by pycocotools, masks by intersection over union per class over all
pixels, classes by accuracy, numbers by their mean distance, beside always saying the mean. The interval
over pictures is that of `evaluate`; that over seeds is Student's.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import figures
import numpy as np

from visloop import app, data, demo, infer, registry
from visloop.faces import sdk
from visloop.ids import Ref
from visloop.vision import Annotation, Box, Mask, bitmap_of, geometry_xyxy

SHARED = Path(os.environ.get("VISLOOP_TEST_DATA", "../shared/data"))
Answers = list[tuple[data.Sample, tuple[Annotation, ...]]]


KILLED = ("detect", "segment", "regress", "classify-finetune", "classify-linear")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(WHAT))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--recipes", default=",".join(KILLED), help="to be killed")
    parser.add_argument("--keep", metavar="FOLDER", help="the workspace stays there, in ws")
    given = parser.parse_args()
    with contextlib.ExitStack() as until:
        root = given.keep or until.enter_context(tempfile.TemporaryDirectory())
        WHAT[given.what](Path(root), given)


def detect(root: Path, given: argparse.Namespace) -> None:
    """BCCD: 205 pictures to learn from, 87 to measure by, 72 to be judged by."""
    with opened(root) as here:
        bring(here, SHARED / "bccd", "cells")
        train_and_judge(here, "cells@v1", "detect", given, boxes_judged)


def parts(root: Path, given: argparse.Namespace) -> None:
    """The demo world's parts, two to six a picture: 200 pictures to learn from."""
    with opened(root) as here:
        draw(here, root)
        train_and_judge(here, "line@v1", "detect", given, boxes_judged)


def small(root: Path, given: argparse.Namespace) -> None:
    """Sheets of 3 × 3 of BCCD's pictures, 480 × 360 px, for an input of 192 × 144 px, or in tiles of it:
    the proportions of pictures of 960 × 720 px and the usual input, at a quarter of the cost.
    """
    draw_sheet = random.Random(3)
    with opened(root) as here:
        bring(here, SHARED / "bccd", "cells")
        for split, count in (("train", 60), ("test", 16)):
            samples = list(data.open(here.ports.data, Ref.parse(f"cells@v1:{split}")).samples())
            folder = root / split
            sheets(here, [draw_sheet.sample(samples, 9) for _ in range(count)], folder)
            here.call(
                app.add,
                app.Add(paths=(str(folder),), to="sheets", split=split, add_classes=True),
            )
        here.call(app.commit, app.Commit(dataset="sheets", message="laid out"))
        asked = given.set
        for how in (["pixels=27648", "tile=0"], ["pixels=172800", "tile=27648"]):
            given.set = [*asked, *how]
            train_and_judge(here, "sheets@v1", "detect", given, boxes_judged)


def sheets(here: Any, drawn: list[list[data.Sample]], folder: Path) -> None:
    """Pictures side by side, three in a row, with their boxes: a COCO folder."""
    (folder / "images").mkdir(parents=True)
    across, down = 160, 120
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    names = sorted({each.label for sheet in drawn for one in sheet for each in one.annotations})
    for number, sheet in enumerate(drawn, start=1):
        whole = np.zeros((3 * down, 3 * across, 3), np.uint8)
        for place, one in enumerate(sheet):
            x, y = place % 3 * across, place // 3 * down
            rgb = cv2.imdecode(np.frombuffer(here.ports.blobs.get(one.image), np.uint8), 1)
            whole[y : y + down, x : x + across] = cv2.resize(
                rgb, (across, down), interpolation=cv2.INTER_AREA
            )
            for each in one.annotations:
                x1, y1, x2, y2 = geometry_xyxy(each) or (0, 0, 0, 0)
                wide, high = across / one.width, down / one.height
                sides = [(x2 - x1) * wide, (y2 - y1) * high]
                boxes.append(
                    {"id": len(boxes) + 1, "image_id": number, "iscrowd": 0,
                     "category_id": names.index(each.label) + 1, "area": sides[0] * sides[1],
                     "bbox": [x + x1 * wide, y + y1 * high, *sides]}
                )  # fmt: skip
        name = f"sheet-{number}.png"
        cv2.imwrite(str(folder / "images" / name), whole)
        size = {"width": 3 * across, "height": 3 * down}
        images.append({"id": number, "file_name": name, **size})
    known = [{"id": i, "name": name} for i, name in enumerate(names, start=1)]
    told = {"images": images, "annotations": boxes, "categories": known}
    (folder / "annotations.json").write_text(json.dumps(told))


def segment(root: Path, given: argparse.Namespace) -> None:
    """The demo world's masks."""
    with opened(root) as here:
        draw(here, root)
        train_and_judge(here, "line@v1", "segment", given, masks_judged)


def clothing(root: Path, given: argparse.Namespace) -> None:
    """Ten classes of clothes, 60 pictures each."""
    with opened(root) as here:
        for split in ("train", "test"):
            here.call(
                app.add,
                app.Add(
                    paths=(str(SHARED / "clothing" / split),),
                    to="wear",
                    split=split,
                    add_classes=True,
                ),
            )
        here.call(app.commit, app.Commit(dataset="wear", message="as it came"))
        for recipe in ("classify-linear", "classify-finetune"):
            train_and_judge(here, "wear@v1", recipe, given, classes_judged)


def regress(root: Path, given: argparse.Namespace) -> None:
    """How many red cells BCCD's pictures show, by its own boxes and splits."""
    with opened(root) as here:
        bring(here, SHARED / "bccd", "cells")
        for split in ("train", "val", "test"):
            folder = root / split
            folder.mkdir()
            rows = ["image,value,unit"]
            for sample in data.open(here.ports.data, Ref.parse(f"cells@v1:{split}")).samples():
                name = Path(sample.path).name
                (folder / name).write_bytes(here.ports.blobs.get(sample.image))
                rows.append(f"{name},{sum(a.label == 'RBC' for a in sample.annotations)},cells")
            (folder / "counts.csv").write_text("\n".join([*rows, ""]))
            here.call(app.add, app.Add(paths=(str(folder),), to="counts", split=split))
        here.call(app.commit, app.Commit(dataset="counts", message="counted"))
        train_and_judge(here, "counts@v1", "regress", given, numbers_judged)


def kills(root: Path, given: argparse.Namespace) -> None:
    """SIGKILL at random moments of small trainings until so many have landed; then equal bytes."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.contract import torch_victim  # noqa: PLC0415 - needs the path
    from tests.unit.torch_parts import with_kinds_and_counts, world  # noqa: PLC0415

    first = root / "first"
    first.mkdir()
    workspace = world(first / "ws")
    with_kinds_and_counts(workspace, first)
    workspace.close()
    for recipe in given.recipes.split(","):
        draw_moment = random.Random(recipe)
        shutil.copytree(first, root / "calm")
        wanted, longest = torch_victim.timed(root / "calm" / "ws", recipe)
        landed, trainings, equal = 0, 0, 0
        while landed < given.kills:
            shutil.copytree(first, root / "struck")
            for _ in range(min(4, given.kills - landed)):
                moment = draw_moment.uniform(0, longest)
                landed += torch_victim.killed_within(root / "struck" / "ws", recipe, moment)
            trainings += 1
            equal += torch_victim.finished(root / "struck" / "ws", recipe) == wanted
            shutil.rmtree(root / "struck")
        shutil.rmtree(root / "calm")
        said(
            row="R", what="kill -9", recipe=recipe, kills=landed, trainings=trainings,
            equal_bytes=equal, within_s=round(longest, 1),
        )  # fmt: skip


def opened(root: Path) -> Any:
    app.create(root / "ws")
    return sdk.local(root / "ws")


def bring(here: Any, source: Path, name: str) -> None:
    here.call(app.add, app.Add(paths=(str(source),), to=name, add_classes=True))
    here.call(app.commit, app.Commit(dataset=name, message="as it came"))


def draw(here: Any, root: Path) -> None:
    line = demo.Line(seed=3, mode="many")
    for split, start, count in (("train", 0, 200), ("test", 5000, 100)):
        demo.write_images(line, root / split, count, start=start, layout="coco")
        here.call(
            app.add,
            app.Add(paths=(str(root / split),), to="line", split=split, add_classes=True),
        )
    here.call(app.commit, app.Commit(dataset="line", message="drawn"))


def train_and_judge(
    here: Any, ref: str, recipe: str, given: argparse.Namespace, judge: Any
) -> None:
    values = dict(each.split("=", 1) for each in given.set) if recipe != "classify-linear" else {}
    found: list[dict[str, float]] = []
    for seed in map(int, given.seeds.split(",")):
        name = "-".join([recipe, str(seed), *values.values()])
        started, wall = time.process_time(), time.perf_counter()
        done = here.call(
            app.train,
            app.Train(
                ref=ref,
                recipe=recipe,
                model=f"{recipe}-{seed}" + "-".join(["", *values.values()]),
                set=values,
                seed=seed,
            ),
        )
        spent, wall = time.process_time() - started, time.perf_counter() - wall
        found.append(judge(*answered(here, done.model, f"{ref}:test")))
        judged = here.call(app.evaluate, app.Evaluate(model=done.model, on=f"{ref}:test"))
        said(
            row="R", recipe=recipe, data=ref, set=values, seed=seed, train_cpu_s=round(spent),
            train_wall_s=round(wall), **found[-1],
            over_pictures={k: [round(x, 4) for x in v] for k, v in judged.intervals.items()},
            **{k: round(v, 4) for k, v in done.metrics.items() if not k.startswith("time.")},
        )  # fmt: skip
    for name in found[0]:
        each = np.array([one[name] for one in found])
        half = _T.get(len(each), 0.0) * each.std(ddof=1) / len(each) ** 0.5 if len(each) > 1 else 0
        said(
            row="R", recipe=recipe, data=ref, figure=name, mean=round(float(each.mean()), 4),
            interval=[round(float(each.mean() - half), 4), round(float(each.mean() + half), 4)],
            seeds=len(each),
        )  # fmt: skip


_T = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776}
"""Student's t, 95 %, two sides."""


def answered(here: Any, model: str, ref: str) -> tuple[Answers, tuple[str, ...]]:
    """Every test picture with what the model says of it."""
    ports = here.ports
    version = registry.resolve(ports.registry, here.scope, Ref.parse(model))
    package = registry.load(ports.registry, version)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    found: Answers = []
    for sample in data.open(ports.data, Ref.parse(ref)).samples():
        array, placement = predictor.place(ports.blobs.get(sample.image))
        outputs = predictor.run(array[None])
        low = 0.01 if package.contract.decode.task == "detect" else None
        found.append((sample, predictor.say(outputs, 0, placement, author="", threshold=low)))
    return found, package.contract.classes


def boxes_judged(answers: Answers, classes: tuple[str, ...]) -> dict[str, float]:
    """mAP at half overlap and over all overlaps, by pycocotools."""
    from pycocotools.coco import COCO  # noqa: PLC0415 - only here
    from pycocotools.cocoeval import COCOeval  # noqa: PLC0415

    place = {name: i + 1 for i, name in enumerate(classes)}
    truth: list[dict[str, Any]] = []
    said_: list[dict[str, Any]] = []
    for number, (sample, boxes) in enumerate(answers, start=1):
        for each in sample.annotations:
            if isinstance(each, Box):
                x1, y1, x2, y2 = geometry_xyxy(each) or (0, 0, 0, 0)
                w, h = x2 - x1, y2 - y1
                truth.append(
                    {"id": len(truth) + 1, "image_id": number, "category_id": place[each.label],
                     "bbox": [x1, y1, w, h], "area": w * h, "iscrowd": 0}
                )  # fmt: skip
        for each in boxes:
            assert isinstance(each, Box)
            x1, y1, x2, y2 = each.xyxy
            said_.append(
                {"image_id": number, "category_id": place[each.label], "score": each.score,
                 "bbox": [x1, y1, x2 - x1, y2 - y1]}
            )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = {
            "images": [
                {"id": i + 1, "width": s.width, "height": s.height}
                for i, (s, _) in enumerate(answers)
            ],
            "annotations": truth,
            "categories": [{"id": i, "name": name} for name, i in place.items()],
        }
        known.createIndex()
        judged = COCOeval(known, known.loadRes(said_), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return {"map50": round(float(judged.stats[1]), 4), "map": round(float(judged.stats[0]), 4)}


def masks_judged(answers: Answers, classes: tuple[str, ...]) -> dict[str, float]:
    """Mean over the classes of intersection over union, all pictures' pixels together."""
    both, either = np.zeros(len(classes)), np.zeros(len(classes))
    for sample, masks in answers:
        for place, name in enumerate(classes):
            a, b = (_pixels(each, name, sample) for each in (sample.annotations, masks))
            both[place] += (a & b).sum()
            either[place] += (a | b).sum()
    return {"mean_iou": round(float((both / np.maximum(1, either)).mean()), 4)}


def _pixels(annotations: Any, name: str, sample: data.Sample) -> np.ndarray:
    found = np.zeros((sample.height, sample.width), bool)
    for each in annotations:
        if isinstance(each, Mask) and each.label == name:
            found |= bitmap_of(each.counts, each.size_hw)
    return found


def classes_judged(answers: Answers, _: tuple[str, ...]) -> dict[str, float]:
    """The share of pictures whose likeliest class is theirs."""
    right = [said_[0].label == sample.annotations[0].label for sample, said_ in answers]
    return {"accuracy": round(float(np.mean(right)), 4), "n": float(len(right))}


def numbers_judged(answers: Answers, _: tuple[str, ...]) -> dict[str, float]:
    """Mean distance from the truth, and that of the number that is best without looking."""
    true = np.array([sample.annotations[0].value for sample, _ in answers])
    found = np.array([said_[0].value for _, said_ in answers])
    return {
        "mae": round(float(np.abs(found - true).mean()), 4),
        "mae_of_the_median": round(float(np.abs(true - np.median(true)).mean()), 4),
    }


def said(**row: Any) -> None:
    figures.keep(row)


WHAT = {
    "detect": detect,
    "parts": parts,
    "segment": segment,
    "small": small,
    "clothing": clothing,
    "regress": regress,
    "kills": kills,
}

if __name__ == "__main__":
    main()
