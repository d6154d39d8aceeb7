"""D5: what differs between two versions, 1,000 changed samples among many, boxes compared.

    python bench/bench_compare.py [--count 20000 100000] [--rounds 10]

One box of each changed sample is moved; the samples lie evenly over the whole set, the dearest
place that they can have, or side by side. Asked in a new process (`first`), and again (`warm`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import figures
import sets

from visloop import app, data
from visloop.faces import sdk

CHANGED = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, nargs="+", default=figures.SIZES)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--child", nargs=4, metavar=("WORKSPACE", "A", "B", "ROUNDS"))
    given = parser.parse_args()
    if given.child:
        root, a, b, rounds = given.child
        print(json.dumps(child(Path(root), a, b, int(rounds))))
        return
    for n in given.count:
        with tempfile.TemporaryDirectory() as folder, figures.byte_code():
            figures.publish(run(Path(folder), n, given.rounds))


def run(root: Path, n: int, rounds: int) -> list[figures.Row]:
    sets.fill(root, n, sets.drawn(n))
    with app.opened(root) as ports:
        scope = app.scope_for(None, ports)
        for places in (range(0, n, n // CHANGED), range(n // 2, n // 2 + CHANGED)):
            sets.staged(ports, sets.moved(ports, list(places)[:CHANGED], 7.0))
            data.commit(ports.data, scope, sets.DATASET, "moved")
    rows: list[figures.Row] = []
    for a, b, where in (("v1", "v2", "evenly spread"), ("v2", "v3", "side by side")):
        warm = figures.Row("D5", f"diff, {CHANGED:,} changed, {where}", n, bar="≤ 50 ms at 100k")
        first = figures.Row("D5", f"the same, first of a process, {where}", n)
        for _ in range(3):
            told = figures.alone(__file__, "--child", str(root), a, b, str(rounds))
            figures.add_cpu(first, [told["first_s"]])
            figures.add_cpu(warm, told["warm_s"])
            warm.rss_mb = max(warm.rss_mb, told["rss_mb"])
        rows += [warm, first]
    return rows


def child(root: Path, a: str, b: str, rounds: int) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    ask = app.Diff(a=f"{sets.DATASET}@{a}", b=f"{sets.DATASET}@{b}")
    with sdk.local(root) as here:
        here.call(app.samples, app.Samples(f"{sets.DATASET}@{a}", limit=1))
        first = figures.spent(lambda: here.call(app.diff, ask))
        told = here.call(app.diff, ask)
        assert (told.samples["changed"], told.objects["moved"]) == (CHANGED, CHANGED), told
        warm = [figures.spent(lambda: here.call(app.diff, ask)) for _ in range(rounds)]
    rss_mb = figures.peak_mb()
    return {"first_s": first, "warm_s": warm, "rss_mb": rss_mb}


if __name__ == "__main__":
    main()
