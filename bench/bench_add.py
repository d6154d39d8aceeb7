"""D1, D2, D3: adding many small JPEGs, looking whether they changed, adding one that did.

    python bench/bench_add.py [--count 20000 100000] [--rounds 3] [--no-peer] [--pictures FOLDER]

Ours, DVC and the limit work on the same files in turns. The limits are the barest code for the same
work: read, hash (BLAKE3), append to one file, fsync, insert into SQLite; scan, stat and compare with
a dictionary that is in memory already; the first for one file.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import figures
import peers
import pictures
from blake3 import blake3

from visloop import app
from visloop.faces import sdk

ONE, WHOLE = 5, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, nargs="+", default=figures.SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--pictures", type=Path, help="draw them there and keep them")
    parser.add_argument("--child", nargs=3, metavar=("WORKSPACE", "PICTURES", "COUNT"))
    given = parser.parse_args()
    if given.child:
        child(Path(given.child[0]), Path(given.child[1]), int(given.child[2]))
        return
    dvc = None if given.no_peer else peers.peer("dvc", peers.DVC)
    for n in given.count:
        with tempfile.TemporaryDirectory(dir=given.pictures) as folder, figures.byte_code():
            here = Path(folder)
            drawn = pictures.draw((given.pictures or here) / f"pictures{n}", n)
            figures.publish(run(here, drawn, n, given.rounds, dvc))


def run(folder: Path, drawn: Path, n: int, rounds: int, dvc: Path | None) -> list[figures.Row]:
    d1 = figures.Row("D1", "add", n, bar="ratio ≤ 2, ≥ 5 × DVC, ≤ 200 MB")
    d2 = figures.Row("D2", "status, nothing changed", n, bar="ratio ≤ 1.3")
    asked = figures.Row("D2", "status as a command", n)
    d3 = figures.Row("D3", "one changed file, path given: add + commit", n, bar="≤ 0.05 s")
    shell = figures.Row("D3", "the same as two commands", n)
    one = figures.Row("D3", "the first of the two commands: add", n, bar="≤ 0.3 s")
    whole = figures.Row("D3", "one changed file, whole folder scanned", n, bar="≤ 0.9 s at 100k")
    for turn in range(rounds):
        limit, cpu = figures.spent(lambda turn=turn: bare_add(folder / f"bare{turn}", drawn))
        d1.limit.append(limit)
        d1.limit_cpu.append(cpu)
        root = folder / f"ours{turn}"
        told = figures.alone(__file__, "--child", str(root), str(drawn), str(n))
        d1.ours.append(told["add_s"])
        d1.cpu.append(told["add_cpu_s"])
        d1.rss_mb = max(d1.rss_mb, told["rss_mb"])
        for row, turns in ((d2, "status_s"), (d3, "one_s"), (whole, "whole_s")):
            figures.add_cpu(row, told[turns])
            row.rss_mb = max(row.rss_mb, told["one_rss_mb"])
        by_command(root, drawn, n, (asked, one, shell))
        known = dict(walk(drawn))
        bare = [figures.spent(lambda k=known: bare_status(drawn, k)) for _ in range(3)]
        d2.limit += [seconds for seconds, _ in bare]
        d2.limit_cpu += [cpu for _, cpu in bare]
        d3.limit += [figures.timed(lambda: bare_one(folder, drawn, n)) for _ in range(3)]
        bare = [
            figures.spent(lambda k=known: (bare_status(drawn, k), bare_one(folder, drawn, n)))
            for _ in range(2)
        ]
        whole.limit += [seconds for seconds, _ in bare]
        whole.limit_cpu += [cpu for _, cpu in bare]
        shutil.rmtree(folder / f"bare{turn}")
        if turn == 0 and dvc is not None:
            beside(dvc, folder / "dvc", drawn, n, (d1, d2, asked, whole))
        shutil.rmtree(root)
    return [d1, d2, asked, d3, one, shell, whole]


# --- ours ---------------------------------------------------------------------------------------------


def child(root: Path, drawn: Path, n: int) -> None:
    """In a process of its own, so that its memory is its own."""
    told: dict[str, Any] = {"one_s": [], "whole_s": []}
    app.create(root)
    with sdk.local(root) as here:

        def add(path: Path) -> None:
            here.call(app.add, app.Add(paths=(str(path),), to="many"))

        def commit() -> None:
            here.call(app.commit, app.Commit(dataset="many", message="bench"))

        began = figures.cpu_with_children()
        told["add_s"], told["rss_mb"] = figures.timed_with_helpers(lambda: add(drawn))
        told["add_cpu_s"] = figures.cpu_with_children() - began
        commit()
        status = app.Status()
        told["status_s"] = [figures.spent(lambda: here.call(app.status, status)) for _ in range(3)]
        for turn in range(ONE + WHOLE):
            changed = pictures.change(drawn, n, turn)
            place = changed if turn < ONE else drawn
            took = figures.spent(lambda place=place: (add(place), commit()))
            told["one_s" if turn < ONE else "whole_s"].append(took)
    told["one_s"] = told["one_s"][1:]  # the first pays for what every later one finds ready
    told["one_rss_mb"] = figures.peak_mb()
    print(json.dumps(told))


def by_command(
    root: Path, drawn: Path, n: int, rows: tuple[figures.Row, figures.Row, figures.Row]
) -> None:
    """Seconds and memory of `status`, of `add`, and of `add` and `commit` together, several times."""
    line = [sys.executable, "-m", "visloop"]
    asked, one, both = rows
    for turn in range(5):
        status = figures.command([*line, "status", "--json"], root)
        changed = pictures.change(drawn, n, 100 + turn)
        add = figures.command([*line, "add", str(changed), "--to", "many", "--json"], root)
        commit = figures.command([*line, "commit", "many", "-m", "bench", "--json"], root)
        asked.ours.append(status[0])
        one.ours.append(add[0])
        both.ours.append(add[0] + commit[0])
        asked.rss_mb = max(asked.rss_mb, status[1])
        one.rss_mb = max(one.rss_mb, add[1])
        both.rss_mb = max(both.rss_mb, add[1], commit[1])


# --- the limits ---------------------------------------------------------------------------------------


def bare_add(place: Path, drawn: Path) -> None:
    place.mkdir()
    rows = []
    with (place / "pack").open("wb") as pack:
        for path, stat in walk(drawn):
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


def bare_status(drawn: Path, known: dict[str, tuple[int, int]]) -> int:
    return sum(known.get(path) != stat for path, stat in walk(drawn))


def bare_one(folder: Path, drawn: Path, n: int) -> None:
    raw = pictures.place_of(drawn, n // 2).read_bytes()
    with (folder / "one").open("ab") as pack:
        pack.write(blake3(raw).digest() + raw)
        pack.flush()
        os.fsync(pack.fileno())


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


# --- DVC ----------------------------------------------------------------------------------------------


def beside(dvc: Path, place: Path, drawn: Path, n: int, rows: tuple[figures.Row, ...]) -> None:
    """The same by DVC's own commands, once."""
    d1, d2, asked, whole = rows
    with peers.dvc_of(dvc, place, drawn) as (call, copied):

        def spent(row: figures.Row, *arguments: str) -> None:
            began = figures.cpu_with_children()
            seconds, row.peer_rss_mb = call(*arguments)
            row.peer, row.peers = peers.DVC, [seconds]
            row.peer_cpu = [figures.cpu_with_children() - began]

        spent(d1, "add", "--quiet", "pictures")
        spent(asked, "status", "--quiet")
        d2.peer, d2.peers, d2.peer_rss_mb = asked.peer, asked.peers, asked.peer_rss_mb
        d2.peer_cpu = asked.peer_cpu
        pictures.change(copied, n, 1000)
        spent(whole, "add", "--quiet", "pictures")


if __name__ == "__main__":
    main()
