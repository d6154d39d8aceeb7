"""D1, D2: `add` and `status` of many small JPEGs against the barest code that does the same work.

    python bench/bench_add.py [--count 20000] [--rounds 3]

The limit of `add` reads, hashes (BLAKE3), appends to one file, fsyncs, and inserts into SQLite; that
of `status` scans, stats and compares with a dictionary. Both sides take turns; each figure is the
best of the rounds. One JSON line a row.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg
from blake3 import blake3

from visloop import app
from visloop.faces import sdk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2, metavar=("WORKSPACE", "PICTURES"))
    given = parser.parse_args()
    if given.child:
        child(*map(Path, given.child))
        return
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        draw(pictures, given.count)
        run(Path(folder), pictures, given.count, given.rounds)


def draw(folder: Path, count: int) -> None:
    """Small JPEGs of noise and slopes, 2 – 9 kB, a thousand to a folder."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0, 120, 96, dtype=np.float32)[None, :, None]
    for number in range(count):
        noise = rng.normal(80, rng.uniform(2, 40), (72, 96, 3)).astype(np.float32)
        picture = np.clip(noise + slope, 0, 255).astype(np.uint8)
        place = folder / f"class{number // 1000:02d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.jpg").write_bytes(simplejpeg.encode_jpeg(picture, quality=80))


def run(folder: Path, pictures: Path, count: int, rounds: int) -> None:
    ours, limit, memory = [], [], 0.0
    status, scan = [], []
    for turn in range(rounds):
        limit.append(timed(lambda turn=turn: bare_add(folder / f"bare{turn}", pictures)))
        told = ours_add(folder / f"ours{turn}", pictures)
        ours.append(told["add_s"])
        memory = max(memory, told["rss_mb"])
        status += told["status_s"]
        known = dict(walk(pictures))
        scan += [timed(lambda known=known: bare_status(pictures, known)) for _ in range(3)]
    print_row("D1", "add", count, min(ours), min(limit), memory)
    print_row("D2", "status, nothing changed", count, min(status), min(scan), memory)


def print_row(row: str, work: str, n: int, ours: float, limit: float, rss_mb: float) -> None:
    figures = {
        "row": row,
        "work": work,
        "n": n,
        "ours_s": round(ours, 3),
        "limit_s": round(limit, 3),
        "ratio_to_limit": round(ours / limit, 2),
        "rss_mb": round(rss_mb),
    }
    print(json.dumps(figures), flush=True)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ours_add(root: Path, pictures: Path) -> dict:
    """In a process of its own, so that its memory is its own."""
    app.create(root)
    command = [sys.executable, __file__, "--child", str(root), str(pictures)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def child(root: Path, pictures: Path) -> None:
    with sdk.local(root) as here:
        ask = app.Add(paths=(str(pictures),), to="many")
        add_s = timed(lambda: here.call(app.add, ask))
        status_s = [timed(lambda: here.call(app.status, app.Status())) for _ in range(3)]
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"add_s": add_s, "status_s": status_s, "rss_mb": rss_mb}))


def bare_add(place: Path, pictures: Path) -> None:
    place.mkdir()
    rows = []
    with (place / "pack").open("wb") as pack:
        for path, stat in walk(pictures):
            with open(path, "rb") as file:
                raw = file.read()
            rows.append((blake3(raw).digest(), path, pack.tell(), len(raw), stat[1]))
            pack.write(raw)
        pack.flush()
        os.fsync(pack.fileno())
    with sqlite3.connect(place / "index.db") as index:
        index.execute("PRAGMA journal_mode=WAL")
        index.execute("CREATE TABLE f (digest BLOB, path TEXT, offset INT, length INT, mtime INT)")
        index.executemany("INSERT INTO f VALUES (?, ?, ?, ?, ?)", rows)


def bare_status(pictures: Path, known: dict[str, tuple[int, int]]) -> int:
    return sum(known.get(path) != stat for path, stat in walk(pictures))


def walk(folder: Path) -> list[tuple[str, tuple[int, int]]]:
    found, pending = [], [str(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    stat = entry.stat(follow_symlinks=False)
                    found.append((entry.path, (stat.st_size, stat.st_mtime_ns)))
    return found


if __name__ == "__main__":
    main()
