"""D7: a box of class X, width ≥ 50, and ISO > 800, over 100,000 pictures with 500,000 boxes.

    python bench/bench_query.py [--count 20000 100000] [--rounds 20]

The limit is the same question over numpy columns that are in memory already and know nothing of
pictures. Ours is asked in process: cold once (columns are made), as another process finds them
kept, and warm, the first page of rows included; then after a commit of one changed picture; then as
a command, whose limit is the bare imports that it needs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import figures
import msgspec
import numpy as np
import sets

from visloop import app, data
from visloop.faces import sdk
from visloop.ids import Ref

ASKED = "box(label = c07 and width >= 50) and exif.iso > 800"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, nargs="+", default=figures.SIZES)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--child", nargs=3, metavar=("STEP", "WORKSPACE", "ROUNDS"))
    given = parser.parse_args()
    if given.child:
        step, root, rounds = given.child
        print(json.dumps(STEPS[step](Path(root), int(rounds))))
        return
    for n in given.count:
        with tempfile.TemporaryDirectory() as folder, figures.byte_code():
            figures.publish(run(Path(folder), n, given.rounds))


def run(root: Path, n: int, rounds: int) -> list[figures.Row]:
    columns = sets.drawn(n)
    sets.fill(root, n, columns)
    warm = figures.Row("D7", "query, warm in process", n, bar="≤ 15 ms")
    older = figures.Row("D7", "query of the first version, warm in process", n, bar="≤ 15 ms")
    kept = figures.Row("D7", "the first query of a process, columns kept", n)
    cold = figures.Row("D7", "the first query ever, columns made", n)
    after = figures.Row("D7", "the first query after a commit of one picture", n)
    shell = figures.Row("D7", "as a command", n, bar="ratio ≤ 1.5 of bare imports")
    told = figures.alone(__file__, "--child", "ask", str(root), "1")
    figures.add_cpu(cold, [told["first_s"]])
    cold.rss_mb = told["rss_mb"]
    for _ in range(3):
        told = figures.alone(__file__, "--child", "ask", str(root), str(rounds))
        for row, turns in ((kept, "first_s"), (after, "after_s")):
            figures.add_cpu(row, [told[turns]])
        for row, turns in ((warm, "warm_s"), (older, "older_s")):
            figures.add_cpu(row, told[turns])
        warm.rss_mb = max(warm.rss_mb, told["rss_mb"])
        warm.limit += [figures.timed(lambda: bare(columns)) for _ in range(rounds)]
        line = [sys.executable, "-m", "visloop", "query", ASKED, "--json"]
        seconds, rss_mb = figures.command(line, root)
        shell.ours.append(seconds)
        shell.rss_mb = max(shell.rss_mb, rss_mb)
        imports = "import numpy, click, msgspec, sqlalchemy, blake3, zstandard, sqlite3"
        shell.limit.append(figures.command([sys.executable, "-c", imports], root)[0])
    assert told["count"] == bare(columns), (told["count"], bare(columns))
    return [warm, older, kept, cold, after, shell]


def bare(columns: dict[str, Any]) -> int:
    """The question with nothing but numpy."""
    fits = (columns["label"] == 7) & (columns["size"][:, 0] >= 50)
    found = np.zeros(len(columns["iso"]), np.bool_)
    found[columns["owner"][fits]] = True
    return int(np.count_nonzero(found & (columns["iso"] > 800)))


def ask(root: Path, rounds: int) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    question = app.Query(text=ASKED)
    of_first = app.Query(text=ASKED, at=f"{sets.DATASET}@v1")
    with sdk.local(root) as here:
        told: dict[str, Any] = {"first_s": figures.spent(lambda: here.call(app.query, question))}
        told["count"] = here.call(app.query, question).count
        told["warm_s"] = [
            figures.spent(lambda: here.call(app.query, question)) for _ in range(rounds)
        ]
        here.call(app.query, of_first)
        told["older_s"] = [
            figures.spent(lambda: here.call(app.query, of_first)) for _ in range(rounds)
        ]
    with app.opened(root) as ports:
        scope = app.scope_for(None, ports)
        first = data.open(ports.data, Ref.parse(f"{sets.DATASET}@work")).page(0, 1)[0]
        here = sdk.local(root)
        here.call(app.query, question)
        other = {**first.metadata, "exif.f_number": first.metadata["exif.f_number"] + 1}
        sets.staged(ports, [msgspec.structs.replace(first, metadata=other)])
        data.commit(ports.data, scope, sets.DATASET, "one")
        told["after_s"] = figures.spent(lambda: here.call(app.query, question))
        here.close()
    told["rss_mb"] = figures.peak_mb()
    return told


STEPS = {"ask": ask}

if __name__ == "__main__":
    main()
