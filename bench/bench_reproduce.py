"""R: a model of every recipe made again, in a fresh process and in a fresh environment, through the product.

    python bench/bench_reproduce.py                          # all; pip installs torch: a GB, minutes
    python bench/bench_reproduce.py --recipes classify-linear

Small trainings of the virtual factory line. Prints a JSON line for each recipe: whether the bytes are
equal, the seconds of processor time (with children) that each way took, and the packages that differ.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from visloop import app, demo
from visloop.faces import sdk

RECIPES: dict[str, tuple[str, dict[str, str]]] = {
    "classify-linear": ("kinds", {}),
    "classify-finetune": ("kinds", {"epochs": "1"}),
    "detect": ("boxes", {"epochs": "3", "pixels": "12288"}),
    "segment": ("boxes", {"epochs": "3", "pixels": "12288"}),
    "regress": ("counts", {"epochs": "3", "pixels": "12288"}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", default=",".join(RECIPES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "ws"
        bring(root, Path(folder))
        for recipe in given.recipes.split(","):
            name, params = RECIPES[recipe]
            with sdk.local(root) as here:
                ask = app.Train(ref=f"{name}@v1", recipe=recipe, model=recipe, set=params)
                model = here.call(app.train, ask).model
            row: dict[str, Any] = {"row": "R", "what": "reproduce", "recipe": recipe}
            for way in ("here", "fresh"):
                told, cpu_s, wall_s = again(root, model, way)
                row[way] = "equal bytes" if told["equal"] else f"{told['changed']} tensors differ"
                row |= {f"{way}_cpu_s": round(cpu_s, 1), f"{way}_wall_s": round(wall_s, 1)}
                row[f"{way}_differs"] = [each["what"] for each in told["differs"]]
            print(json.dumps(row), flush=True)
        for built in (root / ".visloop" / "cache" / "environments").iterdir():
            held = sum(each.stat().st_size for each in built.rglob("*") if each.is_file())
            print(json.dumps({"environment_mb": round(held / 1e6)}))


def bring(root: Path, folder: Path) -> None:
    """boxes: 24 pictures of several parts; kinds: 60 of one; counts: how many parts there are."""
    app.create(root)
    many = demo.Line(seed=1, mode="many", size_px=(160, 120))
    demo.write_images(many, folder / "boxes", 24, layout="coco")
    demo.write_images(demo.Line(seed=2, size_px=(160, 120)), folder / "kinds", 60)
    drawn = demo.write_images(many, folder / "counts", 24, layout="flat")
    drawn.truth.unlink()
    files = [row.file for row in drawn.rows]
    rows = [f"{file},{files.count(file)},parts" for file in sorted(set(files))]
    (folder / "counts" / "counts.csv").write_text("\n".join(["image,value,unit", *rows, ""]))
    with sdk.local(root) as here:
        for name in ("boxes", "kinds", "counts"):
            here.call(app.add, app.Add(paths=(str(folder / name),), to=name))
            here.call(app.commit, app.Commit(dataset=name, message="drawn"))


def again(root: Path, model: str, way: str) -> tuple[dict[str, Any], float, float]:
    """What `reproduce` says in a process of its own; processor seconds, seconds."""
    command = [sys.executable, "-m", "visloop", "reproduce", model, "--environment", way, "--json"]
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, "--workspace", str(root)], stdout=subprocess.PIPE, text=True, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    assert "equal" in told, told
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return told, spent, time.perf_counter() - started


if __name__ == "__main__":
    main()
