"""What hurting pictures costs beside asking a model about them: the assessment `corruption`, one thread.

    python bench/bench_corruption.py [--pictures 8] [--rounds 3]

*corrupt*: pictures × corruptions, every one at every severity, at the size of the backbone's input.
*whole*: the same with the backbone's answers. *limit*: its answers alone, to as many pictures that
nobody hurt. CPU seconds stand beside wall seconds; `share` is what of the whole is corruption.
"""

from __future__ import annotations

import argparse

import figures
import numpy as np
import pictures

from visloop import infer
from visloop.vision import CORRUPTIONS, SEVERITIES, corrupt

CELLS = [(name, severity) for name in CORRUPTIONS for severity in SEVERITIES]
BATCH = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    figures.publish([run(asked.pictures, asked.rounds)])


def run(count: int, rounds: int) -> figures.Row:
    network = infer.imagenet_classifier()
    contract = network.contract
    predictor = infer.Predictor.load(network.onnx, contract)
    sheets = np.random.default_rng(0).integers(0, 255, (count, 24, 32, 3), np.uint8)
    raws = [pictures.photo(infer.resized(sheet, contract.resize), 0) for sheet in sheets]
    views = [infer.sized(raw, contract).pixels for raw in raws]
    n = count * len(CELLS)

    def hurt() -> list[np.ndarray]:
        return [
            corrupt(view, name, severity, seed)
            for name, severity in CELLS
            for seed, view in enumerate(views)
        ]

    def ask(shown: list[np.ndarray]) -> None:
        for at in range(0, len(shown), BATCH):
            ready = [infer.normalised(view, contract) for view in shown[at : at + BATCH]]
            predictor.run(np.stack(ready))

    row = figures.Row("E3", "corruptions of 224-px pictures, EfficientNet-Lite0", n)
    row.peer = "corrupt alone"
    hurt()
    for _ in range(rounds):
        alone, plain = figures.spent(hurt), figures.spent(lambda: ask(views * len(CELLS)))
        figures.add_cpu(row, [figures.spent(lambda: ask(hurt()))])
        row.peers.append(alone[0])
        row.peer_cpu.append(alone[1])
        row.limit.append(plain[0])
        row.limit_cpu.append(plain[1])
    return row


if __name__ == "__main__":
    main()
