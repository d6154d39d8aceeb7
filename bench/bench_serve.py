"""Serving beside other servers and beside its physical limit: rows V1 to V9 of the budgets.

    python bench/bench_serve.py [--quick] [--seconds 3] [--rounds 3] [--only V1,V4] [--page FILE]

One run, round by round: the bare loop (the same decoder, the same session, no server) as the bound, our
server with the prediction log on and off, a plain FastAPI application, BentoML and MLServer with their
adaptive batching, LitServe; each of the others in an environment of its own below `bench/.envs`. All
serve the very same ONNX file with the very same decoder and session, a JPEG in, JSON out, and are
checked to answer the same. V1, V2 and V3 (with them V5, V6, V7) belong to one run of their own.

JSON lines go to stdout and `bench/results/`, then a table for people; `--page` writes that between the
marks of a page. Some nine minutes; `--quick` takes two, and its figures are not kept.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import figures
from serving import contenders, rows, table, variants

ROWS = ("V1", "V4", "V8", "V9")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one round of 1 s, to see that it works"
    )
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(ROWS), help="V1 brings V2, V3, V5, V6, V7")
    parser.add_argument("--peers", default=",".join(contenders.PEERS), help="none: ours alone")
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    given = parser.parse_args()
    if given.quick:
        given.seconds, given.rounds = 1, 1
    named = () if given.peers == "none" else tuple(given.peers.split(","))
    facts = {**figures.machine(), "seconds": given.seconds, "rounds": given.rounds}
    told: list[dict] = []
    with tempfile.TemporaryDirectory(prefix="visloop-bench-") as folder, figures.byte_code():
        found = contenders.installed(named)
        plan = rows.Plan(Path(folder), given.seconds, given.rounds, found)
        for row in measured(plan, given.only.split(",")):
            told.append(row)
            print(json.dumps(row), flush=True) if given.quick else figures.keep(row)
    print(table.text(told, facts))
    if given.page:
        table.write(given.page, told, facts)


def measured(plan: rows.Plan, wanted: list[str]) -> Iterator[dict]:
    if "V1" in wanted:
        yield from rows.side_by_side(plan)
    if "V4" in wanted:
        yield rows.nothing_to_do(plan)
    if "V8" in wanted:
        yield rows.switch(plan)
    if "V9" in wanted and (forms := variants.forms(plan.work)):
        yield forms


if __name__ == "__main__":
    main()
