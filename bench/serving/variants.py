"""V9: a model in its other forms, each held against the original on real pictures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from visloop import app
from visloop.errors import MissingExtra
from visloop.faces import sdk

TARGETS = ("onnx-int8", "onnx-fp16", "openvino")
CLOTHING = Path(os.environ.get("VISLOOP_TEST_DATA", "../shared/data")) / "clothing"


def forms(work: Path) -> dict | None:
    """None: the pictures are not here."""
    if not CLOTHING.is_dir():
        print(f"skipped: V9 wants the pictures of {CLOTHING}", file=sys.stderr)
        return None
    root = work / "forms-ws"
    app.create(root)
    with sdk.local(root) as here:
        for name, folder in (("clothes", "train"), ("exam", "test")):
            here.call(app.add, app.Add(paths=(str(CLOTHING / folder),), to=name))
            here.call(app.commit, app.Commit(dataset=name, message="photographs"))
        ask = app.Train(ref="clothes@v1", model="wardrobe", threads=os.cpu_count() or 1)
        model = here.call(app.train, ask).model
        told = [form(here, model, target, work / f"form.{target}") for target in TARGETS]
    return {"row": "V9", "model": "classify-linear", "forms": [each for each in told if each]}


def form(here: sdk.Local, model: str, target: str, file: Path) -> dict | None:
    """One form: what it costs and brings, and whether the policy takes it."""
    ask = app.ModelExport(ref=model, file=str(file), target=target, on="exam@v1")
    try:
        made = here.call(app.model_export, ask).variant
    except MissingExtra as missing:
        print(f"skipped: {target}: {missing.what}", file=sys.stderr)
        return None
    report = made.report
    return {
        "target": target,
        "passed": made.passed,
        "pictures": report.n,
        "metric": report.metric,
        "before": round(report.before, 4),
        "after": round(report.after, 4),
        "gain": [round(each, 4) for each in (report.gain, report.low, report.high)],
        "same": report.same,
        "mb": [round(each / 1e6, 1) for each in (made.bytes_before, made.bytes_after)],
        "ms": [round(each, 2) for each in (report.ms_before, report.ms_after)],
    }
