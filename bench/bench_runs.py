"""P4: 10,000 runs listed, filtered, sorted. P5: metrics logged through HTTP, by the thousand.

    python bench/bench_runs.py [--count 10000] [--turns 3] [--without-mlflow]

P4 is asked in process, warm, and in MLflow's protocol over loopback. P5 is MLflow's protocol from one
client with one connection: single numbers, and batches of 1,000, to `visloop api` itself and through
`visloop up`. Beside both, in turns, MLflow's own server on SQLite (VISLOOP_PEERS names its Python, else
`make peers` made it), whose 10,000 runs are written into its data base.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import figures
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from sqlalchemy import insert, select
from tests.journey import worlds
from tests.peers import mlflow_world

from visloop import app, train
from visloop.events import Scope
from visloop.faces import sdk
from visloop.train import tables

ASKED = (
    ("list", app.RunsList()),
    ("filter", app.RunsList(where="metrics.accuracy > 0.9 and params.lr < 0.3")),
    ("sort", app.RunsList(sort="-metrics.accuracy")),
)


QUESTION = {
    "experiment_ids": ["0"],
    "filter": "metrics.accuracy > 0.9 and params.net = 'small'",
    "order_by": ["metrics.accuracy DESC"],
    "max_results": 50,
}
SINGLE, PEER_SINGLE, BATCHES, BATCH = 300, 20, 20, 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--without-mlflow", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "ws"
        app.create(root)
        rows = listed(root, given.count)
        token = {"Authorization": f"Bearer {app.token_of(root)}"}
        sides = {"api": Side(stack.enter_context(serving(root, "api")), token)}
        sides["up"] = Side(stack.enter_context(serving(root, "up")), token)
        python = None if given.without_mlflow else mlflow_python()
        if python is not None:
            place = Path(folder) / "mlflow"
            place.mkdir()
            with mlflow_world.real_server(python, place):
                pass  # makes its tables
            fill_mlflow(place / "runs.db", given.count)
            url = stack.enter_context(mlflow_world.real_server(python, place))
            sides["mlflow"] = Side(url, {})
        rows += [asked(sides, given.count, given.turns), *logged(sides, given.turns)]
        figures.publish(rows)


def mlflow_python() -> Path | None:
    here = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
    python = Path(os.environ.get("VISLOOP_PEERS", here))
    if not python.exists():
        print("skipped: MLflow is not here: make peers", file=sys.stderr)
        return None
    return python


@contextmanager
def serving(root: Path, verb: str) -> Iterator[str]:
    port = worlds.free_port()
    process = worlds.start(root, verb, "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        worlds.wait_for(f"{url}/", process)
        yield url
    finally:
        worlds.stop(process)


class Side:
    """A server, and one connection to it."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        host = url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(host, timeout=120)
        self._headers = {"Content-Type": "application/json", **headers}
        self.run = self.post("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        self.step = 0

    def post(self, path: str, said: object) -> dict[str, Any]:
        body = msgspec.json.encode(said)
        self._connection.request("POST", f"/api/2.0/mlflow/{path}", body, self._headers)
        reply = self._connection.getresponse()
        raw = reply.read()
        assert reply.status == 200, raw
        return msgspec.json.decode(raw) if raw.strip() else {}

    def ask(self) -> None:
        self._connection.close()  # servers close those that were idle
        self.post("runs/search", QUESTION)

    def log(self, calls: int, at_once: int) -> None:
        self._connection.close()
        for _ in range(calls):
            said = [
                {"key": "loss", "value": 0.5, "timestamp": 1, "step": self.step + n}
                for n in range(at_once)
            ]
            self.step += at_once
            if at_once == 1:
                self.post("runs/log-metric", {"run_id": self.run, **said[0]})
            else:
                self.post("runs/log-batch", {"run_id": self.run, "metrics": said})


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


def fill_mlflow(file: Path, count: int) -> None:
    """The same runs in the tables of MLflow's store."""
    with sqlite3.connect(file) as store:
        known = [each[1] for each in store.execute("pragma table_info(runs)")]
        for n in range(count):
            run = f"{n:032x}"
            said = {
                "run_uuid": run,
                "name": run,
                "source_type": "LOCAL",
                "source_name": "",
                "entry_point_name": "",
                "user_id": "me",
                "status": "FINISHED",
                "start_time": n,
                "end_time": n,
                "source_version": "",
                "lifecycle_stage": "active",
                "artifact_uri": f"mlflow-artifacts:/0/{run}/artifacts",
                "experiment_id": 0,
            }
            said = {key: value for key, value in said.items() if key in known}
            marks = ",".join("?" * len(said))
            store.execute(f"insert into runs ({','.join(said)}) values ({marks})", [*said.values()])
            params = (("lr", str(n % 100 / 100)), ("net", "small"), ("seed", str(n)))
            store.executemany(
                "insert into params (key, value, run_uuid) values (?, ?, ?)",
                [(key, value, run) for key, value in params],
            )
            metrics = (("accuracy", (n * 7919 % 1000) / 1000), ("loss", 1.0), ("f1", 0.5))
            store.executemany(
                "insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
                " values (?, ?, 0, 0, 0, ?)",
                [(key, value, run) for key, value in metrics],
            )


def asked(sides: Mapping[str, Side], count: int, turns: int) -> figures.Row:
    row = figures.Row("P4", "runs: filter and sort, over HTTP", count, bar="≤ 300 ms")
    for _ in range(turns + 1):
        row.ours.append(figures.timed(sides["api"].ask))
        if "mlflow" in sides:
            row.peer = "MLflow 3.17, SQLite"
            row.peers.append(figures.timed(sides["mlflow"].ask))
    return row


def logged(sides: Mapping[str, Side], turns: int) -> list[figures.Row]:
    rows: list[figures.Row] = []
    for work, at_once, bar in (("single", 1, "≥ 500/s"), ("batches of 1,000", BATCH, "≥ 50,000/s")):
        spent: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(turns):
            for name, side in sides.items():
                calls = SINGLE if name != "mlflow" else PEER_SINGLE
                calls = calls if at_once == 1 else BATCHES if name != "mlflow" else 2
                took = figures.timed(partial(side.log, calls, at_once))
                spent[name].append(took / (calls * at_once) * 1_000)
        for name in ("api", "up"):
            rate = round(1_000 / min(spent[name]))
            told = f"1,000 metrics through HTTP, {work}, visloop {name}: {rate:,}/s"
            row = figures.Row("P5", told, 1_000, ours=spent[name], bar=bar)
            if "mlflow" in sides:
                row.peer, row.peers = "MLflow 3.17, SQLite", spent["mlflow"]
            rows.append(row)
    return rows


if __name__ == "__main__":
    main()
