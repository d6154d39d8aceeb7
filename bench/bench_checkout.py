"""D4: all pictures of a version written out, then those that one change touched.

    python bench/bench_checkout.py [--count 20000 100000] [--rounds 3] [--no-peer] [--pictures FOLDER]

The limit writes the same bytes, which lie in one file, to the same paths, and remembers nothing of
them. DVC checks out from its cache by copying. Nobody waits for the disk at the end.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import figures
import peers
import pictures

from visloop import app
from visloop.faces import sdk

AGAIN = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, nargs="+", default=figures.SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--pictures", type=Path, help="draw them there and keep them")
    parser.add_argument("--child", nargs=3, metavar=("STEP", "WORKSPACE", "FOLDER"))
    given = parser.parse_args()
    if given.child:
        step, root, folder = given.child
        print(json.dumps(STEPS[step](Path(root), Path(folder))))
        return
    dvc = None if given.no_peer else peers.peer("dvc", peers.DVC)
    for n in given.count:
        with tempfile.TemporaryDirectory(dir=given.pictures) as folder, figures.byte_code():
            here = Path(folder)
            drawn = pictures.draw((given.pictures or here) / f"pictures{n}", n)
            figures.publish(run(here, drawn, n, given.rounds, dvc))


def run(folder: Path, drawn: Path, n: int, rounds: int, dvc: Path | None) -> list[figures.Row]:
    whole = figures.Row("D4", "checkout of all by copy", n, bar="ratio ≤ 1.5")
    again = figures.Row("D4", "again after one change", n, bar="≤ 0.15 s")
    shell = figures.Row("D4", "the same as a command", n)
    root = folder / "ours"
    figures.alone(__file__, "--child", "fill", str(root), str(drawn))
    pack, places = packed(folder / "bare.pack", drawn, n)
    for turn in range(rounds):
        bare, ours = folder / f"bare{turn}", folder / f"out{turn}"
        seconds, cpu = figures.spent(lambda at=bare: write_out(pack, places, at))
        whole.limit.append(seconds)
        whole.limit_cpu.append(cpu)
        shutil.rmtree(bare)
        told = figures.alone(__file__, "--child", "out", str(root), str(ours))
        figures.add_cpu(whole, [told["all_s"]])
        figures.add_cpu(again, told["again_s"])
        whole.rss_mb = again.rss_mb = max(whole.rss_mb, told["rss_mb"])
        line = [sys.executable, "-m", "visloop", "checkout"]
        for ref in ("many@v1", "many@v2") * 2:
            seconds, rss_mb = figures.command([*line, ref, str(ours), "--json"], root)
            shell.ours.append(seconds)
            shell.rss_mb = max(shell.rss_mb, rss_mb)
        shutil.rmtree(ours)
    if dvc is not None:
        beside(dvc, folder / "dvc", drawn, n, (whole, again, shell))
    return [whole, again, shell]


# --- ours ---------------------------------------------------------------------------------------------


def fill(root: Path, drawn: Path) -> dict[str, Any]:
    """Two versions that differ by one picture."""
    app.create(root)
    with sdk.local(root) as here:
        here.call(app.add, app.Add(paths=(str(drawn),), to="many"))
        here.call(app.commit, app.Commit(dataset="many", message="all"))
        changed = pictures.change(drawn, len(list(drawn.rglob("*.jpg"))), 1)
        here.call(app.add, app.Add(paths=(str(changed),), to="many"))
        here.call(app.commit, app.Commit(dataset="many", message="one"))
    return {}


def out(root: Path, folder: Path) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    with sdk.local(root) as here:

        def checkout(ref: str) -> None:
            here.call(app.checkout, app.Checkout(ref=ref, directory=str(folder)))

        told: dict[str, Any] = {"all_s": figures.spent(lambda: checkout("many@v1"))}
        refs = ("many@v2", "many@v1") * (AGAIN // 2)
        told["again_s"] = [figures.spent(lambda ref=ref: checkout(ref)) for ref in refs]
    told["rss_mb"] = figures.peak_mb()
    return told


STEPS = {"fill": fill, "out": out}


# --- the limit ----------------------------------------------------------------------------------------


def packed(place: Path, drawn: Path, n: int) -> tuple[Path, list[tuple[str, int, int]]]:
    """All pictures in one file, and where each lies in it."""
    places: list[tuple[str, int, int]] = []
    with place.open("wb") as pack:
        for number in range(n):
            file = pictures.place_of(drawn, number)
            raw = file.read_bytes()
            places.append((str(file.relative_to(drawn)), pack.tell(), len(raw)))
            pack.write(raw)
    return place, places


def write_out(pack: Path, places: list[tuple[str, int, int]], folder: Path) -> None:
    made: set[str] = set()
    with pack.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for path, offset, length in places:
            place = f"{folder}/{path}"
            inner = place.rpartition("/")[0]
            if inner not in made:
                os.makedirs(inner)  # noqa: PTH103 - the barest call
                made.add(inner)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            os.write(handle, mapped[offset : offset + length])
            os.close(handle)


# --- DVC ----------------------------------------------------------------------------------------------


def beside(
    dvc: Path,
    place: Path,
    drawn: Path,
    n: int,
    rows: tuple[figures.Row, figures.Row, figures.Row],
) -> None:
    """The same by DVC's own commands, once."""
    whole, again, shell = rows
    with peers.dvc_of(dvc, place, drawn) as (call, copied):

        def spent(*rows: figures.Row) -> None:
            began = figures.cpu_with_children()
            seconds, rss_mb = call("checkout", "--quiet")
            cpu = figures.cpu_with_children() - began
            for row in rows:
                row.peer, row.peers, row.peer_rss_mb = peers.DVC, [seconds], rss_mb
                row.peer_cpu = [cpu]

        call("add", "--quiet", "pictures")
        before = (place / "pictures.dvc").read_bytes()
        pictures.change(copied, n, 1000)
        call("add", "--quiet", "pictures")
        shutil.rmtree(copied)
        spent(whole)
        (place / "pictures.dvc").write_bytes(before)
        spent(again, shell)


if __name__ == "__main__":
    main()
