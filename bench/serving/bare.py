"""The bound: decode, prepare, run in a loop, no server. `bare.py FOLDER`; seconds on stdin, a line a turn."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from visloop import infer
from visloop.vision import Contract


def main() -> None:
    folder = Path(sys.argv[1])
    contract = Contract.from_json((folder / "contract.json").read_bytes())
    predictor = infer.Predictor.load((folder / "model.onnx").read_bytes(), contract)
    image = (folder / "body.jpg").read_bytes()
    for _ in range(5):
        predictor.run(predictor.prepare(image)[None])
    print("ready", flush=True)
    for line in sys.stdin:
        count, started, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - started < float(line):
            predictor.run(predictor.prepare(image)[None])
            count += 1
        spent = time.perf_counter() - started
        told = {"rps": count / spent, "cpu_ms": (time.process_time() - cpu) / count * 1e3}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
