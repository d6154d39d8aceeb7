"""D12: a data set of a million samples beside one of a hundred thousand, each step in a new process.

    python bench/bench_scale.py [--count 1000000] [--least 100000] [--rounds 5] [--keep FOLDER]

Every step tells its seconds and the peak memory of its process: filling (staging and the first
commit), opening, a page deep in the listing, a question cold, kept and warm, facets, histograms, status,
one change committed, 1,000 changes compared. `ratio` and `cpu_ratio` are to the same step of the smaller set.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bench_query
import figures
import sets

from visloop import app, data
from visloop.faces import sdk

CHANGED: Final = 1000
PAGE: Final = 50
FACETS: Final = "folder,split,label,exif.iso"
HISTOGRAMS: Final = "exif.iso,annotations.objects,annotations.width,annotations.x1"
BARS: Final = {
    "open": "≤ 0.3 s",
    "page of the listing": "≤ 0.05 s",
    "query, warm": "≤ 2 × that of 100k",
    "commit of one change": "≤ 2 × that of 100k",
    "diff, 1,000 changed": "≤ 0.1 s; ≤ 2 × that of 100k",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--least", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3, help="processes of each step")
    parser.add_argument("--keep", type=Path, help="make the sets there, or take those that are")
    parser.add_argument("--child", nargs=4, metavar=("STEP", "WORKSPACE", "COUNT", "ROUNDS"))
    given = parser.parse_args()
    if given.child:
        step, root, count, rounds = given.child
        told = STEPS[step](Path(root), int(count), int(rounds))
        rss_mb = figures.peak_mb()
        print(json.dumps({"s": told, "rss_mb": rss_mb}))
        return
    with tempfile.TemporaryDirectory() as folder, figures.byte_code():
        place = given.keep or Path(folder)
        small = run(place / str(given.least), given.least, given)
        large = run(place / str(given.count), given.count, given)
    for work, row in large.items():
        row.limit, row.limit_cpu = small[work].ours, small[work].cpu  # what it is compared with
    figures.publish([*small.values(), *large.values()])


def run(root: Path, n: int, given: argparse.Namespace) -> dict[str, figures.Row]:
    """Every step, the costly ones once, the others in several processes each."""
    rows: dict[str, figures.Row] = {}

    def spent(step: str, *names: str) -> None:
        told = figures.alone(__file__, "--child", step, str(root), str(n), str(given.rounds))
        for name in names:
            row = rows.setdefault(name, figures.Row("D12", name, n, bar=BARS.get(name, "")))
            row.ours += [seconds for seconds, _ in told["s"][name]]
            row.cpu += [cpu for _, cpu in told["s"][name]]
            row.rss_mb = max(row.rss_mb, told["rss_mb"])

    if not root.exists():
        spent("fill", "stage all", "commit all")
        spent("change", "stage 1,000 changes")
    if not (root / ".visloop" / "cache" / "columns").exists():
        spent("ask", "query, the first ever", "query, warm")
    for _ in range(given.turns):
        spent("open", "open", "page of the listing")
        spent("ask", "query, columns kept", "query, warm")
        spent("facets", "facets, warm")
        spent("histograms", "histograms, warm")
        spent("one", "commit of one change", "query after it")
        spent("diff", "diff, 1,000 changed")
        spent("status", "status")
        row = rows.setdefault("open as a command", figures.Row("D12", "open as a command", n))
        line = [sys.executable, "-m", "visloop", "samples", "many@v2", "--limit", "50", "--json"]
        seconds, rss_mb = figures.command(line, root)
        row.ours.append(seconds)
        row.rss_mb = max(row.rss_mb, rss_mb)
    return rows


def fill(root: Path, n: int, _rounds: int) -> dict[str, list[sets.Spent]]:
    columns = sets.drawn(n)
    staging, commit = sets.fill(root, n, columns)
    return {"stage all": [staging], "commit all": [commit]}


def change(root: Path, n: int, _rounds: int) -> dict[str, list[sets.Spent]]:
    """Version 2: the first box moved in samples that lie evenly over the set."""
    with app.opened(root) as ports:
        samples = sets.moved(ports, range(0, n, n // CHANGED), 7.0)
        staging = figures.spent(lambda: sets.staged(ports, samples))
        data.commit(ports.data, app.scope_for(None, ports), sets.DATASET, "moved")
    return {"stage 1,000 changes": [staging]}


def opened(root: Path, n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    """The workspace, the newest version and its first page; then pages anywhere in it."""
    opening = [figures.spent(lambda: _first_page(root)) for _ in range(rounds)]
    with sdk.local(root) as here:
        pages = [
            figures.spent(lambda at=at: here.call(app.samples, _page(at)))
            for at in range(n // 20, n, n // 10)
        ]
    return {"open": opening, "page of the listing": pages}


def _first_page(root: Path) -> None:
    with sdk.local(root) as here:
        assert here.call(app.samples, _page(0)).count == PAGE


def _page(at: int) -> app.Samples:
    return app.Samples(f"{sets.DATASET}@main", offset=at, limit=PAGE)


def ask(root: Path, _n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    question = app.Query(text=bench_query.ASKED)
    with sdk.local(root) as here:
        first = figures.spent(lambda: here.call(app.query, question))
        warm = [figures.spent(lambda: here.call(app.query, question)) for _ in range(rounds)]
    return {"query, the first ever": [first], "query, columns kept": [first], "query, warm": warm}


def asked_warm(root: Path, rounds: int, question: app.Query) -> list[sets.Spent]:
    with sdk.local(root) as here:
        here.call(app.query, question)
        return [figures.spent(lambda: here.call(app.query, question)) for _ in range(rounds)]


def facets(root: Path, _n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    return {"facets, warm": asked_warm(root, rounds, app.Query(text="", facets=FACETS))}


def histograms(root: Path, _n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    """Of a fifth of the samples, held against all of them."""
    question = app.Query(text="split = test", histograms=HISTOGRAMS)
    return {"histograms, warm": asked_warm(root, rounds, question)}


def one(root: Path, n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    """Staging and committing one moved box; then what a question costs that was warm before."""
    spent: dict[str, list[sets.Spent]] = {"commit of one change": [], "query after it": []}
    question = app.Query(text=bench_query.ASKED)
    with app.opened(root) as ports, sdk.local(root) as here:
        scope = app.scope_for(None, ports)
        here.call(app.query, question)

        def commit(samples: list[data.Sample]) -> None:
            sets.staged(ports, samples)
            data.commit(ports.data, scope, sets.DATASET, "one")

        for turn in range(rounds + 1):
            samples = sets.moved(ports, [n // 3 + turn], 1.0)
            spent["commit of one change"].append(figures.spent(lambda it=samples: commit(it)))
            spent["query after it"].append(figures.spent(lambda: here.call(app.query, question)))
    return {name: seconds[1:] for name, seconds in spent.items()}  # the first finds nothing ready


def diff(root: Path, _n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    between = app.Diff(a=f"{sets.DATASET}@v1", b=f"{sets.DATASET}@v2")
    with sdk.local(root) as here:
        assert here.call(app.diff, between).objects["moved"] == CHANGED
        return {
            "diff, 1,000 changed": [
                figures.spent(lambda: here.call(app.diff, between)) for _ in range(rounds)
            ]
        }


def status(root: Path, _n: int, rounds: int) -> dict[str, list[sets.Spent]]:
    with sdk.local(root) as here:
        asked = app.Status()
        return {
            "status": [figures.spent(lambda: here.call(app.status, asked)) for _ in range(rounds)]
        }


STEPS: Final[dict[str, Callable[[Path, int, int], dict[str, Any]]]] = {
    "fill": fill,
    "change": change,
    "open": opened,
    "ask": ask,
    "facets": facets,
    "histograms": histograms,
    "one": one,
    "diff": diff,
    "status": status,
}

if __name__ == "__main__":
    main()
