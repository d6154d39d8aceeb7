"""P4: 10,000 runs listed, filtered, sorted. P5: metrics logged per second through HTTP.

    python bench/bench_runs.py [--count 10000] [--seconds 5]

P4 is asked in process, warm. P5 talks to `visloop api` over loopback in MLflow's protocol, from
one client with one connection: single numbers, and batches of 1,000.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import figures
import httpx
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from sqlalchemy import insert, select
from tests.journey import worlds

from visloop import app, train
from visloop.events import Scope
from visloop.faces import sdk
from visloop.train import tables

ASKED = (
    ("list", app.RunsList()),
    ("filter", app.RunsList(where="metrics.accuracy > 0.9 and params.lr < 0.3")),
    ("sort", app.RunsList(sort="-metrics.accuracy")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "ws"
        app.create(root)
        figures.publish([*listed(root, given.count), *logged(root, given.seconds)])


def fill(here: sdk.Local, count: int) -> None:
    opening = train.Opening(params={"lr": "0.1"}, alive_s=None)
    run = train.start(here.ports.train, Scope(), opening)
    with here.ports.ledger.telemetry() as connection:
        row = connection.execute(select(tables.runs).where(tables.runs.c.id == run.id)).one()
        like = {key: value for key, value in row._asdict().items() if key != "seq"}
        rows = [
            {
                **like,
                "id": f"run-{n:016x}",
                "status": "done",
                "params": {"lr": str(n % 100 / 100), "net": "small", "seed": str(n)},
                "metrics": {"accuracy": (n * 7919 % 1000) / 1000, "loss": 1.0, "f1": 0.5},
            }
            for n in range(count)
        ]
        connection.execute(insert(tables.runs), rows)


def listed(root: Path, count: int) -> list[figures.Row]:
    rows: list[figures.Row] = []
    with sdk.local(root) as here:
        fill(here, count)
        for name, ask in ASKED:
            row = figures.Row("P4", f"runs: {name}", count, bar="≤ 300 ms")
            for _ in range(5):
                started = time.perf_counter()
                here.call(app.runs_list, ask)
                row.ours.append(time.perf_counter() - started)
            rows.append(row)
    return rows


def logged(root: Path, seconds: float) -> list[figures.Row]:
    token = app.token_of(root)
    made: list[figures.Row] = []
    with (
        worlds.api(root) as url,
        httpx.Client(
            base_url=url + "/api/2.0/mlflow/", headers={"Authorization": f"Bearer {token}"}
        ) as client,
    ):
        run = client.post("runs/create", json={}).json()["run"]["info"]["run_id"]
        for work, at_once, bar in (("single", 1, "≥ 500/s"), ("batched", 1_000, "≥ 50,000/s")):
            done, started = 0, time.perf_counter()
            while time.perf_counter() - started < seconds:
                said = [
                    {"key": "loss", "value": 0.5, "timestamp": 1, "step": done + n}
                    for n in range(at_once)
                ]
                path, body = (
                    ("runs/log-metric", {"run_id": run, **said[0]})
                    if at_once == 1
                    else ("runs/log-batch", {"run_id": run, "metrics": said})
                )
                client.post(path, content=msgspec.json.encode(body)).raise_for_status()
                done += at_once
            spent = time.perf_counter() - started
            rate = round(done / spent)
            told = f"metrics through HTTP, {work}: {rate}/s"
            made.append(figures.Row("P5", told, done, ours=[spent], bar=bar))
    return made


if __name__ == "__main__":
    main()
