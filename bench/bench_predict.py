"""Batch prediction beside the bare loop: decode, network, on every processor; pictures of a data set.

    make bench BENCH=predict

Row G4: EfficientNet-Lite0 (1,000 classes) over photographs, answers as JSON lines. The limit is our
decoder and ONNX Runtime in as many threads, which write nothing; CPU seconds stand beside the times,
since on a shared machine only they are the same tomorrow.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import figures

from visloop import app, infer, registry
from visloop.faces import sdk
from visloop.vision import Contract

SHARED = Path(os.environ.get("VISLOOP_TEST_DATA", "../shared/data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    files = sorted((SHARED / "clothing").rglob("*.jpg"))
    network, contract = infer.imagenet_classifier()
    row = figures.Row("G4", "predict a folder of photographs", len(files), bar="ratio ≤ 1.1")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        app.create(root)
        with sdk.local(root) as here:
            package = registry.Package(onnx=network, contract=contract)
            registry.register(here.ports.registry, here.scope, "lite0", package, run="run-bench")
            for turn in range(rounds):
                out = root / f"answers-{turn}.jsonl"
                ask = app.Predict(
                    model="lite0@v1", sources=(str(SHARED / "clothing"),), out=str(out)
                )
                seconds, cpu = figures.spent(lambda: bare(network, contract, files))
                row.limit.append(seconds)
                row.limit_cpu.append(cpu)
                figures.add_cpu(row, [figures.spent(lambda ask=ask: here.call(app.predict, ask))])
    told = row.figures()
    rates = {"per_s": len(files) / min(row.ours), "limit_per_s": len(files) / min(row.limit)}
    figures.keep({**told, **{name: round(rate, 1) for name, rate in rates.items()}})


def bare(network: bytes, contract: Contract, files: list[Path]) -> None:
    predictor = infer.Predictor.load(network, contract)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda file: answered(predictor, file), files))


def answered(predictor: infer.Predictor, file: Path) -> None:
    predictor.run(predictor.prepare(file.read_bytes())[None])


if __name__ == "__main__":
    main()
