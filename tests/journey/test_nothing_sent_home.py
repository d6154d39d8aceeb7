"""A process that predicts leaves nothing for others behind: no telemetry is filed, no thread sends any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PREDICT = """
import os
import numpy as np
from visloop import infer
network = infer.backbone()
predictor = infer.Predictor.load(network.onnx, network.contract, threads=1)
picture = np.zeros((32, 32, 3), np.uint8)
predictor.predict(picture)
print(len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1)
"""


def test_the_runtime_of_models_files_no_events(tmp_path: Path) -> None:
    variables = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    variables |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    done = subprocess.run(
        [sys.executable, "-c", _PREDICT], env=variables, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == 1, "a thread beside the one that works"
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
